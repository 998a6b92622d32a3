// Warns when many of the training rows' word pieces are unknown to the backbone's vocabulary: a sign of the wrong tokenizer or language.
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Pipeline;

internal static class UnknownPieces
{
    // The largest fraction of unknown pieces without a warning.
    private const double Tolerated = 0.2;

    private const int MaxExamples = 5;

    /// <summary>Warns where more than a fifth of the rows' pieces are unknown, with some of the words.</summary>
    /// <param name="channel">Receives the warning.</param>
    /// <param name="tokenizer">The backbone's.</param>
    /// <param name="rows">The encoded rows.</param>
    /// <param name="texts">Their texts, or words; read only as far as needed for the examples.</param>
    /// <param name="specials">Special tokens around each row, of which an example may have several.</param>
    public static void Warn(TrainingChannel channel, TextTokenizer tokenizer, IReadOnlyList<Example> rows, IEnumerable<string?> texts, int specials)
    {
        if (tokenizer.UnknownId is not { } unknown) return;
        long all = rows.Sum(row => (long)row.Ids.Length - specials * row.RowStarts.Length), count = rows.Sum(row => (long)row.Ids.Count(id => id == unknown));
        if (count <= Tolerated * all) return;
        var words = texts.OfType<string>().SelectMany(text => tokenizer.Pieces(text).Where(p => p.Id == unknown).Select(p => text[p.Start..p.End])).Distinct().Take(MaxExamples);
        channel.Warn(FormattableString.Invariant($"{count} of {all} word pieces ({(double)count / all:p0}) are unknown to the backbone's vocabulary, for example {string.Join(", ", words.Select(w => $"'{w}'"))}. ")
            + "Check that the tokenizer's files are the model's own, and that the model is for the texts' language.");
    }
}
