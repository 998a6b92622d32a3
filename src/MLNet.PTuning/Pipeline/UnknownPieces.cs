// Tells when the backbone's vocabulary does not know much of the training rows: the sign of a tokenizer or a language that is not the model's.
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Pipeline;

internal static class UnknownPieces
{
    // The share of unknown pieces from which on rows are warned of.
    private const double Tolerated = 0.2;

    private const int MostExamples = 5;

    /// <summary>Warns where more than a fifth of the rows' pieces are unknown, with some of the words.</summary>
    /// <param name="channel">Where to.</param>
    /// <param name="tokenizer">The backbone's.</param>
    /// <param name="rows">The rows as they were encoded.</param>
    /// <param name="texts">Their texts, or words; read only as far as examples are looked for.</param>
    /// <param name="specials">Special tokens around each row.</param>
    public static void Warn(TrainingChannel channel, TextTokenizer tokenizer, IReadOnlyList<Example> rows, IEnumerable<string?> texts, int specials)
    {
        if (tokenizer.UnknownId is not { } unknown) return;
        long all = rows.Sum(row => (long)row.Ids.Length - specials), count = rows.Sum(row => (long)row.Ids.Count(id => id == unknown));
        if (count <= Tolerated * all) return;
        var words = texts.OfType<string>().SelectMany(text => tokenizer.Pieces(text).Where(p => p.Id == unknown).Select(p => text[p.Start..p.End])).Distinct().Take(MostExamples);
        channel.Warn(FormattableString.Invariant($"{count} of {all} word pieces ({(double)count / all:p0}) are unknown to the backbone's vocabulary, for example {string.Join(", ", words.Select(w => $"'{w}'"))}. ")
            + "See whether the tokenizer's files are the model's own, and the model one of the texts' language.");
    }
}
