// Word pieces: cuts a word into the longest pieces that the vocabulary holds, through Microsoft.ML.Tokenizers.
using System.Text;
using Microsoft.ML.Tokenizers;

namespace MLNet.PTuning.Text;

internal sealed class WordPieceModel : IPieceModel
{
    private readonly Dictionary<string, int> _ids;
    private readonly WordPieceTokenizer _tokenizer;
    private readonly int _unknownId;
    private readonly int _maxCharacters;
    private readonly string _prefix;

    /// <param name="vocabulary">Piece to id; holds <paramref name="unknown"/>.</param>
    /// <param name="unknown">What a word becomes that the vocabulary cannot spell.</param>
    /// <param name="prefix">Marks pieces that continue a word.</param>
    /// <param name="maxCharacters">Words of more code points are unknown.</param>
    /// <exception cref="InvalidDataException">Two pieces have the same id.</exception>
    public WordPieceModel(Dictionary<string, int> vocabulary, string unknown, string prefix = "##", int maxCharacters = 100)
    {
        _ids = vocabulary;
        _unknownId = vocabulary[unknown];
        _maxCharacters = maxCharacters;
        _prefix = prefix;
        VocabularySize = vocabulary.Values.Max() + 1;
        // The library counts UTF-16 units, the reference code points: the limit is checked here, and the library's own is set too high to apply.
        var options = new WordPieceOptions { UnknownToken = unknown, ContinuingSubwordPrefix = prefix, MaxInputCharsPerWord = 2 * maxCharacters };
        using Stream lines = Lines(vocabulary);
        _tokenizer = WordPieceTokenizer.Create(lines, options);
    }

    public int VocabularySize { get; }

    public int? UnknownId => _unknownId;

    public IReadOnlyDictionary<string, int> Vocabulary => _ids;

    public int? IdOf(string piece) => _ids.TryGetValue(piece, out int id) ? id : null;

    public string? PieceOf(int id) => _ids.FirstOrDefault(p => p.Value == id).Key;

    // A blank before each piece that continues no word, but for the marks that end a sentence or a part of it, as Hugging Face's decoder.
    public void Spell(string piece, bool isFirst, List<byte> text)
    {
        bool continues = !isFirst && piece.StartsWith(_prefix, StringComparison.Ordinal);
        if (!isFirst && !continues && piece is not ("." or "," or "!" or "?")) text.Add((byte)' ');
        text.AddRange(Encoding.UTF8.GetBytes(continues ? piece[_prefix.Length..] : piece));
    }

    public void Encode(ReadOnlySpan<char> word, List<(int Id, int Start, int End)> pieces)
    {
        if (word.Length > _maxCharacters && CodePoints(word) > _maxCharacters)
        {
            pieces.Add((_unknownId, 0, word.Length));
            return;
        }
        foreach (EncodedToken token in _tokenizer.EncodeToTokens(word, out _, considerPreTokenization: false, considerNormalization: false))
        {
            var (start, length) = token.Offset.GetOffsetAndLength(word.Length);
            pieces.Add((token.Id, start, start + length));
        }
    }

    private static int CodePoints(ReadOnlySpan<char> word)
    {
        int count = 0;
        foreach (Rune _ in word.EnumerateRunes()) count++;
        return count;
    }

    // The library reads a vocabulary as lines whose number is the id, and ends a line at \r too. An id without a piece is an empty line,
    // and so is a piece with \r, which no normalized text holds.
    private static MemoryStream Lines(Dictionary<string, int> vocabulary)
    {
        string?[] lines = new string?[vocabulary.Values.Max() + 1];
        foreach (var (piece, id) in vocabulary)
        {
            if (lines[id] is { } other) throw new InvalidDataException($"The pieces '{other}' and '{piece}' have the same id {id}.");
            lines[id] = piece.Contains('\r') ? "" : piece;
        }
        return new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
    }
}
