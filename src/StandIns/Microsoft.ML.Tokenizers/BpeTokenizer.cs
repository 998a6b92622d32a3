// Byte-pair encoding over a vocabulary and its merges, of characters or (byte level) of UTF-8 bytes.
using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Microsoft.ML.Tokenizers;

public sealed partial class BpeTokenizer : Tokenizer
{
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<int, string> _pieces;
    private readonly PairMerges _merges;
    private readonly int? _unknownId, _beginningId, _endId;

    private BpeTokenizer(BpeOptions options)
    {
        _ids = new Dictionary<string, int>(options.Vocabulary, StringComparer.Ordinal);
        if (_ids.Count == 0) throw new InvalidOperationException("The vocabulary cannot be empty.");
        _pieces = _ids.ToDictionary(p => p.Value, p => p.Key);
        UnknownToken = options.UnknownToken;
        if (UnknownToken is not null)
            _unknownId = IdOrNull(UnknownToken) ?? throw new InvalidOperationException($"Unknown Token '{UnknownToken}' was not present in 'Vocabulary'.");
        _merges = new PairMerges(options.Merges ?? [], _ids, options.ContinuingSubwordPrefix);
        BeginningOfSentenceToken = options.BeginningOfSentenceToken;
        _beginningId = IdOrNull(BeginningOfSentenceToken);
        EndOfSentenceToken = options.EndOfSentenceToken;
        _endId = IdOrNull(EndOfSentenceToken);
        FuseUnknownTokens = options.FuseUnknownTokens;
        ContinuingSubwordPrefix = options.ContinuingSubwordPrefix;
        EndOfWordSuffix = options.EndOfWordSuffix;
        ByteLevel = options.ByteLevel;
        SpecialTokens = options.SpecialTokens;
        Normalizer = options.Normalizer;
        PreTokenizer = options.PreTokenizer ?? new RegexPreTokenizer(WordOrNonWord(), null);
    }

    public static BpeTokenizer Create(BpeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new BpeTokenizer(options);
    }

    public static BpeTokenizer Create(Stream vocabStream, Stream? mergesStream)
    {
        ArgumentNullException.ThrowIfNull(vocabStream);
        Dictionary<string, int> vocabulary = JsonSerializer.Deserialize<Dictionary<string, int>>(vocabStream) ?? [];
        return new BpeTokenizer(new BpeOptions(vocabulary) { Merges = mergesStream is null ? null : ReadMerges(mergesStream) });
    }

    public static BpeTokenizer Create(string vocabFile, string? mergesFile)
    {
        ArgumentNullException.ThrowIfNull(vocabFile);
        using FileStream vocabulary = File.OpenRead(vocabFile);
        using FileStream? merges = mergesFile is null ? null : File.OpenRead(mergesFile);
        return Create(vocabulary, merges);
    }

    public override Normalizer? Normalizer { get; }

    public override PreTokenizer? PreTokenizer { get; }

    public IReadOnlyDictionary<string, int> Vocabulary => _ids;

    public IReadOnlyDictionary<string, int>? SpecialTokens { get; }

    public string? UnknownToken { get; }

    public bool FuseUnknownTokens { get; }

    public string? ContinuingSubwordPrefix { get; }

    public string? EndOfWordSuffix { get; }

    public bool ByteLevel { get; }

    public string? BeginningOfSentenceToken { get; }

    internal string? EndOfSentenceToken { get; }

    public override string Decode(IEnumerable<int> ids) => Decode(ids, considerSpecialTokens: true);

    public string Decode(IEnumerable<int> ids, bool considerSpecialTokens)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var bytes = new List<byte>();
        foreach (int id in ids)
        {
            if (!_pieces.TryGetValue(id, out string? piece)) continue;
            bool isSpecial = SpecialTokens?.Values.Contains(id) == true || id == _unknownId || id == _beginningId || id == _endId;
            if (!isSpecial) bytes.AddRange(ByteLevel ? Tokenizers.ByteLevel.Decode(piece) : Encoding.UTF8.GetBytes(Unmark(piece)));
            else if (considerSpecialTokens) bytes.AddRange(Encoding.UTF8.GetBytes(piece));
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }

    public override OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten) =>
        Decode(ids, destination, considerSpecialTokens: true, out idsConsumed, out charsWritten);

    public OperationStatus Decode(
        IEnumerable<int> ids, Span<char> destination, bool considerSpecialTokens, out int idsConsumed, out int charsWritten)
    {
        (idsConsumed, charsWritten) = (0, 0);
        string text = Decode(ids, considerSpecialTokens);
        if (!text.TryCopyTo(destination)) return OperationStatus.DestinationTooSmall;
        (idsConsumed, charsWritten) = (ids.Count(), text.Length);
        return OperationStatus.Done;
    }

    protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        CheckMaximum(settings);
        var (toCut, normalized, words) = Prepare(text, textSpan, settings);
        var tokens = new List<EncodedToken>();
        if (toCut.Length > 0 && _beginningId is { } beginning) tokens.Add(new EncodedToken(beginning, BeginningOfSentenceToken!, 0..0));
        foreach (var (offset, length) in words)
        {
            Cut(toCut.AsSpan(offset, length), offset, tokens);
            if (tokens.Count >= settings.MaxTokenCount) break;
        }
        if (toCut.Length > 0 && _endId is { } end) tokens.Add(new EncodedToken(end, EndOfSentenceToken!, toCut.Length..toCut.Length));
        if (tokens.Count > settings.MaxTokenCount) tokens.RemoveRange(settings.MaxTokenCount, tokens.Count - settings.MaxTokenCount);
        int consumed = tokens.Count == 0 ? 0 : tokens[^1].Offset.End.Value;
        return new EncodeResults<EncodedToken> { Tokens = tokens, NormalizedText = normalized, CharsConsumed = consumed };
    }

    private void Cut(ReadOnlySpan<char> word, int offset, List<EncodedToken> tokens)
    {
        if (SpecialTokens is not null && SpecialTokens.TryGetValue(word.ToString(), out int special))
        {
            tokens.Add(new EncodedToken(special, _pieces[special], offset..(offset + word.Length)));
            return;
        }
        (string spelling, int[]? sources) = ByteLevel ? Tokenizers.ByteLevel.Encode(word) : (word.ToString(), null);
        List<(int Id, int Length)> symbols = Symbols(spelling);
        _merges.Apply(symbols);
        int at = 0;
        foreach (var (id, length) in symbols)
        {
            int start = sources?[at] ?? at, end = (sources?[at + length - 1] ?? at + length - 1) + 1;
            tokens.Add(new EncodedToken(id, _pieces[id], (offset + start)..(offset + end)));
            at += length;
        }
    }

    // One symbol a character; one that the vocabulary lacks is the unknown token, or, without one, missing.
    private List<(int Id, int Length)> Symbols(string spelling)
    {
        var symbols = new List<(int Id, int Length)>(spelling.Length);
        for (int i = 0, length; i < spelling.Length; i += length)
        {
            length = char.IsSurrogatePair(spelling, i) ? 2 : 1;
            string character = spelling.Substring(i, length);
            string symbol = (i > 0 ? ContinuingSubwordPrefix : "") + character + (i + length == spelling.Length ? EndOfWordSuffix : "");
            if (IdOrNull(symbol) is { } id) symbols.Add((id, length));
            else if (_unknownId is { } unknown)
            {
                if (FuseUnknownTokens && symbols.Count > 0 && symbols[^1].Id == unknown) symbols[^1] = (unknown, symbols[^1].Length + length);
                else symbols.Add((unknown, length));
            }
        }
        return symbols;
    }

    private string Unmark(string piece)
    {
        if (ContinuingSubwordPrefix is { Length: > 0 } prefix && piece.StartsWith(prefix, StringComparison.Ordinal)) piece = piece[prefix.Length..];
        return EndOfWordSuffix is { Length: > 0 } suffix ? piece.Replace(suffix, " ", StringComparison.Ordinal) : piece;
    }

    private int? IdOrNull(string? token) => token is not null && _ids.TryGetValue(token, out int id) ? id : null;

    // Lines after an optional "#version".
    private static List<string> ReadMerges(Stream stream)
    {
        var merges = new List<string>();
        using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        for (int number = 1; reader.ReadLine() is { } line; number++)
        {
            if (line.Length == 0 || line.StartsWith("#version", StringComparison.Ordinal)) continue;
            if (line.Split(' ').Length != 2) throw new InvalidOperationException($"Invalid merger file format at line: {number}");
            merges.Add(line);
        }
        return merges;
    }

    [GeneratedRegex(@"\w+|[^\w\s]+")]
    private static partial Regex WordOrNonWord();
}
