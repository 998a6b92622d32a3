// Reads the tokenizer of a BERT folder: vocab.txt, and tokenizer_config.json where there is one.
using System.Text;

namespace MLNet.PTuning.Text;

internal static class BertFolder
{
    public const string VocabularyFile = "vocab.txt";

    public static TextTokenizer Load(string folder)
    {
        string path = Path.Combine(folder, VocabularyFile);
        Dictionary<string, int> vocabulary = ReadVocabulary(path);
        TokenizerSettings settings = TokenizerSettings.Load(folder);

        string unknown = settings.Token("unk_token") ?? "[UNK]";
        var names = new Dictionary<string, string> { ["unk_token"] = unknown };
        foreach (string role in (string[])["cls", "sep", "pad", "mask"])
            names[$"{role}_token"] = settings.Token($"{role}_token") ?? $"[{role.ToUpperInvariant()}]";
        int IdOf(string role) => vocabulary.TryGetValue(names[role], out int id) ? id : throw TokenizerSettings.Missing(path, names[role], role);

        bool lowerCase = settings.Flag("do_lower_case") ?? true;
        int classification = IdOf("cls_token"), separator = IdOf("sep_token");
        IdOf("unk_token");
        IEnumerable<AddedToken> specials = names.Values.Where(vocabulary.ContainsKey).Select(name => new AddedToken(name, vocabulary[name]));
        return new TextTokenizer(
            [.. specials, .. settings.AddedTokens],
            new BertNormalizer(lowerCase, settings.Flag("strip_accents") ?? lowerCase, settings.Flag("tokenize_chinese_chars") ?? true),
            new BertWordSplitter(),
            new WordPieceModel(vocabulary, unknown),
            Layout(classification, separator))
        {
            PadId = IdOf("pad_token"),
            MaskId = vocabulary.TryGetValue(names["mask_token"], out int mask) ? mask : null,
            ModelMaxLength = settings.ModelMaxLength,
        };
    }

    /// <summary>[CLS] A [SEP], and [CLS] A [SEP] B [SEP] with type 1 from B on.</summary>
    public static SpecialLayout Layout(int classification, int separator)
    {
        LayoutPart[] single = [LayoutPart.Special(classification, 0), LayoutPart.First(0), LayoutPart.Special(separator, 0)];
        return new SpecialLayout(single, [.. single, LayoutPart.Second(1), LayoutPart.Special(separator, 1)]);
    }

    // Lines end at \n alone: some vocabularies hold other line separators (U+2028) as pieces.
    private static Dictionary<string, int> ReadVocabulary(string path)
    {
        string[] lines = File.ReadAllText(path, Encoding.UTF8).Split('\n');
        int count = lines[^1].Length == 0 ? lines.Length - 1 : lines.Length;
        var vocabulary = new Dictionary<string, int>(count, StringComparer.Ordinal);
        for (int id = 0; id < count; id++)
        {
            string piece = lines[id].EndsWith('\r') ? lines[id][..^1] : lines[id];
            if (piece.Length > 0 && !vocabulary.TryAdd(piece, id))
                throw new InvalidDataException(
                    $"'{path}' holds '{piece}' twice, in lines {vocabulary[piece] + 1} and {id + 1}; each piece has one line.");
        }
        return vocabulary.Count > 0
            ? vocabulary
            : throw new InvalidDataException($"'{path}' is empty; it must hold one piece a line. Download the file again.");
    }
}
