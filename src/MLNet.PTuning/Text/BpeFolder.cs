// Reads the tokenizer of a RoBERTa or GPT-2 folder: vocab.json and merges.txt, and tokenizer_config.json where there is one.
namespace MLNet.PTuning.Text;

internal static class BpeFolder
{
    public const string VocabularyFile = "vocab.json", MergesFile = "merges.txt";

    // RoBERTa's special tokens; GPT-2 has one.
    private static readonly (string Role, string Token)[] Roles =
    [
        ("bos_token", "<s>"), ("eos_token", "</s>"), ("cls_token", "<s>"), ("sep_token", "</s>"),
        ("pad_token", "<pad>"), ("unk_token", "<unk>"), ("mask_token", "<mask>"),
    ];

    public static TextTokenizer Load(string folder)
    {
        string path = Path.Combine(folder, VocabularyFile);
        Dictionary<string, int> vocabulary = JsonPart.Read(path).Ids;
        TokenizerSettings settings = TokenizerSettings.Load(folder);
        int? IdOf(string role) => vocabulary.TryGetValue(settings.Token(role) ?? Roles.First(r => r.Role == role).Token, out int id) ? id : null;

        var specials = Roles.Where(r => IdOf(r.Role) is not null).Select(r => new AddedToken(
            settings.Token(r.Role) ?? r.Token, IdOf(r.Role)!.Value, StripsLeft: r.Role == "mask_token"));
        if (vocabulary.TryGetValue("<|endoftext|>", out int endOfText)) specials = specials.Append(new AddedToken("<|endoftext|>", endOfText));

        bool isRoberta = IdOf("cls_token") is not null && IdOf("sep_token") is not null;
        bool prefixSpace = settings.Flag("add_prefix_space") ?? false;
        return new TextTokenizer(
            [.. specials, .. settings.AddedTokens],
            normalizer: null,
            new ByteLevelWordSplitter(),
            new ByteLevelModel(ReadModel(vocabulary, Path.Combine(folder, MergesFile))),
            isRoberta ? Layout(IdOf("cls_token")!.Value, IdOf("sep_token")!.Value) : SpecialLayout.WithoutSpecials)
        {
            Preparation = new ByteLevelNormalizer(prefixSpace, isRoberta),
            WordPreparation = new ByteLevelNormalizer(addsBlank: true, isRoberta),
            TrimsBlanks = isRoberta,
            PadId = IdOf("pad_token") ?? endOfText,
            MaskId = IdOf("mask_token"),
            ModelMaxLength = settings.ModelMaxLength,
        };
    }

    /// <summary>&lt;s&gt; A &lt;/s&gt;, and &lt;s&gt; A &lt;/s&gt;&lt;/s&gt; B &lt;/s&gt;; RoBERTa has one token type.</summary>
    public static SpecialLayout Layout(int classification, int separator)
    {
        LayoutPart end = LayoutPart.Special(separator, 0);
        LayoutPart[] single = [LayoutPart.Special(classification, 0), LayoutPart.First(0), end];
        return new SpecialLayout(single, [.. single, end, LayoutPart.Second(0), end]);
    }

    private static BytePairModel ReadModel(Dictionary<string, int> vocabulary, string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"'{path}' is missing; {VocabularyFile} beside it needs its merges. Download both files.", path);
        var merges = File.ReadAllText(path).Split('\n').Select(line => line.TrimEnd('\r'))
            .Where(line => line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal));
        try
        {
            return new BytePairModel(vocabulary, merges.Select(Merge), new BytePairSettings());
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"'{path}' does not fit {VocabularyFile} beside it: {e.Message} Download both files again.", e);
        }
    }

    private static (string Left, string Right) Merge(string line) => line.Split(' ') is [var left, var right]
        ? (left, right)
        : throw new InvalidDataException($"'{line}' is no pair of pieces.");
}
