// What `speed` runs: a shape, a prompt, and rows of given lengths; and how many operations it takes at least.
using System.Globalization;

namespace MLNet.PTuning.Benchmarks.Speed;

/// <param name="Shape">The backbone's sizes.</param>
/// <param name="PromptLength">Vectors a layer.</param>
/// <param name="Mix">Name of the lengths: the one of all rows, or <c>mix</c>.</param>
/// <param name="Lengths">Word pieces of each row, specials included.</param>
internal sealed record SpeedWorkload(BertShape Shape, int PromptLength, string Mix, int[] Lengths)
{
    public const int BatchSize = 32, LongestRow = 128;

    /// <summary>Classes of the head.</summary>
    public int Classes { get; init; } = 2;

    // Of the mix: the mean and the longest row, however many rows there are.
    private const double MeanLength = 24.5, Longest = 85;

    public static SpeedWorkload AllLongest(BertShape shape, int promptLength, int rows) => AllOf(LongestRow, shape, promptLength, rows);

    public static SpeedWorkload AllOf(int length, BertShape shape, int promptLength, int rows) =>
        new(shape, promptLength, length.ToString(CultureInfo.InvariantCulture), [.. Enumerable.Repeat(length, rows)]);

    /// <summary>Log-normal lengths: the middles of as many equally likely ranges as there are rows, so that no draw decides how long the longest are, in random order.</summary>
    public static SpeedWorkload LogNormal(BertShape shape, int promptLength, int rows)
    {
        const int DrawsEach = 1001;
        var random = new Random(1);
        double[] drawn = [.. Enumerable.Range(0, rows * DrawsEach).Select(_ => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())).Order()];
        double[] normal = [.. drawn.Chunk(DrawsEach).Select(range => range[DrawsEach / 2])];
        double deviation = 0;
        for (double step = 1; step > 1e-6; step /= 2)
            if (OfMean(deviation + step)[^1] < Longest / MeanLength) deviation += step;
        int[] lengths = [.. OfMean(deviation).Select(ratio => (int)Math.Round(MeanLength * ratio))];
        random.Shuffle(lengths);
        return new(shape, promptLength, "mix", lengths);

        // Lengths as multiples of their mean.
        double[] OfMean(double deviation)
        {
            double[] values = Array.ConvertAll(normal, value => Math.Exp(deviation * value));
            double mean = values.Average();
            return Array.ConvertAll(values, value => value / mean);
        }
    }

    /// <summary>Word-piece ids of every row: random, with [CLS] and [SEP] (ids 2 and 3 of <see cref="GeneratedBackbone"/>).</summary>
    public int[][] Ids()
    {
        var random = new Random(2);
        return [.. Lengths.Select(length => (int[])[2, .. Enumerable.Range(0, length - 2).Select(_ => random.Next(5, Shape.Vocabulary)), 3])];
    }

    public int[] Labels()
    {
        var random = new Random(3);
        return [.. Lengths.Select(_ => random.Next(Classes))];
    }

    /// <summary>
    /// Floating-point operations of the matrix products that the head's scores (and, in training, the prompt's gradient) need: no padding, the last layer's
    /// queries at the position read alone, no gradient below the first layer's keys and values, nothing computed twice.
    /// </summary>
    public double UsefulOperations(bool training) => Lengths.Sum(length => RowOperations(length, training));

    private double RowOperations(double length, bool training)
    {
        // A causal query sees half of its row on average, the last one all of it.
        bool isCausal = Shape.KeyHeads is not null;
        double h = Shape.Hidden, w = Shape.KeyWidth, own = isCausal ? (length + 1) / 2 : length, keys = PromptLength + own;
        // One token through a layer's products: keys and values; query, attention's output and feed-forward.
        double keysAndValues = 4 * h * w, rest = 4 * h * h + (isCausal ? 6 : 4) * h * Shape.Intermediate;
        // One query over its keys: scores and the mix of values.
        double attention = 4 * h * keys, ofRead = 4 * h * (PromptLength + length);
        double inner = length * (keysAndValues + rest + attention);
        double last = length * keysAndValues + rest + ofRead;
        double forward = (Shape.Layers - 1) * inner + last + (isCausal ? 0 : 2 * h * h);
        if (!training) return forward;
        // A gradient passes every linear product once more, and attention's two products as four. The first layer needs none at its input:
        // not through query, key and value, and at keys and values for the prompt's alone.
        double firstLayerSaves = length * (2 * h * h + keysAndValues) + length * 2 * h * keys + length * 4 * h * own;
        double backward = forward + (Shape.Layers - 1) * length * attention + ofRead - firstLayerSaves;
        return forward + backward;
    }
}
