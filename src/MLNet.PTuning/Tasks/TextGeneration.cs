// The task of writing: a text is continued by its target, and the loss counts the target's tokens and the end token alone.
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tasks;

/// <summary>How texts and targets become rows, and rows generated texts.</summary>
/// <param name="tokenizer">The backbone's.</param>
/// <param name="method">The tuning method, which may put a template around the text; targets follow its end.</param>
/// <param name="maxLength">Longest row in word pieces, special tokens and what is written included.</param>
/// <param name="ends">The end tokens, of which training appends the first; none where the model has none.</param>
internal sealed class TextGeneration(TextTokenizer tokenizer, TuningMethod method, int maxLength, IReadOnlyList<int> ends)
{
    /// <summary>What checkpoints and files have in place of class names.</summary>
    public static readonly string[] ClassNames = ["token"];

    // What bounds the memory of rows that are written together: their keys and values grow with their word pieces.
    private const int PiecesAtOnce = 8192;

    // So many scores of a target's tokens take about the memory that one of a pass's word pieces has: of a pass of 4096, 128 MB.
    private const int ScoresOfPiece = 8192;

    private readonly RowForm _form = new(tokenizer, maxLength, method, hasPairs: false, readsLast: true);

    /// <summary>Word pieces of a row besides the text's: special tokens and the template's.</summary>
    private int Fixed => tokenizer.SpecialCount(pair: false) + _form.FixedPieces;

    /// <summary>Most tokens that can be written: a word piece of the text stays.</summary>
    public int MostNewTokens => maxLength - Fixed - 1;

    /// <summary>The ids of a text, cut at its start so that <paramref name="reserved"/> more fit the row, and word pieces of the text before the cut.</summary>
    public (int[] Ids, int Uncut) Input(string text, int reserved)
    {
        var pieces = _form.TextPieces(text);
        var row = _form.Join([.. pieces.TakeLast(Math.Max(0, maxLength - Fixed - reserved))], null);
        // What a model puts after a text would stand before its continuation. There is nothing else to continue of an empty text that it puts nothing before.
        return (row.Input.Ids[..Math.Max(1, row.Input.First.End.Value)], pieces.Count);
    }

    /// <summary>A text with its target, which follows a blank as a word within the text; word pieces of the row before it was cut, and whether the target was.</summary>
    /// <exception cref="ArgumentException">There is no target.</exception>
    public (Example Example, int Length, bool IsTargetCut) Example(string text, string target, long number)
    {
        int[] pieces = [.. tokenizer.PiecesOfWords([target]).Select(piece => piece.Id)];
        if (string.IsNullOrWhiteSpace(target) || pieces.Length == 0)
            throw new ArgumentException($"Row {number} has no target: there is nothing to write after '{(text.Length > 60 ? text[..60] + "…" : text)}'. Leave such rows out before this step.");
        // A target that is cut does not end there.
        bool isCut = pieces.Length > MostNewTokens - Math.Min(1, ends.Count);
        int[] written = isCut ? pieces[..MostNewTokens] : [.. pieces, .. ends.Take(1)];
        var (input, uncut) = Input(text, written.Length);
        return (new Example([.. input, .. written[..^1]], new int[input.Length + written.Length - 1], [.. Enumerable.Range(input.Length - 1, written.Length)], written)
        {
            Over = SoftmaxOver.Tokens,
            PassSize = (int)Math.Min(int.MaxValue, (long)written.Length * tokenizer.VocabularySize / ScoresOfPiece),
        }, Fixed + uncut + pieces.Length + Math.Min(1, ends.Count), isCut);
    }

    /// <summary>Minus the mean cross-entropy of the targets' tokens: higher where perplexity is lower.</summary>
    public static double Score(IReadOnlyList<Example> examples, IReadOnlyList<float[]> logProbabilities) => logProbabilities.Sum(row => row.Sum(p => (double)p)) / Math.Max(1, logProbabilities.Sum(row => row.Length));

    /// <summary>How many of the first rows are written together: all of them take the memory of the longest one, in each of its beams.</summary>
    /// <param name="lengths">Word pieces of each row.</param>
    /// <param name="settings">How they are written.</param>
    public static int RowsAtOnce(IReadOnlyList<int> lengths, GenerationSettings settings)
    {
        int longest = 0;
        return Math.Max(1, lengths.TakeWhile((length, i) => ((longest = Math.Max(longest, length)) + (long)settings.MaxNewTokens) * settings.BeamCount * (i + 1) <= PiecesAtOnce).Count());
    }

    /// <summary>Writes after texts, several rows in one pass.</summary>
    public IReadOnlyList<GeneratedRow> Write(TunedModel model, GenerationSettings settings, IReadOnlyList<string> texts)
    {
        var inputs = texts.Select(text => (Pieces: Input(text, settings.MaxNewTokens).Ids, Text: text)).ToList();
        var written = new List<GeneratedRow>();
        for (int first = 0, count; first < inputs.Count; first += count)
        {
            count = RowsAtOnce([.. inputs.Skip(first).Select(input => input.Pieces.Length)], settings);
            var part = inputs.GetRange(first, count);
            written.AddRange(settings.BeamCount > 1 ? BeamSearch.Run(model, settings, ends, [.. part.Select(row => row.Pieces)]) : TokenByToken(part));
        }
        return written;

        IEnumerable<GeneratedRow> TokenByToken(IReadOnlyList<(int[], string)> part)
        {
            using var rows = new TokenByToken(model, settings, ends, part);
            while (!rows.IsDone) rows.Step();
            return [.. rows.Rows.Select(row => row.Result)];
        }
    }
}
