// What tokenizing gives: pieces with their offsets in the caller's text, and whole model inputs.
namespace MLNet.PTuning.Text;

/// <summary>
/// One entry of the vocabulary that a part of a text became. <paramref name="Start"/> and <paramref name="End"/> are UTF-16 units in the
/// original text (in the original word, where words were given). <paramref name="Word"/> counts the pieces' words within the text, as the
/// tokenizer splits it; where words were given it is the index of the word.
/// </summary>
internal readonly record struct Piece(int Id, int Start, int End, int Word);

/// <summary>
/// A model's input with its special tokens: ids and token types, and the positions of the first and the second text's pieces among them
/// (position <c>First.Start.Value + k</c> is the first text's piece <c>k</c>; what truncation took is missing at the end).
/// </summary>
internal sealed record Encoded(int[] Ids, int[] Types, Range First, Range Second);
