// Reads the tokenizer of a Llama or Mistral folder without a tokenizer.json: a SentencePiece model of byte pairs in tokenizer.model.
using System.Text.RegularExpressions;

namespace MLNet.PTuning.Text;

internal static class LlamaFolder
{
    public const string ModelFile = "tokenizer.model", Class = "LlamaTokenizer";

    /// <summary>As Hugging Face's conversion to a fast tokenizer: blanks are marks, one of them before the text, and words are not split before the merges.</summary>
    /// <exception cref="NotSupportedException">The model is one of unigrams.</exception>
    public static TextTokenizer Load(string folder, TokenizerSettings settings)
    {
        string path = Path.Combine(folder, ModelFile);
        var file = new SentencePieceFile(path);
        if (!file.IsBytePairs) throw new NotSupportedException($"'{path}' is a SentencePiece model of unigrams; {Class} has one of byte pairs. Add a {TokenizerJson.FileName} that holds the same tokenizer.");
        List<(string Piece, double Score)> pieces = [.. file.All.Select(p => (p.Text, (double)p.Score))];
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int id = 0; id < pieces.Count; id++) ids.TryAdd(pieces[id].Piece, id);

        var controls = file.All.Select((p, id) => (p, id)).Where(x => x.p.Kind is SentencePieceKind.UserDefined or SentencePieceKind.Control or SentencePieceKind.Unknown)
            .Select(x => new AddedToken(x.p.Text, x.id));
        var added = settings.Complete([.. settings.AddedTokens.Concat(controls).DistinctBy(token => token.Content)], ids);
        int? IdOf(string? token) => token is null ? null : added.FirstOrDefault(t => t.Content == token)?.Id;
        // Before version 4.31 of the transformers library every text between two special tokens got a mark, and unless the config says so it still does.
        bool marksAll = settings.Flag("legacy") ?? true, marks = settings.Flag("add_prefix_space") ?? file.AddsMark;
        var marker = new MetaspaceNormalizer(MetaspaceNormalizer.Mark, FirstMark.TextStart, splitsBlanks: false);
        ITextNormalizer[] blanks = [new PrependStep(MetaspaceNormalizer.Mark.ToString()), new ReplaceStep(new Regex(" "), MetaspaceNormalizer.Mark.ToString())];
        ITextNormalizer? normalizer = !marks ? blanks[1] : marksAll ? new NormalizerSequence(blanks) : null;
        ITextNormalizer preparation = normalizer is null ? marker : TextAsItIs.Instance;
        return new TextTokenizer(added, normalizer, new WholeText(), SentencePieceFolder.BytePairs(file, pieces, ids, file.UnknownId), Layout())
        {
            Preparation = preparation,
            WordPreparation = preparation,
            PadId = IdOf(settings.Token("pad_token")) ?? file.UnknownId,
            ModelMaxLength = settings.ModelMaxLength,
            AddedTexts = file.All.Select((p, id) => (p, id)).Where(x => x.p.Kind == SentencePieceKind.UserDefined).Select(x => x.id).ToHashSet(),
        };

        SpecialLayout Layout()
        {
            int[] before = Special("add_bos_token", true, "bos_token", "<s>"), after = Special("add_eos_token", false, "eos_token", "</s>");
            LayoutPart[] Around(LayoutPart part, int type) => [.. before.Select(id => LayoutPart.Special(id, type)), part, .. after.Select(id => LayoutPart.Special(id, type))];
            return new SpecialLayout(Around(LayoutPart.First(0), 0), [.. Around(LayoutPart.First(0), 0), .. Around(LayoutPart.Second(1), 1)]);
        }

        int[] Special(string flag, bool isDefault, string role, string name) =>
            !(settings.Flag(flag) ?? isDefault) ? [] : [IdOf(settings.Token(role) ?? name) ?? throw TokenizerSettings.Missing(path, settings.Token(role) ?? name, role)];
    }
}
