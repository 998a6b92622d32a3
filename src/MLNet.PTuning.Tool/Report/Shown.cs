// Numbers in HTML: for a reader rounded, in the element's value as they are in metrics.json.
using System.Globalization;
using System.Text.RegularExpressions;

namespace MLNet.PTuning.Tool.Report;

internal static partial class Shown
{
    private static readonly Dictionary<string, string> Names = new()
    {
        ["accuracy"] = "accuracy", ["macroF1"] = "macro F1", ["microF1"] = "micro F1", ["weightedF1"] = "weighted F1", ["logLoss"] = "log-loss", ["entityF1"] = "entity F1", ["f1"] = "F1",
        ["rouge1"] = "ROUGE-1", ["rouge2"] = "ROUGE-2", ["rougeL"] = "ROUGE-L", ["bleu"] = "BLEU",
    };

    /// <summary>A score's name in words.</summary>
    public static string Name(string score) => Names.GetValueOrDefault(score) ?? WordStart().Replace(score, match => " " + match.Value.ToLowerInvariant());

    /// <summary>A score as a percentage, or where it is no fraction as a number.</summary>
    public static Markup Score(string name, double value) => name is "logLoss" or "perplexity" ? Number(value) : Percent(value);

    /// <summary>A fraction as a percentage with two digits.</summary>
    public static Markup Percent(double fraction) => Data(fraction, (100 * fraction).ToString("f2", CultureInfo.InvariantCulture) + "%");

    /// <summary>A number with four digits after the point.</summary>
    public static Markup Number(double value) => Data(value, value.ToString("f4", CultureInfo.InvariantCulture));

    /// <summary>A number with as many digits as tell it from its like.</summary>
    public static Markup Short(double value) => Data(value, value.ToString("g3", CultureInfo.InvariantCulture));

    /// <summary>Seconds, minutes or hours.</summary>
    public static Markup Duration(double seconds) => Data(seconds, seconds switch
    {
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds:f1} s"),
        < 7200 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:f1} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:f1} h"),
    });

    /// <summary>A number of things.</summary>
    public static Markup Count(long count) => Data(count, count.ToString("N0", CultureInfo.InvariantCulture));

    private static Markup Data(double value, string shown) =>
        double.IsFinite(value) ? new Markup($"<data value=\"{value.ToString("R", CultureInfo.InvariantCulture)}\">{shown}</data>") : new Markup("–");

    [GeneratedRegex("[A-Z]")]
    private static partial Regex WordStart();
}
