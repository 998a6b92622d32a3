// ROUGE (Lin, 2004): how many words, pairs of words and words in order of one text are in another, counted as Google's rouge_score does without stemming.
using System.Text;

namespace MLNet.PTuning.Tasks;

internal static class RougeScore
{
    /// <summary>Runs of ASCII letters and digits in lower case; what is of other scripts is no word to this measure.</summary>
    public static string[] Words(string text)
    {
        var kept = new StringBuilder(text.Length);
        // Python's lower() makes an i with a dot apart of the Turkish letter.
        foreach (char unit in text.Replace("\u0130", "i\u0307").ToLowerInvariant()) kept.Append(char.IsAsciiLetterOrDigit(unit) ? unit : ' ');
        return kept.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>F1 of runs of <paramref name="length"/> words.</summary>
    public static double OfRuns(string[] target, string[] generated, int length)
    {
        var left = WordRuns.Count(target, length);
        int runs = Math.Max(0, generated.Length - length + 1), same = WordRuns.Count(generated, length).Sum(run => Math.Min(run.Value, left.GetValueOrDefault(run.Key)));
        return F1(same, Math.Max(0, target.Length - length + 1), runs);
    }

    /// <summary>F1 of the longest sequence of words that is in both in this order (ROUGE-L over the whole texts).</summary>
    public static double OfSequence(string[] target, string[] generated)
    {
        var longest = new int[generated.Length + 1];
        foreach (string word in target)
        {
            int before = 0;
            for (int i = 0; i < generated.Length; i++)
            {
                int above = longest[i + 1];
                longest[i + 1] = word == generated[i] ? before + 1 : Math.Max(above, longest[i]);
                before = above;
            }
        }
        return F1(longest[^1], target.Length, generated.Length);
    }

    private static double F1(int same, int target, int generated) => same == 0 ? 0 : 2.0 * same / (target + generated);
}

/// <summary>Runs of words with their counts.</summary>
internal static class WordRuns
{
    // No word holds a line's end.
    public static Dictionary<string, int> Count(string[] words, int length) =>
        Enumerable.Range(0, Math.Max(0, words.Length - length + 1)).Select(at => string.Join('\n', words, at, length)).CountBy(run => run).ToDictionary();
}
