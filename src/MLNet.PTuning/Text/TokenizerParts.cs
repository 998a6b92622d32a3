// The replaceable parts of a tokenizer: text to normalized text, to words, to pieces.
using System.Globalization;
using System.Text;

namespace MLNet.PTuning.Text;

internal interface ITextNormalizer
{
    /// <summary>Whether it puts a blank before a text that has none.</summary>
    bool AddsBlank => false;

    /// <summary>The normalized text, each unit with its source in the original one; may be <paramref name="text"/> itself.</summary>
    AlignedText Normalize(AlignedText text);
}

internal interface IWordSplitter
{
    /// <summary>The words of a normalized text: ranges of at least one unit that do not overlap, in order.</summary>
    IEnumerable<(int Start, int End)> Split(AlignedText text);
}

internal interface IPieceModel
{
    /// <summary>One more than the highest id.</summary>
    int VocabularySize { get; }

    /// <summary>What a part of a word becomes that no piece spells; null where there is no such id.</summary>
    int? UnknownId { get; }

    /// <summary>The id of every piece.</summary>
    IReadOnlyDictionary<string, int> Vocabulary { get; }

    /// <summary>The id of a piece, or null where the vocabulary lacks it.</summary>
    int? IdOf(string piece);

    /// <summary>The piece of an id, or null where the vocabulary lacks it; for messages.</summary>
    string? PieceOf(int id);

    /// <summary>Appends the UTF-8 bytes of text that a piece stands for, a mark of SentencePiece's as a blank and a byte's piece as the byte.</summary>
    /// <param name="piece">A piece of the vocabulary.</param>
    /// <param name="isFirst">Whether no text comes before it.</param>
    /// <param name="text">Where they go.</param>
    void Spell(string piece, bool isFirst, List<byte> text)
    {
        if (piece is ['<', '0', 'x', _, _, '>'] && byte.TryParse(piece.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)) text.Add(value);
        else text.AddRange(Encoding.UTF8.GetBytes(piece.Replace(MetaspaceNormalizer.Mark, ' ')));
    }

    /// <summary>Cuts one word into pieces; <c>Start</c> and <c>End</c> are units of the word.</summary>
    void Encode(ReadOnlySpan<char> word, List<(int Id, int Start, int End)> pieces);
}
