// Reads the tokenizer of a folder that holds a SentencePiece model: XLM-RoBERTa, CamemBERT, DeBERTa-v2 and -v3, ALBERT.
using System.Text;
using System.Text.RegularExpressions;

namespace MLNet.PTuning.Text;

/// <summary>
/// How a family numbers pieces: its own ones first, then those of the model from <paramref name="Skipped"/> on, then the mask. Null names: the
/// model's pieces keep their indices as ids, and its own special tokens are used.
/// </summary>
internal sealed record PieceNumbering(string[] First, int Skipped, string? Last)
{
    public static readonly PieceNumbering AsInTheModel = new([], 0, null);

    // fairseq's order, one id after SentencePiece's.
    public static readonly PieceNumbering XlmRoberta = new(["<s>", "<pad>", "</s>", "<unk>"], 3, "<mask>");

    public static readonly PieceNumbering Camembert = new(["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED"], 1, "<mask>");
}

internal static partial class SentencePieceFolder
{
    public const string FairseqModel = "sentencepiece.bpe.model", DebertaModel = "spm.model", AlbertModel = "spiece.model", CamembertClass = "CamembertTokenizer";

    private static readonly string[] Roles = ["cls", "sep", "pad", "unk", "mask"];

    public static TextTokenizer Load(string folder, string fileName, TokenizerSettings settings)
    {
        string path = Path.Combine(folder, fileName);
        var file = new SentencePieceFile(path);
        bool isFairseq = fileName == FairseqModel;
        PieceNumbering numbering = !isFairseq ? PieceNumbering.AsInTheModel
            : (settings.TokenizerClass ?? (settings.ModelType == "camembert" ? CamembertClass : null)) == CamembertClass ? PieceNumbering.Camembert : PieceNumbering.XlmRoberta;
        List<(string Piece, double Score)> pieces = Number(file, numbering);
        if (fileName == AlbertModel) pieces = [.. pieces.Select(p => (p.Piece, EndsInNumberComma(p.Piece) ? p.Score - 100 : p.Score))];

        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int id = 0; id < pieces.Count; id++) ids.TryAdd(pieces[id].Piece, id);
        foreach (AddedToken token in settings.AddedTokens) ids.TryAdd(token.Content, token.Id);
        string Name(string role) =>
            settings.Token($"{role}_token") ?? DefaultNames(role, isFairseq).FirstOrDefault(ids.ContainsKey) ?? DefaultNames(role, isFairseq)[0];
        int IdOf(string role) => ids.TryGetValue(Name(role), out int id) ? id : throw TokenizerSettings.Missing(path, Name(role), $"{role}_token");

        var specials = Roles.Where(role => ids.ContainsKey(Name(role)))
            .Select(role => new AddedToken(Name(role), ids[Name(role)], StripsLeft: role == "mask"));
        var markers = file.All.Where(p => p.Kind is SentencePieceKind.UserDefined or SentencePieceKind.Control && ids.ContainsKey(p.Text))
            .Select(p => new AddedToken(p.Text, ids[p.Text]));
        var preparation = new MetaspaceNormalizer(MetaspaceNormalizer.Mark, file.AddsMark ? FirstMark.Always : FirstMark.Never, splitsBlanks: false);
        int unknown = isFairseq ? ids["<unk>"] : file.UnknownId;
        AddedToken[] added = settings.Complete([.. markers, .. specials, .. settings.AddedTokens], ids);
        return new TextTokenizer(
            added,
            new NormalizerSequence([.. Steps(file, fileName, settings)]),
            new MetaspaceSplitter(MetaspaceNormalizer.Mark),
            file.IsBytePairs ? BytePairs(file, pieces, ids, unknown) : new UnigramModel(pieces, unknown, file.FallsBackToBytes),
            isFairseq ? BpeFolder.Layout(IdOf("cls"), IdOf("sep")) : BertFolder.Layout(IdOf("cls"), IdOf("sep")))
        {
            Preparation = preparation,
            WordPreparation = preparation,
            PadId = IdOf("pad"),
            MaskId = added.LastOrDefault(token => token.Content == Name("mask"))?.Id,
            ModelMaxLength = settings.ModelMaxLength,
        };
    }

    private static string[] DefaultNames(string role, bool isFairseq) => (role, isFairseq) switch
    {
        ("cls", true) => ["<s>"],
        ("sep", true) => ["</s>"],
        (_, true) => [$"<{role}>"],
        _ => [$"[{role.ToUpperInvariant()}]", $"<{role}>"],
    };

    // ALBERT's conversion lowers the scores of pieces such as "7,", so that numbers and commas become pieces of their own.
    private static bool EndsInNumberComma(string piece) => piece.Length > 1 && piece[^1] == ',' && char.IsDigit(piece[^2]);

    private static List<(string Piece, double Score)> Number(SentencePieceFile file, PieceNumbering numbering)
    {
        List<(string, double)> pieces =
            [.. numbering.First.Select(p => (p, 0.0)), .. file.All.Skip(numbering.Skipped).Select(p => (p.Text, (double)p.Score))];
        if (numbering.Last is { } last) pieces.Add((last, 0));
        return pieces;
    }

    // What Hugging Face's conversion of each family puts before the pieces: ALBERT folds quotes, accents and case, DeBERTa case where asked.
    private static IEnumerable<ITextNormalizer> Steps(SentencePieceFile file, string fileName, TokenizerSettings settings)
    {
        bool isAlbert = fileName == AlbertModel;
        if (isAlbert) yield return new ReplaceStep(DoubledQuotes(), "\"");
        if (isAlbert && !(settings.Flag("keep_accents") ?? false))
        {
            yield return new UnicodeFormStep(NormalizationForm.FormKD);
            yield return new StripAccentsStep();
        }
        if (settings.Flag("do_lower_case") ?? isAlbert) yield return new LowerCaseStep();
        if (file.Map is { } map) yield return map;
        if (!file.RemovesExtraBlanks) yield break;
        // A blank at the start is the mark that the text gets anyway.
        yield return new StripBlanksStep(left: false, right: true);
        yield return new ReplaceStep(Blanks(), " ");
    }

    /// <summary>Any two pieces that join to a piece may be merged, the highest score first (as Hugging Face's conversion does).</summary>
    public static BytePairModel BytePairs(SentencePieceFile file, List<(string Piece, double Score)> pieces, Dictionary<string, int> ids, int unknown)
    {
        var merges = pieces
            .SelectMany(p => Enumerable.Range(1, Math.Max(0, p.Piece.Length - 1)).Select(i => (Left: p.Piece[..i], Right: p.Piece[i..], p.Score)))
            .Where(m => ids.ContainsKey(m.Left) && ids.ContainsKey(m.Right))
            .OrderByDescending(m => m.Score).ThenByDescending(m => m.Left.Length).ThenByDescending(m => m.Right.Length);
        var vocabulary = pieces.Select(p => p.Piece).Distinct().ToDictionary(p => p, p => ids[p]);
        var settings = new BytePairSettings { Unknown = pieces[unknown].Piece, FusesUnknown = true, FallsBackToBytes = file.FallsBackToBytes };
        return new BytePairModel(vocabulary, merges.Select(m => (m.Left, m.Right)), settings);
    }

    [GeneratedRegex("``|''")]
    private static partial Regex DoubledQuotes();

    [GeneratedRegex(" {2,}")]
    private static partial Regex Blanks();
}
