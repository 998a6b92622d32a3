// BLEU (Papineni et al., 2002) as sacrebleu computes it by default: over all texts together, runs of 1 to 4 words, words of mteval-v13a, exponential smoothing.
using System.Text.RegularExpressions;

namespace MLNet.PTuning.Tasks;

internal static partial class BleuScore
{
    private const int Longest = 4;

    /// <summary>From 0 to 1 (sacrebleu's figure is a hundred times this). A run counts as often as it is in the target that has it most; of the targets' lengths the closest one counts.</summary>
    public static double Of(IEnumerable<(IReadOnlyList<string> Targets, string Generated)> texts)
    {
        long[] same = new long[Longest], runs = new long[Longest];
        long targetLength = 0, length = 0;
        foreach (var (targets, generated) in texts)
        {
            string[][] expected = [.. targets.Select(Words)];
            string[] actual = Words(generated);
            targetLength += expected.Select(words => words.Length).OrderBy(count => Math.Abs(count - actual.Length)).ThenBy(count => count).First();
            length += actual.Length;
            for (int n = 1; n <= Longest; n++)
            {
                var most = expected.Select(words => WordRuns.Count(words, n)).ToList();
                runs[n - 1] += Math.Max(0, actual.Length - n + 1);
                same[n - 1] += WordRuns.Count(actual, n).Sum(run => Math.Min(run.Value, most.Max(counts => counts.GetValueOrDefault(run.Key))));
            }
        }
        if (same.All(count => count == 0) || runs.Any(count => count == 0)) return 0;
        double logs = 0, smoothing = 1;
        // A precision without a match is half of what one match would be, the next one a quarter, and so on.
        for (int n = 0; n < Longest; n++) logs += Math.Log(same[n] > 0 ? (double)same[n] / runs[n] : 1 / ((smoothing *= 2) * runs[n]));
        double brevity = length < targetLength ? Math.Exp(1 - (double)targetLength / length) : 1;
        return brevity * Math.Exp(logs / Longest);
    }

    /// <summary>The words of mteval-v13a: signs apart, points and commas where they are not within numbers, dashes after digits.</summary>
    public static string[] Words(string text)
    {
        string line = text.TrimEnd().Replace("<skipped>", "").Replace("-\n", "").Replace('\n', ' ');
        if (line.Contains('&')) line = line.Replace("&quot;", "\"").Replace("&amp;", "&").Replace("&lt;", "<").Replace("&gt;", ">");
        line = Signs().Replace($" {line} ", " $0 ");
        line = PointAfterNoDigit().Replace(line, "$1 $2 ");
        line = PointBeforeNoDigit().Replace(line, " $1 $2");
        line = DashAfterDigit().Replace(line, "$1 $2 ");
        return line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
    }

    [GeneratedRegex(@"[{-~[-` -&(-+:-@/]")]
    private static partial Regex Signs();

    [GeneratedRegex("([^0-9])([.,])")]
    private static partial Regex PointAfterNoDigit();

    [GeneratedRegex("([.,])([^0-9])")]
    private static partial Regex PointBeforeNoDigit();

    [GeneratedRegex("([0-9])(-)")]
    private static partial Regex DashAfterDigit();
}
