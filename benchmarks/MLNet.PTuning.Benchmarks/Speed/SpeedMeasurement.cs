// Measures one workload: the product and the reference in turns, so that what else the machine does falls on both.
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Benchmarks.Speed;

/// <summary>Milliseconds a row, one figure a repetition.</summary>
internal sealed record Timing(string Name, double[] Milliseconds)
{
    public double Median => MedianOf(Milliseconds);

    public static double MedianOf(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

/// <summary>One line of the table.</summary>
/// <param name="Shape">The backbone.</param>
/// <param name="PromptLength">Vectors a layer.</param>
/// <param name="Lengths">All rows at 128, or the log-normal mix.</param>
/// <param name="Verb">train or predict.</param>
/// <param name="Precision">Of this project's frozen weights and products; the reference's are 32-bit floats.</param>
/// <param name="Rows">Rows a pass.</param>
/// <param name="Product">This project.</param>
/// <param name="References">The authors' computation, a padding each.</param>
/// <param name="GigaFlops">Useful operations of the product, in 10⁹ a second.</param>
/// <param name="PeakGigaFlops">Those of a large product of 32-bit floats in the same run.</param>
/// <param name="LogitDifference">Largest difference of a logit between the two, on one batch.</param>
/// <param name="GradientDifference">Norm of the difference of the prompt's gradients over the norm of the gradient.</param>
internal sealed record SpeedResult(string Shape, int PromptLength, string Lengths, string Verb, string Precision, int Rows, Timing Product, IReadOnlyList<Timing> References,
    double GigaFlops, double PeakGigaFlops, double LogitDifference, double GradientDifference)
{
    public double ShareOfPeak => GigaFlops / PeakGigaFlops;

    /// <summary>How many times faster than each reference the product is.</summary>
    public IReadOnlyDictionary<string, double> Ratios => References.ToDictionary(reference => reference.Name, reference => reference.Median / Product.Median);
}

internal static class SpeedMeasurement
{
    public const string Padded = "padded to 128", Longest = "padded to longest", Sorted = "sorted";

    // A batch padded to 128 costs the same whatever its rows, so a few batches represent all.
    private const int PaddedBatches = 2;

    private sealed record Reference(string Name, int[][] Batches, object Pad);

    public static IReadOnlyList<SpeedResult> Run(SpeedWorkload workload, IReadOnlyList<Precision> precisions, string python, double dropout, int repetitions)
    {
        string folder = Directory.CreateTempSubdirectory("ptuning-speed-").FullName;
        ProductSide[] products = [];
        try
        {
            string backbone = Path.Combine(folder, "backbone"), prompt = Path.Combine(folder, "prompt.safetensors");
            GeneratedBackbone.Write(backbone, workload.Shape, dropout, ElementType.F32);
            products = [.. precisions.Select(precision => new ProductSide(backbone, workload, precision))];
            products[0].SavePrompt(prompt);
            using var reference = new ReferenceProcess(python, backbone, prompt, workload, dropout);
            var differences = products.Select(product => dropout == 0 ? Compare(product, reference, Path.Combine(folder, "gradient")) : (double.NaN, double.NaN)).ToArray();
            return [.. Measure("train", product => product.Train()), .. Measure("predict", product => product.Predict())];

            IEnumerable<SpeedResult> Measure(string verb, Func<ProductSide, double> run)
            {
                var references = References(workload);
                var peaks = new List<double>();
                var own = products.Select(_ => new List<double>()).ToArray();
                var others = references.Select(_ => new List<double>()).ToArray();
                // The first round warms caches and pools up and is not counted.
                for (int round = 0; round <= repetitions; round++)
                {
                    peaks.Add(ProductSide.PeakOperations());
                    for (int i = 0; i < products.Length; i++) own[i].Add(1000 * run(products[i]) / workload.Lengths.Length);
                    for (int i = 0; i < references.Count; i++)
                        others[i].Add(1000 * reference.Time(verb, references[i].Batches, references[i].Pad) / references[i].Batches.Sum(batch => batch.Length));
                }
                Timing[] timings = [.. references.Zip(others, (r, times) => new Timing(r.Name, [.. times.Skip(1)]))];
                for (int i = 0; i < products.Length; i++)
                {
                    var timing = new Timing("MLNet.PTuning", [.. own[i].Skip(1)]);
                    double useful = workload.UsefulOperations(training: verb == "train") / (timing.Median / 1000 * workload.Lengths.Length);
                    yield return new SpeedResult(workload.Shape.Name, workload.PromptLength, workload.Mix, verb, precisions[i].ToString(), workload.Lengths.Length, timing,
                        timings, useful / 1e9, Timing.MedianOf(peaks.Skip(1)) / 1e9, differences[i].Item1, differences[i].Item2);
                }
            }
        }
        finally
        {
            foreach (var product in products) product.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static List<Reference> References(SpeedWorkload workload)
    {
        int[] order = [.. Enumerable.Range(0, workload.Lengths.Length)];
        int[][] inOrder = [.. order.Chunk(SpeedWorkload.BatchSize)];
        var references = new List<Reference> { new(Padded, inOrder[..Math.Min(PaddedBatches, inOrder.Length)], SpeedWorkload.LongestRow) };
        if (workload.Lengths.Min() == workload.Lengths.Max()) return references;
        references.Add(new(Longest, inOrder, "longest"));
        references.Add(new(Sorted, [.. order.OrderBy(i => workload.Lengths[i]).Chunk(SpeedWorkload.BatchSize)], "longest"));
        return references;
    }

    private static (double Logits, double Gradient) Compare(ProductSide product, ReferenceProcess reference, string gradientFile)
    {
        int[] batch = [.. Enumerable.Range(0, 8)];
        var ours = product.Check(batch);
        var theirs = reference.Check(batch, gradientFile);
        double difference = Math.Sqrt(ours.Gradient.Zip(theirs.Gradient, (a, b) => Math.Pow(a - b, 2)).Sum());
        return (ours.Logits.Zip(theirs.Logits, (a, b) => (double)Math.Abs(a - b)).Max(), difference / Math.Sqrt(theirs.Gradient.Sum(value => Math.Pow(value, 2))));
    }
}
