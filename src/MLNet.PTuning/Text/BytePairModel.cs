// Byte-pair encoding: joins a word's characters by ranked merges, through Microsoft.ML.Tokenizers.
using Microsoft.ML.Tokenizers;

namespace MLNet.PTuning.Text;

internal sealed class BytePairModel : IPieceModel
{
    private readonly Dictionary<string, int> _ids;
    private readonly BpeTokenizer _tokenizer;

    /// <param name="vocabulary">Piece to id; not empty.</param>
    /// <param name="merges">"left right" a merge, the first to join first.</param>
    /// <exception cref="InvalidDataException">A merge is no pair, or of pieces that the vocabulary lacks.</exception>
    public BytePairModel(Dictionary<string, int> vocabulary, IReadOnlyList<string> merges)
    {
        _ids = vocabulary;
        VocabularySize = vocabulary.Values.Max() + 1;
        try
        {
            _tokenizer = BpeTokenizer.Create(new BpeOptions(vocabulary) { Merges = merges });
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException(e.Message, e);
        }
    }

    public int VocabularySize { get; }

    public int? IdOf(string piece) => _ids.TryGetValue(piece, out int id) ? id : null;

    public void Encode(ReadOnlySpan<char> word, List<(int Id, int Start, int End)> pieces)
    {
        foreach (EncodedToken token in _tokenizer.EncodeToTokens(word, out _, considerPreTokenization: false, considerNormalization: false))
            pieces.Add((token.Id, token.Offset.Start.Value, token.Offset.End.Value));
    }
}
