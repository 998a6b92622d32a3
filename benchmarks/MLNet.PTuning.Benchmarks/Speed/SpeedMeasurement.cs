// Measures one workload: this project's training and prediction below ML.NET's pipeline, and the authors' computation on the same libtorch, in turns.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using TorchSharp;

namespace MLNet.PTuning.Benchmarks.Speed;

/// <summary>One line of the table.</summary>
/// <param name="Shape">The backbone.</param>
/// <param name="PromptLength">Vectors a layer.</param>
/// <param name="Lengths">All rows at 128, or the log-normal mix.</param>
/// <param name="Verb">train or predict.</param>
/// <param name="Precision">Of this project's frozen weights and products; the authors' computation is in 32-bit floats.</param>
/// <param name="Rows">Rows a pass.</param>
/// <param name="Product">This project.</param>
/// <param name="Rivals">The authors' computation, a padding each.</param>
/// <param name="GigaFlops">Useful operations of the product, in 10⁹ a second.</param>
/// <param name="PeakGigaFlops">Those of a large product of 32-bit floats in the same run.</param>
/// <param name="LogitDifference">Largest difference of a logit between the two, on one batch.</param>
/// <param name="GradientDifference">Norm of the difference of the prompt's gradients over the norm of the gradient.</param>
/// <param name="OutsideEncoder">In training, the share of a step that is not the encoder's passes: batching, head, loss, clipping, optimizer.</param>
internal sealed record SpeedResult(string Shape, int PromptLength, string Lengths, string Verb, string Precision, int Rows, Timing Product, IReadOnlyList<Timing> Rivals,
    double GigaFlops, double PeakGigaFlops, double LogitDifference, double GradientDifference, double? OutsideEncoder)
{
    public double ShareOfPeak => GigaFlops / PeakGigaFlops;

    /// <summary>How many times faster than each rival the product is.</summary>
    public IReadOnlyDictionary<string, Ratio> Ratios => Rivals.ToDictionary(rival => rival.Name, rival => rival.Over(Product));
}

internal static class SpeedMeasurement
{
    public const string Padded = "padded to 128", Longest = "padded to longest", Sorted = "sorted";

    // A batch padded to 128 costs the same whatever its rows, so a few batches represent all.
    private const int PaddedBatches = 2;

    // Batches by row, and the word pieces that rows are padded to; null for the longest of each batch.
    private sealed record Padding(string Name, int[][] Batches, int? Width)
    {
        public int RowCount => Batches.Sum(batch => batch.Length);
    }

    public static IReadOnlyList<SpeedResult> Run(SpeedWorkload workload, IReadOnlyList<Precision> precisions, int rounds)
    {
        string folder = Directory.CreateTempSubdirectory("ptuning-speed-").FullName;
        ProductSide[] products = [];
        try
        {
            GeneratedBackbone.Write(folder, workload.Shape, dropout: 0, ElementType.F32);
            products = [.. precisions.Select(precision => new ProductSide(folder, workload, precision))];
            using var lease = FrozenBackbone.Use(folder, torch.CPU);
            using var authors = PaddedComputation.Of(lease.Backbone, products[0].Trained, workload);
            var differences = products.Select(product => Compare(product, authors)).ToArray();
            var paddings = Paddings(workload);
            double peak = Timing.MedianOf(Enumerable.Range(0, rounds).Select(_ => ProductSide.PeakOperations()).ToArray());
            return [.. Measure(training: true, product => product.Train(), authors.Train), .. Measure(training: false, product => product.Predict(), authors.Predict)];

            IEnumerable<SpeedResult> Measure(bool training, Func<ProductSide, double> product, Func<int[][], int?, double> rival)
            {
                int rows = workload.Lengths.Length;
                List<(string, Func<double>)> sides =
                [
                    .. products.Select<ProductSide, (string, Func<double>)>(side => ("MLNet.PTuning", () => 1000 * product(side) / rows)),
                    .. paddings.Select<Padding, (string, Func<double>)>(padding => (padding.Name, () => 1000 * rival(padding.Batches, padding.Width) / padding.RowCount)),
                ];
                var timings = Timing.InTurns(rounds, sides);
                Timing[] rivals = [.. timings.Skip(products.Length)];
                double?[] outside = [.. products.Select(side => training ? Timing.MedianOf([.. Enumerable.Range(0, rounds).Select(_ => side.OutsideEncoder())]) : (double?)null)];
                return products.Select((_, i) => new SpeedResult(workload.Shape.Name, workload.PromptLength, workload.Mix, training ? "train" : "predict", precisions[i].ToString(), rows, timings[i], rivals,
                    workload.UsefulOperations(training) / (timings[i].Median / 1000 * rows) / 1e9, peak / 1e9, differences[i].Logits, differences[i].Gradient,
                    outside[i]));
            }
        }
        finally
        {
            foreach (var product in products) product.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static List<Padding> Paddings(SpeedWorkload workload)
    {
        int[] order = [.. Enumerable.Range(0, workload.Lengths.Length)];
        int[][] inOrder = [.. order.Chunk(SpeedWorkload.BatchSize)];
        var paddings = new List<Padding> { new(Padded, inOrder[..Math.Min(PaddedBatches, inOrder.Length)], SpeedWorkload.LongestRow) };
        if (workload.Lengths.Min() == workload.Lengths.Max()) return paddings;
        paddings.Add(new(Longest, inOrder, null));
        paddings.Add(new(Sorted, [.. order.OrderBy(i => workload.Lengths[i]).Chunk(SpeedWorkload.BatchSize)], null));
        return paddings;
    }

    private static (double Logits, double Gradient) Compare(ProductSide product, PaddedComputation authors)
    {
        int[] batch = [.. Enumerable.Range(0, 8)];
        var ours = product.Check(batch);
        var theirs = authors.Check(batch);
        double difference = Math.Sqrt(ours.Gradient.Zip(theirs.Gradient, (a, b) => Math.Pow(a - b, 2)).Sum());
        return (ours.Logits.Zip(theirs.Logits, (a, b) => (double)Math.Abs(a - b)).Max(), difference / Math.Sqrt(theirs.Gradient.Sum(value => Math.Pow(value, 2))));
    }
}
