// Measures prediction of real texts through ML.NET beside ONNX Runtime on the same weights, tokenization counted on both sides.
namespace MLNet.PTuning.Benchmarks.Speed;

/// <summary>One line of the table.</summary>
/// <param name="Backbone">The backbone.</param>
/// <param name="Way">Data view, one row at a time, or the tokenizer alone.</param>
/// <param name="Precision">Of this project's frozen weights and products; ONNX Runtime's are 32-bit floats.</param>
/// <param name="Product">This project.</param>
/// <param name="Rivals">ONNX Runtime, a way of batching each.</param>
internal sealed record PredictionResult(string Backbone, string Way, string Precision, Timing Product, IReadOnlyList<Timing> Rivals)
{
    /// <summary>How many times faster than each rival the product is.</summary>
    public IReadOnlyDictionary<string, Ratio> Ratios => Rivals.ToDictionary(rival => rival.Name, rival => rival.Over(Product));
}

internal static class PredictionMeasurement
{
    public const string Longest = "padded to longest", Sorted = "sorted by length", One = "one row", Tokenizer = "tokenizer";

    // Rows one by one take a multiple of the time, and vary less.
    private const int OneByOneShare = 4;

    /// <param name="backbone">Folder of the backbone, with its ONNX model.</param>
    /// <param name="name">The backbone's, for the table.</param>
    /// <param name="texts">What is predicted.</param>
    /// <param name="promptLength">Vectors a layer.</param>
    /// <param name="precisions">Of the product.</param>
    /// <param name="rounds">Passes of each side that are counted.</param>
    public static IReadOnlyList<PredictionResult> Run(string backbone, string name, string[] texts, int promptLength, IReadOnlyList<Precision> precisions, int rounds)
    {
        PipelineSide[] products = [];
        using var onnx = new OnnxSide(backbone);
        string[] some = [.. texts.Where((_, i) => i % OneByOneShare == 0)];
        try
        {
            products = [.. precisions.Select(precision => new PipelineSide(backbone, texts, promptLength, precision))];
            List<(string Name, Func<double> Run)> sides =
            [
                (Longest, () => onnx.Batches(texts, sorted: false)), (Sorted, () => onnx.Batches(texts, sorted: true)), (One, () => onnx.OneByOne(some)), (Tokenizer, () => onnx.Tokenize(texts)),
            ];
            int rivals = sides.Count;
            foreach (var product in products) sides.AddRange([("MLNet.PTuning", () => product.DataView(texts)), ("MLNet.PTuning", () => product.OneByOne(some))]);
            sides.Add(("MLNet.PTuning", () => products[0].Tokenize(texts)));
            var timings = Timing.InTurns(rounds, sides);
            return
            [
                .. precisions.Select((precision, i) => new PredictionResult(name, "data view", precision.ToString(), timings[rivals + 2 * i], [timings[0], timings[1]])),
                .. precisions.Select((precision, i) => new PredictionResult(name, "one row", precision.ToString(), timings[rivals + 2 * i + 1], [timings[2]])),
                new PredictionResult(name, "tokenizer alone", "", timings[^1], [timings[3]]),
            ];
        }
        finally
        {
            foreach (var product in products) product.Dispose();
        }
    }
}
