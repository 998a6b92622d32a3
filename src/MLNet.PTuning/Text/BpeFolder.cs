// Reads the tokenizer of a RoBERTa, GPT-2 or HerBERT folder: vocab.json and merges.txt, and tokenizer_config.json where there is one.
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Text;

internal static class BpeFolder
{
    public const string VocabularyFile = "vocab.json", MergesFile = "merges.txt", HerbertClass = "HerbertTokenizer";

    // The end of pieces that end a word, in vocabularies that are not of bytes.
    private const string WordEnd = "</w>";

    // RoBERTa's special tokens, which HerBERT has too; GPT-2 has one.
    private static readonly (string Role, string Token)[] Roles =
    [
        ("bos_token", "<s>"), ("eos_token", "</s>"), ("cls_token", "<s>"), ("sep_token", "</s>"),
        ("pad_token", "<pad>"), ("unk_token", "<unk>"), ("mask_token", "<mask>"),
    ];

    public static TextTokenizer Load(string folder, TokenizerSettings settings)
    {
        string path = Path.Combine(folder, VocabularyFile), mergesPath = Path.Combine(folder, MergesFile);
        Dictionary<string, int> vocabulary = JsonPart.Read(path).Ids;
        string Name(string role) => settings.Token(role) ?? Roles.First(r => r.Role == role).Token;
        int? IdOf(string role) => vocabulary.TryGetValue(Name(role), out int id) ? id : null;
        bool isHerbert = settings.TokenizerClass == HerbertClass;

        var specials = Roles.Where(r => IdOf(r.Role) is not null).Select(r => new AddedToken(
            Name(r.Role), IdOf(r.Role)!.Value, StripsLeft: r.Role == "mask_token" && !isHerbert));
        if (vocabulary.TryGetValue("<|endoftext|>", out int endOfText)) specials = specials.Append(new AddedToken("<|endoftext|>", endOfText));
        AddedToken[] added = settings.Complete([.. specials, .. settings.AddedTokens], vocabulary);
        if (isHerbert)
        {
            int Required(string role) => IdOf(role) ?? throw TokenizerSettings.Missing(path, Name(role), role);
            var pairs = new BytePairSettings { Unknown = Name("unk_token"), Suffix = WordEnd };
            Required("unk_token");
            return new TextTokenizer(
                added,
                new BertNormalizer(lowerCase: false, stripAccents: false, splitChinese: true),
                new BertWordSplitter(),
                ReadModel(vocabulary, mergesPath, pairs),
                BertFolder.Layout(Required("cls_token"), Required("sep_token")))
            {
                PadId = Required("pad_token"),
                MaskId = IdOf("mask_token"),
                ModelMaxLength = settings.ModelMaxLength,
            };
        }
        if (vocabulary.Keys.Count(piece => piece.EndsWith(WordEnd, StringComparison.Ordinal)) > vocabulary.Count / 10)
            throw new NotSupportedException(
                $"'{path}' holds pieces that end in '{WordEnd}', so it is no byte-level vocabulary as RoBERTa and GPT-2 have. Of those that end words so, HerBERT's is supported: if it is, write "
                + $"\"tokenizer_class\": \"{HerbertClass}\" into {TokenizerSettings.ConfigFile}; otherwise add a {TokenizerJson.FileName} that holds the same tokenizer.");

        bool isRoberta = IdOf("cls_token") is not null && IdOf("sep_token") is not null;
        bool prefixSpace = settings.Flag("add_prefix_space") ?? false;
        return new TextTokenizer(
            added,
            normalizer: null,
            new ByteLevelWordSplitter(),
            new ByteLevelModel(ReadModel(vocabulary, mergesPath, new BytePairSettings())),
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

    private static BytePairModel ReadModel(Dictionary<string, int> vocabulary, string path, BytePairSettings settings)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"'{path}' is missing; {VocabularyFile} beside it needs its merges. Download both files.", path);
        var merges = TextFile.Read(path).Split('\n').Select(line => line.TrimEnd('\r'))
            .Where(line => line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal));
        try
        {
            return new BytePairModel(vocabulary, merges.Select(Merge), settings);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"'{path}' does not fit {VocabularyFile} beside it: {e.Message} Download both files again.");
        }
    }

    private static (string Left, string Right) Merge(string line) => line.Split(' ') is [var left, var right]
        ? (left, right)
        : throw new InvalidDataException($"'{line}' is no pair of pieces.");
}
