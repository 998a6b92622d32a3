// The trials of a search and their results, as a table in memory and as CSV.
using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using MLNet.PTuning.Files;
using MLNet.PTuning.Pipeline;

namespace MLNet.PTuning;

/// <summary>One point of the grid.</summary>
/// <param name="Length">Prompt length in vectors per layer.</param>
/// <param name="Rate">Learning rate.</param>
/// <param name="Dropout">Probability of dropping an element of the prompt.</param>
/// <param name="Reparameterize">Whether the prompt was trained through a network.</param>
/// <param name="Seed">Seed of training.</param>
public sealed record PromptSetting(int Length, double Rate, double Dropout, bool Reparameterize, int Seed)
{
    /// <summary>The same text in every culture, for logs.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"{nameof(Length)} {Length}, {nameof(Rate)} {Rate}, {nameof(Dropout)} {Dropout}, {nameof(Reparameterize)} {Reparameterize}, {nameof(Seed)} {Seed}");
}

/// <summary>One training run of a search.</summary>
/// <param name="Setting">The setting that was trained with.</param>
/// <param name="Rung">From 1; the best settings are promoted to the next one.</param>
/// <param name="Epochs">Epochs that it was trained for.</param>
/// <param name="Score">Score of its best epoch on the held-out rows (accuracy, entity F1); null where it failed.</param>
/// <param name="Loss">Mean cross-entropy of that epoch on the held-out rows; null where it failed.</param>
/// <param name="Seconds">Wall time.</param>
/// <param name="Failure">Why there is no score; null where there is one.</param>
public sealed record SearchTrial(PromptSetting Setting, int Rung, int Epochs, double? Score, double? Loss, double Seconds, string? Failure)
{
    /// <summary>Order of trials: a better score, then a lower loss, comes first; failures come last.</summary>
    internal static IEnumerable<SearchTrial> BestFirst(IEnumerable<SearchTrial> trials) =>
        trials.OrderByDescending(t => t.Score ?? double.NegativeInfinity).ThenBy(t => t.Loss ?? double.PositiveInfinity);
}

/// <summary>The table of a search.</summary>
/// <param name="Trials">In the order in which they were run.</param>
/// <param name="Seconds">Wall time of them all.</param>
public sealed record SearchReport(IReadOnlyList<SearchTrial> Trials, double Seconds)
{
    /// <summary>The trial of the highest score (among equal scores, of the lowest loss): <c>Fit</c> returns its model.</summary>
    [JsonIgnore]
    public SearchTrial Best => SearchTrial.BestFirst(Trials).First();

    /// <summary>Writes the table with one line per trial, in the invariant culture.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void SaveCsv(string path) => Write(path, Csv());

    /// <summary>Writes a plot of scores over rates: one circle per trial, larger in higher rungs, colored by prompt length, hollow where the prompt was reparameterized.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void SaveSvg(string path) => Write(path, SearchPlot.Draw(Trials));

    private string Csv()
    {
        var csv = new StringBuilder("rung,epochs,length,rate,dropout,reparameterize,seed,score,loss,seconds,failure\n");
        foreach (var t in Trials)
            csv.Append(CultureInfo.InvariantCulture, $"{t.Rung},{t.Epochs},{t.Setting.Length},{t.Setting.Rate},{t.Setting.Dropout},{(t.Setting.Reparameterize ? 1 : 0)},{t.Setting.Seed},")
                .Append(CultureInfo.InvariantCulture, $"{t.Score},{t.Loss},{t.Seconds:f2},{(t.Failure is null ? "" : '"' + t.Failure.Replace("\"", "\"\"") + '"')}\n");
        return csv.ToString();
    }

    private static void Write(string path, string text) => AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));
}
