// Reads the tokenizer of a BERT folder: vocab.txt, and tokenizer_config.json where there is one.
using System.Text;
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Text;

internal static class BertFolder
{
    public const string VocabularyFile = "vocab.txt";

    private const string JapaneseClass = "BertJapaneseTokenizer", WordSetting = "word_tokenizer_type", PieceSetting = "subword_tokenizer_type";

    public static TextTokenizer Load(string folder, TokenizerSettings settings)
    {
        string path = Path.Combine(folder, VocabularyFile);
        var notices = new List<string>();
        Dictionary<string, int> vocabulary = ReadVocabulary(path, notices);
        bool isJapanese = settings.TokenizerClass == JapaneseClass || settings.Text(WordSetting) is not null;
        bool isOfCharacters = isJapanese && IsOfCharacters(folder, settings);

        string unknown = settings.Token("unk_token") ?? "[UNK]";
        var names = new Dictionary<string, string> { ["unk_token"] = unknown };
        foreach (string role in (string[])["cls", "sep", "pad", "mask"])
            names[$"{role}_token"] = settings.Token($"{role}_token") ?? $"[{role.ToUpperInvariant()}]";
        int IdOf(string role) => vocabulary.TryGetValue(names[role], out int id) ? id : throw TokenizerSettings.Missing(path, names[role], role);

        bool lowerCase = settings.Flag("do_lower_case") ?? !isJapanese;
        if (lowerCase && settings.Flag("do_lower_case") is null) notices.AddRange(CaseNotice(path, vocabulary));
        int classification = IdOf("cls_token"), separator = IdOf("sep_token");
        IdOf("unk_token");
        IEnumerable<AddedToken> specials = names.Values.Distinct().Where(vocabulary.ContainsKey).Select(name => new AddedToken(name, vocabulary[name]));
        var basic = new BertNormalizer(
            lowerCase, settings.Flag("strip_accents") ?? lowerCase, !isJapanese && (settings.Flag("tokenize_chinese_chars") ?? true));
        // Without basic tokenization a text is words between blanks: the model was trained on text that was split before.
        bool isBasic = isJapanese || (settings.Flag("do_basic_tokenize") ?? true);
        return new TextTokenizer(
            settings.Complete([.. specials, .. settings.AddedTokens], vocabulary),
            isOfCharacters ? new NormalizerSequence([basic, new UnicodeFormStep(NormalizationForm.FormKC)]) : isBasic ? basic : null,
            isBasic ? new BertWordSplitter() : new BlankSplitter(),
            isOfCharacters ? new BytePairModel(vocabulary, [], new BytePairSettings { Unknown = unknown }) : new WordPieceModel(vocabulary, unknown),
            Layout(classification, separator))
        {
            PadId = IdOf("pad_token"),
            MaskId = vocabulary.TryGetValue(names["mask_token"], out int mask) ? mask : null,
            ModelMaxLength = settings.ModelMaxLength,
            Notices = notices,
        };
    }

    /// <summary>[CLS] A [SEP], and [CLS] A [SEP] B [SEP] with type 1 from B on.</summary>
    public static SpecialLayout Layout(int classification, int separator)
    {
        LayoutPart[] single = [LayoutPart.Special(classification, 0), LayoutPart.First(0), LayoutPart.Special(separator, 0)];
        return new SpecialLayout(single, [.. single, LayoutPart.Second(1), LayoutPart.Special(separator, 1)]);
    }

    // Hugging Face's class lowers text where nothing is said; pieces in upper case tell that this may be wrong.
    private static IEnumerable<string> CaseNotice(string path, Dictionary<string, int> vocabulary)
    {
        string[] upper = [.. vocabulary.Keys.Where(piece => piece.Any(char.IsUpper) && !(piece[0] == '[' && piece[^1] == ']'))];
        if (upper.Length > vocabulary.Count / 100)
            yield return $"{path} has {upper.Length} pieces with upper-case letters, such as '{upper[0]}', but texts are lower-cased, as Hugging Face's class does where {TokenizerSettings.ConfigFile} "
                + "does not say otherwise. If the model is a cased one, write \"do_lower_case\": false into that file.";
    }

    // Whether words of Japanese text are cut into characters instead of word pieces; tokenizers that need a dictionary are refused.
    private static bool IsOfCharacters(string folder, TokenizerSettings settings)
    {
        string words = settings.Text(WordSetting) ?? "basic", pieces = settings.Text(PieceSetting) ?? "wordpiece";
        if (words != "basic")
            throw new NotSupportedException(
                $"'{folder}' says {WordSetting} '{words}': words are found with a dictionary (MeCab, Sudachi, Juman++), which is not supported; supported is 'basic'. "
                + $"Add a {TokenizerJson.FileName} that holds the same tokenizer, or take a model that splits words without a dictionary.");
        return pieces is "wordpiece" or "character" ? pieces == "character" : throw new NotSupportedException(
            $"'{folder}' says {PieceSetting} '{pieces}', which is not supported; supported are 'wordpiece' and 'character', and whatever a {TokenizerJson.FileName} holds.");
    }

    // Lines end at \n alone: some vocabularies hold other line separators (U+2028) as pieces. Of a piece that has two lines, Hugging Face's
    // classes take the last.
    private static Dictionary<string, int> ReadVocabulary(string path, List<string> notices)
    {
        string[] lines = TextFile.Read(path).Split('\n');
        int count = lines[^1].Length == 0 ? lines.Length - 1 : lines.Length;
        var vocabulary = new Dictionary<string, int>(count, StringComparer.Ordinal);
        var repeated = new List<string>();
        for (int id = 0; id < count; id++)
        {
            string piece = lines[id].EndsWith('\r') ? lines[id][..^1] : lines[id];
            if (piece.Length == 0) continue;
            if (vocabulary.TryGetValue(piece, out int first)) repeated.Add($"'{piece}' (lines {first + 1} and {id + 1})");
            vocabulary[piece] = id;
        }
        if (vocabulary.Count == 0) throw new InvalidDataException($"'{path}' is empty; it must hold one piece a line. Download the file again.");
        if (repeated.Count > 0)
            notices.Add($"{path} holds {repeated.Count} pieces twice, for example {repeated[0]}; the last line of each counts, as in Hugging Face's classes.");
        int marked = vocabulary.Keys.Count(piece => piece[0] == MetaspaceNormalizer.Mark), continued = vocabulary.Keys.Count(piece => piece.StartsWith("##", StringComparison.Ordinal));
        return marked <= continued || marked < vocabulary.Count / 20 ? vocabulary : throw new NotSupportedException(
            $"'{path}' holds {marked} pieces that begin with '{MetaspaceNormalizer.Mark}' and {continued} that begin with '##': these are a SentencePiece model's (KoBERT's, for example), "
            + $"not word pieces. Add a {TokenizerJson.FileName} that holds the same tokenizer.");
    }
}
