// Byte-pair encoding, byte level and not, over a small vocabulary.
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;
using static StandIns.Tests.Observe;

namespace StandIns.Tests;

public static class BpeTokenizerScenarios
{
    private const string Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private static readonly string[] MergeLines = ["h e", "l l", "he ll", "hell o", "Ġ w", "o r", "Ġw or", "l d", "Ġwor ld", "Ã ©"];

    private static readonly Dictionary<string, int> SpecialTokens = new() { ["<s>"] = 0, ["<pad>"] = 1, ["</s>"] = 2, ["<unk>"] = 3, ["<mask>"] = 4 };

    /// <summary>The special tokens, the 256 byte characters of GPT-2, and the products of the merges.</summary>
    private static Dictionary<string, int> Vocabulary()
    {
        var vocabulary = new Dictionary<string, int>(SpecialTokens);
        int shifted = 256;
        for (int i = 0; i < 256; i++)
        {
            bool printable = i is >= 33 and <= 126 or >= 161 and <= 172 or >= 174;
            vocabulary.Add(((char)(printable ? i : shifted++)).ToString(), vocabulary.Count);
        }
        foreach (string merge in MergeLines)
            vocabulary.Add(merge.Replace(" ", "", StringComparison.Ordinal), vocabulary.Count);
        return vocabulary;
    }

    private static BpeTokenizer Create(Action<BpeOptions>? change = null, bool withPattern = true)
    {
        var options = new BpeOptions(Vocabulary())
        {
            Merges = MergeLines,
            ByteLevel = true,
            SpecialTokens = SpecialTokens,
            UnknownToken = "<unk>",
            PreTokenizer = withPattern ? new RegexPreTokenizer(new Regex(Pattern), SpecialTokens) : null,
        };
        change?.Invoke(options);
        return BpeTokenizer.Create(options);
    }

    private static object Tokens(BpeTokenizer tokenizer, string text) => tokenizer.EncodeToTokens(text, out _).Select(t => $"{t.Value}={t.Id}@{t.Offset}").ToList();

    public static object? Properties()
    {
        BpeTokenizer tokenizer = Create();
        return new
        {
            tokenizer.ByteLevel,
            tokenizer.UnknownToken,
            tokenizer.FuseUnknownTokens,
            tokenizer.ContinuingSubwordPrefix,
            tokenizer.EndOfWordSuffix,
            tokenizer.BeginningOfSentenceToken,
            size = tokenizer.Vocabulary.Count,
            specials = tokenizer.SpecialTokens?.Count,
            normalizer = tokenizer.Normalizer is null,
        };
    }

    public static object? EncodeToIds()
    {
        BpeTokenizer tokenizer = Create();
        return new
        {
            words = tokenizer.EncodeToIds("hello world"),
            leadingSpace = tokenizer.EncodeToIds(" world"),
            twoSpaces = tokenizer.EncodeToIds("hello  world"),
            upper = tokenizer.EncodeToIds("Hello"),
            nothing = tokenizer.EncodeToIds(""),
            @null = Try(() => tokenizer.EncodeToIds((string)null!)),
            span = tokenizer.EncodeToIds("hello world".AsSpan()),
            count = tokenizer.CountTokens("hello world"),
        };
    }

    public static object? Bytes()
    {
        BpeTokenizer tokenizer = Create();
        return new { accent = Tokens(tokenizer, "é"), chinese = Tokens(tokenizer, "你"), emoji = Tokens(tokenizer, "a😀b"), tab = Tokens(tokenizer, "a\tb\n"), control = Tokens(tokenizer, "\u0001") };
    }

    public static object? TokensAndOffsets()
    {
        BpeTokenizer tokenizer = Create();
        IReadOnlyList<EncodedToken> tokens = tokenizer.EncodeToTokens("hello world é hello", out string? normalized);
        return new { tokens = tokens.Select(t => new { t.Id, t.Value, offset = t.Offset.ToString() }), normalized };
    }

    public static object? SpecialTokensInText() => new
    {
        inside = Tokens(Create(), "<s>hello<mask> world</s>"),
        attached = Tokens(Create(), "hello<pad>world"),
        withoutPattern = Tokens(Create(withPattern: false), "<s>hello<mask>"),
        notGiven = Tokens(Create(o =>
        {
            o.SpecialTokens = null;
            o.PreTokenizer = new RegexPreTokenizer(new Regex(Pattern), null);
        }), "<s>hello"),
    };

    public static object? BeginningAndEnd()
    {
        BpeTokenizer tokenizer = Create(o =>
        {
            o.BeginningOfSentenceToken = "<s>";
            o.EndOfSentenceToken = "</s>";
        });
        return new { ids = tokenizer.EncodeToIds("hello world"), tokens = Tokens(tokenizer, "hello"), nothing = tokenizer.EncodeToIds(""), count = tokenizer.CountTokens("hello") };
    }

    public static object? PreTokenizers()
    {
        BpeTokenizer none = Create(withPattern: false), robertas = Create(o => o.PreTokenizer = RobertaPreTokenizer.Instance);
        return new
        {
            none = Tokens(none, "hello world"),
            roberta = Tokens(robertas, "hello world, it's"),
            pattern = Tokens(Create(), "hello world, it's"),
            pieces = RobertaPreTokenizer.Instance.PreTokenize("hello world, it's  12").Select(p => $"{p.Offset}+{p.Length}"),
            ignored = Create().EncodeToIds("hello world", considerPreTokenization: false),
        };
    }

    public static object? Decode()
    {
        BpeTokenizer tokenizer = Create();
        IReadOnlyList<int> ids = tokenizer.EncodeToIds("hello world é<mask>你");
        return new
        {
            whole = tokenizer.Decode(ids),
            withoutSpecial = tokenizer.Decode(ids, considerSpecialTokens: false),
            halfACharacter = tokenizer.Decode(tokenizer.EncodeToIds("你").Take(2)),
            beyond = Try(() => tokenizer.Decode([100000])),
            nothing = tokenizer.Decode([]),
            @null = Try(() => tokenizer.Decode(null!)),
        };
    }

    public static object? RoundTrips()
    {
        BpeTokenizer tokenizer = Create();
        string[] texts = ["hello world", "  two  spaces ", "tab\tand\nline", "naïve 你好 😀", "<s> a </s>", "it's 12.5€"];
        return texts.Select(t => tokenizer.Decode(tokenizer.EncodeToIds(t)) == t);
    }

    public static object? Truncation()
    {
        BpeTokenizer tokenizer = Create();
        object? Encode(int maximum) => Try(() => new { ids = tokenizer.EncodeToIds("hello world é", maximum, out string? normalized, out int consumed), normalized, consumed });
        return new { one = Encode(1), two = Encode(2), three = Encode(3), four = Encode(4), zero = Encode(0), many = Encode(99) };
    }

    public static object? FromStreams()
    {
        static Stream Of(string text) => new MemoryStream(Encoding.UTF8.GetBytes(text));
        string vocabulary = JsonSerializer.Serialize(Vocabulary());
        string merges = "#version: 0.2\n" + string.Join("\n", MergeLines) + "\n";
        return new
        {
            ids = Try(() => BpeTokenizer.Create(Of(vocabulary), Of(merges)).EncodeToIds("hello world")),
            noMerges = Try(() => BpeTokenizer.Create(Of(vocabulary), null!).EncodeToIds("hello")),
            nullVocabulary = Try(() => BpeTokenizer.Create(null!, Of(merges)).Vocabulary.Count),
            badVocabulary = ErrorType(() => BpeTokenizer.Create(Of("no json"), Of(merges))),
            badMerges = Try(() => BpeTokenizer.Create(Of(vocabulary), Of("#version\nh e l\n")).Vocabulary.Count),
        };
    }

    public static object? WordLevelVocabulary()
    {
        var vocabulary = new Dictionary<string, int> { ["a"] = 0, ["b"] = 1, ["ab"] = 2, ["<unk>"] = 3, ["c"] = 4 };
        BpeTokenizer Small(bool fuse) => BpeTokenizer.Create(new BpeOptions(vocabulary) { Merges = ["a b"], UnknownToken = "<unk>", FuseUnknownTokens = fuse });
        BpeTokenizer without = BpeTokenizer.Create(new BpeOptions(vocabulary) { Merges = ["a b"] });
        return new
        {
            known = Tokens(Small(false), "abc"),
            unknown = Tokens(Small(false), "axyb"),
            fused = Tokens(Small(true), "axyb"),
            withoutUnknown = Tokens(without, "axyb"),
            words = Tokens(Small(false), "ab ab"),
        };
    }

    public static object? OptionErrors() => new
    {
        nullVocabulary = Try(() => new BpeOptions((IEnumerable<KeyValuePair<string, int>>)null!).ByteLevel),
        nullOptions = Try(() => BpeTokenizer.Create((BpeOptions)null!).ByteLevel),
        emptyVocabulary = Try(() => BpeTokenizer.Create(new BpeOptions(new Dictionary<string, int>())).ByteLevel),
        mergeOfUnknown = Try(() => BpeTokenizer.Create(new BpeOptions(new Dictionary<string, int> { ["a"] = 0 }) { Merges = ["a b"] }).ByteLevel),
        mergeWithoutProduct = Try(() => BpeTokenizer.Create(new BpeOptions(new Dictionary<string, int> { ["a"] = 0, ["b"] = 1 }) { Merges = ["a b"] }).ByteLevel),
        malformedMerge = Try(() => BpeTokenizer.Create(new BpeOptions(new Dictionary<string, int> { ["a"] = 0 }) { Merges = ["ab"] }).ByteLevel),
        unknownNotInVocabulary = Try(() => BpeTokenizer.Create(new BpeOptions(new Dictionary<string, int> { ["a"] = 0 }) { UnknownToken = "<unk>" }).ByteLevel),
        beginningNotInVocabulary = Try(() => BpeTokenizer.Create(new BpeOptions(new Dictionary<string, int> { ["a"] = 0 }) { BeginningOfSentenceToken = "<s>" }).ByteLevel),
    };

    public static object? OptionsDefaults()
    {
        var options = new BpeOptions(new Dictionary<string, int> { ["a"] = 0 });
        return new { options.ByteLevel, options.FuseUnknownTokens, options.UnknownToken, merges = options.Merges, options.ContinuingSubwordPrefix, options.EndOfWordSuffix, preTokenizer = options.PreTokenizer, normalizer = options.Normalizer };
    }
}
