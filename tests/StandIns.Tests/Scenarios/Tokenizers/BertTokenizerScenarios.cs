// BERT's word pieces over a small vocabulary.
using System.Buffers;
using System.Text;
using Microsoft.ML.Tokenizers;
using static StandIns.Tests.Observe;

namespace StandIns.Tests;

public static class BertTokenizerScenarios
{
    private static readonly string[] Vocabulary =
    [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "world", "un", "##aff", "##able", ",", "!", "naive", "你", "好", "the", "##s", "Hello", "naïve", "'", "don", "t", "1", "##2", "##3", "-", "a", "##a",
    ];

    private static Stream VocabularyStream(IEnumerable<string>? words = null, string lineEnd = "\n") =>
        new MemoryStream(Encoding.UTF8.GetBytes(string.Concat((words ?? Vocabulary).Select(w => w + lineEnd))));

    private static BertTokenizer Create(BertOptions? options = null) => BertTokenizer.Create(VocabularyStream(), options);

    private static string[] Words(BertTokenizer tokenizer, string text) =>
        tokenizer.EncodeToTokens(text, out _).Select(t => t.Value).ToArray();

    public static object? SpecialTokens()
    {
        BertTokenizer tokenizer = Create();
        return new
        {
            classification = new { tokenizer.ClassificationToken, tokenizer.ClassificationTokenId },
            separator = new { tokenizer.SeparatorToken, tokenizer.SeparatorTokenId },
            padding = new { tokenizer.PaddingToken, tokenizer.PaddingTokenId },
            masking = new { tokenizer.MaskingToken, tokenizer.MaskingTokenId },
            unknown = new { tokenizer.UnknownToken, tokenizer.UnknownTokenId },
            tokenizer.LowerCaseBeforeTokenization,
            tokenizer.ApplyBasicTokenization,
            tokenizer.SplitOnSpecialTokens,
            tokenizer.IndividuallyTokenizeCjk,
            tokenizer.RemoveNonSpacingMarks,
            tokenizer.ContinuingSubwordPrefix,
            tokenizer.MaxInputCharsPerWord,
            specials = tokenizer.SpecialTokens?.OrderBy(t => t.Value).Select(t => $"{t.Key}={t.Value}"),
        };
    }

    public static object? OptionsDefaults()
    {
        var options = new BertOptions();
        return new
        {
            options.LowerCaseBeforeTokenization,
            options.ApplyBasicTokenization,
            options.SplitOnSpecialTokens,
            options.IndividuallyTokenizeCjk,
            options.RemoveNonSpacingMarks,
            options.UnknownToken,
            options.SeparatorToken,
            options.PaddingToken,
            options.ClassificationToken,
            options.MaskingToken,
            options.ContinuingSubwordPrefix,
            options.MaxInputCharsPerWord,
            specials = options.SpecialTokens,
        };
    }

    public static object? EncodeToIds()
    {
        BertTokenizer tokenizer = Create();
        return new
        {
            byDefault = tokenizer.EncodeToIds("Hello world"),
            withoutSpecial = tokenizer.EncodeToIds("Hello world", addSpecialTokens: false),
            withSpecial = tokenizer.EncodeToIds("Hello world", addSpecialTokens: true),
            span = tokenizer.EncodeToIds("Hello world".AsSpan(), addSpecialTokens: false),
            nothing = tokenizer.EncodeToIds(""),
            nothingWithoutSpecial = tokenizer.EncodeToIds("", addSpecialTokens: false),
            spaces = tokenizer.EncodeToIds("  \t\n ", addSpecialTokens: false),
            @null = Try(() => tokenizer.EncodeToIds((string)null!)),
            throughBase = ((Tokenizer)tokenizer).EncodeToIds("Hello world"),
        };
    }

    public static object? WordPieces()
    {
        BertTokenizer tokenizer = Create();
        string[] texts = ["unaffable", "unaffables", "un affable", "unknown", "the,the!", "don't", "123", "12-3", "hello\u00A0world", "hello\u200Bworld", "aaaa", "hello　world"];
        return texts.Select(t => new { text = t, tokens = Words(tokenizer, t) });
    }

    public static object? CaseAndAccents()
    {
        string[] texts = ["Hello", "HELLO", "naïve", "Naïve", "nai\u0308ve"];
        object Encode(BertOptions options)
        {
            BertTokenizer tokenizer = Create(options);
            return texts.Select(t => string.Join(" ", Words(tokenizer, t))).ToArray();
        }
        return new
        {
            uncased = Encode(new BertOptions()),
            uncasedWithoutMarks = Encode(new BertOptions { RemoveNonSpacingMarks = true }),
            cased = Encode(new BertOptions { LowerCaseBeforeTokenization = false }),
            casedWithoutMarks = Encode(new BertOptions { LowerCaseBeforeTokenization = false, RemoveNonSpacingMarks = true }),
        };
    }

    public static object? Cjk() => new
    {
        split = Words(Create(), "你好world"),
        together = Words(Create(new BertOptions { IndividuallyTokenizeCjk = false }), "你好 world"),
    };

    public static object? SpecialTokensInText() => new
    {
        split = Create().EncodeToIds("[MASK] hello[SEP]world", addSpecialTokens: false),
        lowerCase = Create().EncodeToIds("[mask] hello", addSpecialTokens: false),
        notSplit = Create(new BertOptions { SplitOnSpecialTokens = false }).EncodeToIds("[MASK] hello", addSpecialTokens: false),
    };

    public static object? WithoutBasicTokenization()
    {
        BertTokenizer tokenizer = Create(new BertOptions { ApplyBasicTokenization = false });
        return new { words = Words(tokenizer, "hello world"), punctuation = Words(tokenizer, "hello,world"), upper = Words(tokenizer, "Hello") };
    }

    public static object? LongWords() => new
    {
        below = Create().EncodeToIds(new string('a', 99), addSpecialTokens: false).Count,
        at = Create().EncodeToIds(new string('a', 100), addSpecialTokens: false).Count,
        above = Create().EncodeToIds(new string('a', 101), addSpecialTokens: false),
        ownLimit = Create(new BertOptions { MaxInputCharsPerWord = 3 }).EncodeToIds("aaa aaaa", addSpecialTokens: false),
    };

    public static object? TokensAndOffsets()
    {
        BertTokenizer tokenizer = Create();
        IReadOnlyList<EncodedToken> tokens = tokenizer.EncodeToTokens("Hello, unaffable  zzz!", out string? normalized);
        IReadOnlyList<EncodedToken> accented = tokenizer.EncodeToTokens("nai\u0308ve 你好", out string? normalizedAccents);
        IReadOnlyList<EncodedToken> plain = Create(new BertOptions { LowerCaseBeforeTokenization = false }).EncodeToTokens("hello world", out string? notNormalized);
        return new
        {
            tokens = tokens.Select(t => new { t.Id, t.Value, offset = t.Offset.ToString() }),
            normalized,
            accented = accented.Select(t => $"{t.Value}@{t.Offset}"),
            normalizedAccents,
            plain = plain.Select(t => $"{t.Value}@{t.Offset}"),
            notNormalized,
            withoutPreTokenization = Try(() => tokenizer.EncodeToTokens("hello world", out _, considerPreTokenization: false).Select(t => $"{t.Value}@{t.Offset}").ToList()),
            withoutNormalization = Try(() => tokenizer.EncodeToTokens("Hello WORLD", out _, considerNormalization: false).Select(t => $"{t.Value}@{t.Offset}").ToList()),
        };
    }

    public static object? Truncation()
    {
        BertTokenizer tokenizer = Create();
        object? Encode(int maximum) => Try(() => new { ids = tokenizer.EncodeToIds("hello world, hello the", maximum, out string? normalized, out int consumed), normalized, consumed });
        object? WithoutSpecial(int maximum) => Try(() => new { ids = tokenizer.EncodeToIds("hello unaffable the", maximum, addSpecialTokens: false, out string? normalized, out int consumed), normalized, consumed });
        return new
        {
            four = Encode(4),
            three = Encode(3),
            two = Encode(2),
            one = Encode(1),
            zero = Encode(0),
            negative = Encode(-1),
            many = Encode(100),
            withoutSpecial = new { one = WithoutSpecial(1), two = WithoutSpecial(2), three = WithoutSpecial(3), four = WithoutSpecial(4), zero = WithoutSpecial(0) },
        };
    }

    public static object? IndexByTokenCount()
    {
        BertTokenizer tokenizer = Create();
        int fromStart = tokenizer.GetIndexByTokenCount("hello unaffable the", 3, out string? normalized, out int count);
        int fromEnd = tokenizer.GetIndexByTokenCountFromEnd("hello unaffable the", 3, out string? _, out int countFromEnd);
        return new { fromStart, normalized, count, fromEnd, countFromEnd };
    }

    public static object? Pairs()
    {
        BertTokenizer tokenizer = Create();
        IReadOnlyList<int> first = tokenizer.EncodeToIds("hello the", addSpecialTokens: false), second = tokenizer.EncodeToIds("world", addSpecialTokens: false);
        int[] destination = new int[8];
        OperationStatus status = tokenizer.BuildInputsWithSpecialTokens(first, destination, out int written, second);
        OperationStatus tooSmall = tokenizer.BuildInputsWithSpecialTokens(first, new int[3], out int writtenTooSmall, second);
        return new
        {
            one = tokenizer.BuildInputsWithSpecialTokens(first),
            two = tokenizer.BuildInputsWithSpecialTokens(first, second),
            typesOfOne = tokenizer.CreateTokenTypeIdsFromSequences(first),
            typesOfTwo = tokenizer.CreateTokenTypeIdsFromSequences(first, second),
            maskOfTwo = tokenizer.GetSpecialTokensMask(first, second),
            maskOfBuilt = tokenizer.GetSpecialTokensMask(tokenizer.BuildInputsWithSpecialTokens(first), alreadyHasSpecialTokens: true),
            nothing = tokenizer.BuildInputsWithSpecialTokens([]),
            @null = Try(() => tokenizer.BuildInputsWithSpecialTokens(null!)),
            status = status.ToString(),
            written,
            destination,
            tooSmall = tooSmall.ToString(),
            writtenTooSmall,
        };
    }

    public static object? CountTokens()
    {
        BertTokenizer tokenizer = Create();
        return new
        {
            words = tokenizer.CountTokens("hello unaffable"),
            nothing = tokenizer.CountTokens(""),
            idsByDefault = tokenizer.EncodeToIds("hello unaffable").Count,
        };
    }

    public static object? Decode()
    {
        BertTokenizer tokenizer = Create();
        return new
        {
            words = tokenizer.Decode(tokenizer.EncodeToIds("Hello, unaffable world!", addSpecialTokens: false)),
            withSpecial = tokenizer.Decode(tokenizer.EncodeToIds("hello world")),
            skipSpecial = tokenizer.Decode(tokenizer.EncodeToIds("hello world"), skipSpecialTokens: true),
            unknown = tokenizer.Decode(tokenizer.EncodeToIds("hello zzz", addSpecialTokens: false)),
            unknownSkipped = tokenizer.Decode(tokenizer.EncodeToIds("hello zzz", addSpecialTokens: false), skipSpecialTokens: true),
            pieceFirst = tokenizer.Decode([8, 9]),
            nothing = tokenizer.Decode([]),
            beyond = Try(() => tokenizer.Decode([5, 1000])),
            nullThrows = ErrorType(() => tokenizer.Decode(null!)) != "no exception",
        };
    }

    public static object? VocabularyFiles()
    {
        using var folder = new TempFolder();
        string path = folder.Write("vocab.txt", string.Join("\n", Vocabulary));
        return new
        {
            path = BertTokenizer.Create(path).EncodeToIds("hello world"),
            windowsLineEnds = BertTokenizer.Create(VocabularyStream(lineEnd: "\r\n")).EncodeToIds("hello world"),
            missing = folder.Try(() => BertTokenizer.Create(folder["nope.txt"]).ClassificationTokenId),
            nullPath = Try(() => BertTokenizer.Create((string)null!).ClassificationTokenId),
            nullStream = Try(() => BertTokenizer.Create((Stream)null!).ClassificationTokenId),
        };
    }

    public static object? BadVocabularies()
    {
        object? With(params string[] words) => Try(() => BertTokenizer.Create(VocabularyStream(words)).EncodeToIds("hello zzz"));
        return new
        {
            withoutUnknown = With(Vocabulary.Where(w => w != "[UNK]").ToArray()),
            withoutClassification = With(Vocabulary.Where(w => w != "[CLS]").ToArray()),
            withoutMask = With(Vocabulary.Where(w => w != "[MASK]").ToArray()),
            nothing = With(),
            repeated = With([.. Vocabulary, "hello"]),
            emptyLine = With([.. Vocabulary[..5], "", .. Vocabulary[5..]]),
        };
    }

    public static object? OwnSpecialTokens()
    {
        string[] words = ["<pad>", "<unk>", "<cls>", "<sep>", "<mask>", "hello", "**llo", "he"];
        BertTokenizer tokenizer = BertTokenizer.Create(VocabularyStream(words), new BertOptions
        {
            PaddingToken = "<pad>", UnknownToken = "<unk>", ClassificationToken = "<cls>", SeparatorToken = "<sep>", MaskingToken = "<mask>", ContinuingSubwordPrefix = "**",
        });
        return new { ids = tokenizer.EncodeToIds("hello hello zzz <mask>"), pieces = tokenizer.EncodeToIds("he hello", addSpecialTokens: false) };
    }

    public static object? PreTokenizersAndNormalizers()
    {
        BertTokenizer tokenizer = Create();
        return new
        {
            normalizer = tokenizer.Normalizer?.GetType().Name,
            preTokenizer = tokenizer.PreTokenizer?.GetType().Name,
            casedNormalizer = Create(new BertOptions { LowerCaseBeforeTokenization = false, IndividuallyTokenizeCjk = false }).Normalizer?.GetType().Name,
            normalized = tokenizer.Normalizer?.Normalize("Hello  NAÏVE你!\u0000\u200B"),
            pieces = tokenizer.PreTokenizer?.PreTokenize("hello, world-wide").Select(p => $"{p.Offset}+{p.Length}"),
        };
    }
}
