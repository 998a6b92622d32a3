// BERT: word pieces over cleaned text, with [CLS] and [SEP] around one text or two.
using System.Buffers;
using System.Text.RegularExpressions;

namespace Microsoft.ML.Tokenizers;

public sealed partial class BertTokenizer : WordPieceTokenizer
{
    private readonly Dictionary<string, int> _specialsInText;

    internal BertTokenizer(Dictionary<string, int> vocabulary, BertOptions options)
        : base(vocabulary, Complete(options, vocabulary))
    {
        LowerCaseBeforeTokenization = options.LowerCaseBeforeTokenization;
        ApplyBasicTokenization = options.ApplyBasicTokenization;
        SplitOnSpecialTokens = options.SplitOnSpecialTokens;
        IndividuallyTokenizeCjk = options.IndividuallyTokenizeCjk;
        RemoveNonSpacingMarks = options.RemoveNonSpacingMarks;
        (ClassificationToken, ClassificationTokenId) = (options.ClassificationToken, IdOf(options.ClassificationToken));
        (SeparatorToken, SeparatorTokenId) = (options.SeparatorToken, IdOf(options.SeparatorToken));
        (PaddingToken, PaddingTokenId) = (options.PaddingToken, IdOf(options.PaddingToken));
        (MaskingToken, MaskingTokenId) = (options.MaskingToken, IdOf(options.MaskingToken));
        _specialsInText = SplitOnSpecialTokens ? SpecialsInText(SpecialTokens!, LowerCaseBeforeTokenization && ApplyBasicTokenization) : [];
    }

    public static BertTokenizer Create(string vocabFilePath, BertOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(vocabFilePath);
        using FileStream vocabulary = File.OpenRead(vocabFilePath);
        return Create(vocabulary, options);
    }

    public static BertTokenizer Create(Stream vocabStream, BertOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(vocabStream);
        return new BertTokenizer(ReadVocabulary(vocabStream), options ?? new BertOptions());
    }

    public bool LowerCaseBeforeTokenization { get; }

    public bool ApplyBasicTokenization { get; }

    public bool SplitOnSpecialTokens { get; }

    public bool IndividuallyTokenizeCjk { get; }

    public bool RemoveNonSpacingMarks { get; }

    public string ClassificationToken { get; }

    public int ClassificationTokenId { get; }

    public string SeparatorToken { get; }

    public int SeparatorTokenId { get; }

    public string PaddingToken { get; }

    public int PaddingTokenId { get; }

    public string MaskingToken { get; }

    public int MaskingTokenId { get; }

    public new IReadOnlyList<int> EncodeToIds(string text, bool considerPreTokenization = true, bool considerNormalization = true) =>
        EncodeToIds(text, addSpecialTokens: true, considerPreTokenization, considerNormalization);

    public new IReadOnlyList<int> EncodeToIds(ReadOnlySpan<char> text, bool considerPreTokenization = true, bool considerNormalization = true) =>
        EncodeToIds(text, addSpecialTokens: true, considerPreTokenization, considerNormalization);

    public IReadOnlyList<int> EncodeToIds(string text, bool addSpecialTokens, bool considerPreTokenization = true, bool considerNormalization = true) =>
        WithSpecials(base.EncodeToIds(text, considerPreTokenization, considerNormalization), addSpecialTokens);

    public IReadOnlyList<int> EncodeToIds(
        ReadOnlySpan<char> text, bool addSpecialTokens, bool considerPreTokenization = true, bool considerNormalization = true) =>
        WithSpecials(base.EncodeToIds(text, considerPreTokenization, considerNormalization), addSpecialTokens);

    public new IReadOnlyList<int> EncodeToIds(
        string text, int maxTokenCount, out string? normalizedText, out int charsConsumed,
        bool considerPreTokenization = true, bool considerNormalization = true) =>
        EncodeToIds(text, maxTokenCount, addSpecialTokens: true, out normalizedText, out charsConsumed, considerPreTokenization, considerNormalization);

    public IReadOnlyList<int> EncodeToIds(
        string text, int maxTokenCount, bool addSpecialTokens, out string? normalizedText, out int charsConsumed,
        bool considerPreTokenization = true, bool considerNormalization = true)
    {
        (normalizedText, charsConsumed) = (null, 0);
        if (addSpecialTokens && maxTokenCount < 2) return [];
        int room = addSpecialTokens ? maxTokenCount - 2 : maxTokenCount;
        IReadOnlyList<int> ids = base.EncodeToIds(text, room, out normalizedText, out charsConsumed, considerPreTokenization, considerNormalization);
        return WithSpecials(ids, addSpecialTokens);
    }

    public IReadOnlyList<int> BuildInputsWithSpecialTokens(IEnumerable<int> tokenIds, IEnumerable<int>? additionalTokenIds = null)
    {
        ArgumentNullException.ThrowIfNull(tokenIds);
        int[] first = [ClassificationTokenId, .. tokenIds, SeparatorTokenId];
        return additionalTokenIds is null ? first : [.. first, .. additionalTokenIds, SeparatorTokenId];
    }

    public OperationStatus BuildInputsWithSpecialTokens(
        IEnumerable<int> tokenIds, Span<int> destination, out int valuesWritten, IEnumerable<int>? additionalTokenIds = null) =>
        Write(BuildInputsWithSpecialTokens(tokenIds, additionalTokenIds), destination, out valuesWritten);

    public IReadOnlyList<int> CreateTokenTypeIdsFromSequences(IEnumerable<int> tokenIds, IEnumerable<int>? additionalTokenIds = null)
    {
        ArgumentNullException.ThrowIfNull(tokenIds);
        int[] types = new int[tokenIds.Count() + 2];
        return additionalTokenIds is null ? types : [.. types, .. Enumerable.Repeat(1, additionalTokenIds.Count() + 1)];
    }

    public OperationStatus CreateTokenTypeIdsFromSequences(
        IEnumerable<int> tokenIds, Span<int> destination, out int valuesWritten, IEnumerable<int>? additionalTokenIds = null) =>
        Write(CreateTokenTypeIdsFromSequences(tokenIds, additionalTokenIds), destination, out valuesWritten);

    public IReadOnlyList<int> GetSpecialTokensMask(
        IEnumerable<int> tokenIds, IEnumerable<int>? additionalTokenIds = null, bool alreadyHasSpecialTokens = false)
    {
        ArgumentNullException.ThrowIfNull(tokenIds);
        if (alreadyHasSpecialTokens) return [.. tokenIds.Concat(additionalTokenIds ?? []).Select(id => SpecialTokens!.Values.Contains(id) ? 1 : 0)];
        int[] first = [1, .. tokenIds.Select(_ => 0), 1];
        return additionalTokenIds is null ? first : [.. first, .. additionalTokenIds.Select(_ => 0), 1];
    }

    public OperationStatus GetSpecialTokensMask(
        IEnumerable<int> tokenIds, Span<int> destination, out int valuesWritten, IEnumerable<int>? additionalTokenIds = null,
        bool alreadyHasSpecialTokens = false) =>
        Write(GetSpecialTokensMask(tokenIds, additionalTokenIds, alreadyHasSpecialTokens), destination, out valuesWritten);

    private protected override int? SpecialId(ReadOnlySpan<char> word) =>
        _specialsInText.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(word, out int id) ? id : null;

    private IReadOnlyList<int> WithSpecials(IReadOnlyList<int> ids, bool addSpecialTokens) =>
        addSpecialTokens ? BuildInputsWithSpecialTokens(ids) : ids;

    private static OperationStatus Write(IReadOnlyList<int> values, Span<int> destination, out int valuesWritten)
    {
        valuesWritten = 0;
        if (values.Count > destination.Length) return OperationStatus.DestinationTooSmall;
        foreach (int value in values) destination[valuesWritten++] = value;
        return OperationStatus.Done;
    }

    // Normalizer, splitter and special tokens follow from BERT's own options, unless the caller gave some.
    private static WordPieceOptions Complete(BertOptions options, Dictionary<string, int> vocabulary)
    {
        var specials = new Dictionary<string, int>(options.SpecialTokens ?? new Dictionary<string, int>());
        string[] names = [options.PaddingToken, options.UnknownToken, options.ClassificationToken, options.SeparatorToken, options.MaskingToken];
        foreach (string name in names)
            if (vocabulary.TryGetValue(name, out int id)) specials[name] = id;
        Dictionary<string, int>? inText = options.SplitOnSpecialTokens
            ? SpecialsInText(specials, options.LowerCaseBeforeTokenization && options.ApplyBasicTokenization)
            : null;
        return new WordPieceOptions
        {
            UnknownToken = options.UnknownToken,
            ContinuingSubwordPrefix = options.ContinuingSubwordPrefix,
            MaxInputCharsPerWord = options.MaxInputCharsPerWord,
            SpecialTokens = specials,
            Normalizer = options.Normalizer ?? (options.ApplyBasicTokenization
                ? new BertNormalizer(options.LowerCaseBeforeTokenization, options.IndividuallyTokenizeCjk, options.RemoveNonSpacingMarks)
                : null),
            PreTokenizer = options.PreTokenizer
                ?? (options.ApplyBasicTokenization ? new RegexPreTokenizer(WordsAndMarks(), inText) : PreTokenizer.CreateWhiteSpace(inText)),
        };
    }

    // Special tokens are looked for after lower-casing.
    private static Dictionary<string, int> SpecialsInText(IReadOnlyDictionary<string, int> specials, bool lowerCase) =>
        specials.GroupBy(t => lowerCase ? t.Key.ToLowerInvariant() : t.Key).ToDictionary(g => g.Key, g => g.First().Value);

    [GeneratedRegex(@"[\p{P}$+<=>^`|~]|[^\s\p{C}\p{P}$+<=>^`|~]+")]
    private static partial Regex WordsAndMarks();
}
