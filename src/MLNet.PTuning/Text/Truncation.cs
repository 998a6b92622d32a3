// How many pieces of each text stay when they are too many: the longer text gives first.
namespace MLNet.PTuning.Text;

internal static class Truncation
{
    /// <summary>
    /// The counts to keep of two texts so that their sum is at most <paramref name="budget"/>: the longer one is cut to what the shorter one
    /// leaves, or, where both are longer than half, each to half. An odd piece stays with the longer one, on a tie with the second
    /// ("longest first" of Hugging Face's tokenizers up to 0.22).
    /// </summary>
    public static (int First, int Second) LongestFirst(int first, int second, int budget)
    {
        if (first + second <= budget) return (first, second);
        bool isFirstLonger = first > second;
        int shorter = Math.Min(first, second), longer = Math.Max(shorter, budget - shorter);
        if (shorter + longer > budget) (shorter, longer) = (budget / 2, budget - budget / 2);
        return isFirstLonger ? (longer, shorter) : (shorter, longer);
    }
}
