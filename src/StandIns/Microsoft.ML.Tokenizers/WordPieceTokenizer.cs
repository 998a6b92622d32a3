// Cuts each word into the longest pieces of a vocabulary, from left to right; a word that cannot be spelt is unknown.
using System.Buffers;
using System.Text;

namespace Microsoft.ML.Tokenizers;

public class WordPieceTokenizer : Tokenizer
{
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _idOf;
    private readonly Dictionary<int, string> _pieces;
    private readonly int _longest;
    private readonly Dictionary<int, string> _specialPieces;

    internal WordPieceTokenizer(Dictionary<string, int> vocabulary, WordPieceOptions options)
    {
        _ids = vocabulary;
        _idOf = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        _pieces = vocabulary.ToDictionary(p => p.Value, p => p.Key);
        _longest = vocabulary.Count == 0 ? 0 : vocabulary.Keys.Max(p => p.Length);
        UnknownToken = options.UnknownToken;
        UnknownTokenId = IdOf(UnknownToken);
        ContinuingSubwordPrefix = options.ContinuingSubwordPrefix;
        MaxInputCharsPerWord = options.MaxInputCharsPerWord;
        SpecialTokens = options.SpecialTokens;
        _specialPieces = (SpecialTokens ?? new Dictionary<string, int>()).GroupBy(t => t.Value).ToDictionary(g => g.Key, g => g.First().Key);
        Normalizer = options.Normalizer;
        PreTokenizer = options.PreTokenizer ?? PreTokenizer.CreateWhiteSpace(SpecialTokens);
    }

    public static WordPieceTokenizer Create(string vocabFilePath, WordPieceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(vocabFilePath);
        using FileStream vocabulary = File.OpenRead(vocabFilePath);
        return Create(vocabulary, options);
    }

    public static WordPieceTokenizer Create(Stream vocabStream, WordPieceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(vocabStream);
        return new WordPieceTokenizer(ReadVocabulary(vocabStream), options ?? new WordPieceOptions());
    }

    public override Normalizer? Normalizer { get; }

    public override PreTokenizer? PreTokenizer { get; }

    public string UnknownToken { get; }

    public int UnknownTokenId { get; }

    public string ContinuingSubwordPrefix { get; }

    public int MaxInputCharsPerWord { get; }

    public IReadOnlyDictionary<string, int>? SpecialTokens { get; }

    public override string Decode(IEnumerable<int> ids) => Decode(ids, skipSpecialTokens: false);

    public string Decode(IEnumerable<int> ids, bool skipSpecialTokens)
    {
        ArgumentNullException.ThrowIfNull(ids);
        return string.Concat(ids.SelectMany(DecodeParts(skipSpecialTokens)));
    }

    public override OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten) =>
        Decode(ids, destination, skipSpecialTokens: false, out idsConsumed, out charsWritten);

    public OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, bool skipSpecialTokens, out int idsConsumed, out int charsWritten)
    {
        ArgumentNullException.ThrowIfNull(ids);
        (idsConsumed, charsWritten) = (0, 0);
        Func<int, IEnumerable<string>> decode = DecodeParts(skipSpecialTokens);
        foreach (int id in ids)
        {
            string text = string.Concat(decode(id));
            if (!text.TryCopyTo(destination[charsWritten..])) return OperationStatus.DestinationTooSmall;
            charsWritten += text.Length;
            idsConsumed++;
        }
        return OperationStatus.Done;
    }

    /// <summary>What an id adds to the text so far: a blank where a word begins, then the piece without its mark.</summary>
    private Func<int, IEnumerable<string>> DecodeParts(bool skipSpecialTokens)
    {
        bool isFirst = true;
        return id =>
        {
            if (!_pieces.TryGetValue(id, out string? piece) || skipSpecialTokens && IsSpecial(id)) return [];
            bool continues = piece.StartsWith(ContinuingSubwordPrefix, StringComparison.Ordinal);
            bool joins = isFirst || continues || piece is "." or "," or "!" or "?";
            isFirst = false;
            return [joins ? "" : " ", continues ? piece[ContinuingSubwordPrefix.Length..] : piece];
        };
    }

    private bool IsSpecial(int id) => id == UnknownTokenId || _specialPieces.ContainsKey(id);

    protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var (toCut, normalized, words) = Prepare(text, textSpan, settings);
        var tokens = new List<EncodedToken>();
        foreach (var (offset, length) in words) Cut(toCut.AsSpan(offset, length), offset, tokens);
        return new EncodeResults<EncodedToken> { Tokens = tokens, NormalizedText = normalized, CharsConsumed = toCut.Length };
    }

    protected override EncodeResults<int> EncodeToIds(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        CheckMaximum(settings);
        var (toCut, normalized, words) = Prepare(text, textSpan, settings);
        var ids = new List<int>();
        var pieces = new List<EncodedToken>();
        int consumed = 0;
        foreach (var (offset, length) in words)
        {
            pieces.Clear();
            Cut(toCut.AsSpan(offset, length), offset, pieces);
            if (ids.Count + pieces.Count <= settings.MaxTokenCount) ids.AddRange(pieces.Select(p => p.Id));
            else break;
            // The word that fills the room does not count as consumed.
            if (ids.Count == settings.MaxTokenCount) break;
            consumed = offset + length;
        }
        return new EncodeResults<int> { Tokens = ids, NormalizedText = normalized, CharsConsumed = consumed };
    }

    protected override int GetIndexByTokenCount(
        string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings, bool fromEnd, out string? normalizedText, out int tokenCount)
    {
        CheckMaximum(settings);
        var (toCut, normalized, words) = Prepare(text, textSpan, settings);
        normalizedText = normalized;
        tokenCount = 0;
        var pieces = new List<EncodedToken>();
        foreach (var (offset, length) in fromEnd ? words.Reverse() : words)
        {
            pieces.Clear();
            Cut(toCut.AsSpan(offset, length), offset, pieces);
            if (tokenCount + pieces.Count > settings.MaxTokenCount) return fromEnd ? offset + length : offset;
            tokenCount += pieces.Count;
        }
        return fromEnd ? 0 : toCut.Length;
    }

    private void Cut(ReadOnlySpan<char> word, int offset, List<EncodedToken> tokens)
    {
        if (SpecialId(word) is { } special)
        {
            tokens.Add(new EncodedToken(special, _specialPieces[special], offset..(offset + word.Length)));
            return;
        }
        int first = tokens.Count;
        // A piece in the middle of a word is looked up with its mark before it.
        char[] marked = ArrayPool<char>.Shared.Rent(ContinuingSubwordPrefix.Length + word.Length);
        ContinuingSubwordPrefix.CopyTo(marked);
        for (int start = 0; start < word.Length && word.Length <= MaxInputCharsPerWord;)
        {
            int end = Math.Min(word.Length, start + _longest), id = -1;
            for (; end > start && !TryPiece(word[start..end], start > 0, marked, out id); end--) { }
            if (end == start) break;
            tokens.Add(new EncodedToken(id, _pieces[id], (offset + start)..(offset + end)));
            start = end;
        }
        ArrayPool<char>.Shared.Return(marked);
        bool isSpelt = tokens.Count > first && tokens[^1].Offset.End.Value == offset + word.Length;
        if (isSpelt || word.Length == 0) return;
        tokens.RemoveRange(first, tokens.Count - first);
        tokens.Add(new EncodedToken(UnknownTokenId, UnknownToken, offset..(offset + word.Length)));
    }

    private bool TryPiece(ReadOnlySpan<char> piece, bool continues, char[] marked, out int id)
    {
        if (!continues) return _idOf.TryGetValue(piece, out id);
        piece.CopyTo(marked.AsSpan(ContinuingSubwordPrefix.Length));
        return _idOf.TryGetValue(marked.AsSpan(0, ContinuingSubwordPrefix.Length + piece.Length), out id);
    }

    /// <summary>The id of a word that is a special token.</summary>
    private protected virtual int? SpecialId(ReadOnlySpan<char> word) =>
        SpecialTokens is not null && SpecialTokens.TryGetValue(word.ToString(), out int id) ? id : null;

    private protected int IdOf(string specialToken) => _ids.TryGetValue(specialToken, out int id)
        ? id
        : throw new ArgumentException($"The special token '{specialToken}' is not in the vocabulary.");

    /// <summary>One piece a line; a line's number is the id, an empty line has none.</summary>
    private protected static Dictionary<string, int> ReadVocabulary(Stream stream)
    {
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        for (int id = 0; reader.ReadLine() is { } line; id++)
            if (line.Length > 0) vocabulary.Add(line, id);
        return vocabulary;
    }
}
