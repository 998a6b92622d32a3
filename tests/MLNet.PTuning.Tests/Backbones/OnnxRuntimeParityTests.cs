// Published ONNX models against ONNX Runtime, which runs their graphs as they are.
using Microsoft.ML.OnnxRuntime;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;
using Xunit.Abstractions;

namespace MLNet.PTuning.Tests.Backbones;

public class OnnxRuntimeParityTests(ITestOutputHelper output)
{
    private const double Tolerance = 2e-4;
    private const int Longest = 200;

    private static readonly string[] Phrases =
    [
        "the film was good", "It's a well-made, 3.5-star (or so) thriller; isn't it?", "Crème brûlée à la façon d'Élodie", "naïve coöperation, Ångström & Łódź",
        "機械学習は楽しい", "我爱北京天安门", "한국어 문장입니다", "Съешь же ещё этих мягких булок", "😀👍🏽 10/10 would watch again 🎬", "e-mail: someone@example.com, http://example.com/a?b=c#d",
        "antidisestablishmentarianism", "…—–‘quotes’ “and” «others»", "$1,299.99 + 7% = €1.391", "ALL CAPS SHOUTING!!!", "x² ≤ ½·π ± ∞", "tab\tnew\nline\u00a0space",
    ];

    // 64 texts: nothing, one phrase, a few, and eight of up to the longest rows.
    private static string[] Texts => [.. Enumerable.Range(0, 64).Select(i =>
    {
        int count = i < 32 ? Math.Min(i, 1) : i < 56 ? (i - 28) / 4 : 6 * (i - 55);
        return string.Join(' ', Enumerable.Range(0, count).Select(k => Phrases[(i + 5 * k) % Phrases.Length]));
    })];

    [Theory]
    [InlineData(RealBackbones.MiniLm, true)]
    [InlineData(RealBackbones.Arctic, false)]
    public void Hidden_states_and_the_pooled_output_are_ONNX_Runtimes(string name, bool pools)
    {
        string folder = RealBackbones.Folder(name);
        using var lease = FrozenBackbone.Use(folder, torch.CPU);
        FrozenBackbone backbone = lease.Backbone;
        Assert.Equal(pools, backbone.HasPooler);
        int[][] rows = [.. Texts.Select(text => backbone.Tokenizer.Encode(text, null, Longest).Ids)];
        Assert.InRange(rows.Min(row => row.Length), 2, 3);
        Assert.Equal(Longest, rows.Max(row => row.Length));

        var (hidden, pooled) = OfOnnxRuntime(Path.Combine(folder, "model.onnx"), rows);
        List<float> byLibtorch = [], predicted = [], pooledHere = [];
        // A few rows at a time, so that other tests get their turns.
        foreach (int[][] some in rows.Chunk(8))
            ComputeThread.Run(() =>
            {
                using var scope = torch.NewDisposeScope();
                using var noGrad = torch.no_grad();
                int[] ids = [.. some.SelectMany(row => row)], starts = [0, .. some.Select((_, i) => some[..(i + 1)].Sum(row => row.Length))];
                var batch = new PackedBatch(ids, new int[ids.Length], starts);
                int[] everywhere = [.. Enumerable.Range(0, ids.Length)];
                byLibtorch.AddRange(ParameterFactory.ToArray(backbone.Encoder.Forward(batch, everywhere, PromptState.None, null)));
                predicted.AddRange(ParameterFactory.ToArray(backbone.Encoder.Run(batch, everywhere, PromptState.None, null, Precision.Float32).Hidden));
                if (!pools) return;
                var first = backbone.Encoder.Forward(batch, starts[..^1], PromptState.None, null);
                pooledHere.AddRange(ParameterFactory.ToArray(backbone.Encoder.PoolerActivation(backbone.Encoder.Pooler!.Apply(first))));
            });
        Check("hidden states by libtorch's operations", hidden, byLibtorch);
        Check("hidden states as predictions compute them", hidden, predicted);
        if (pools) Check("pooled output", pooled, pooledHere);

        void Check(string what, List<float> expected, List<float> actual)
        {
            Assert.Equal(expected.Count, actual.Count);
            double largest = expected.Zip(actual, (one, other) => Math.Abs((double)one - other)).Max();
            output.WriteLine($"{name}, {what}: {actual.Count} numbers of magnitudes up to {expected.Max(Math.Abs):0.00}, largest difference {largest:0.0e0}");
            Assert.InRange(largest, 0, Tolerance);
        }
    }

    // The graph's first output is the last layer's hidden states; a second one, where it has it, the pooler's.
    private static (List<float> Hidden, List<float> Pooled) OfOnnxRuntime(string path, int[][] rows)
    {
        // Threads of its own would compete with libtorch's.
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        using var session = new InferenceSession(path, options);
        using var run = new RunOptions();
        List<float> hidden = [], pooled = [];
        foreach (int[] row in rows)
        {
            var inputs = new Dictionary<string, OrtValue>
            {
                ["input_ids"] = Value(row.Select(id => (long)id)),
                ["attention_mask"] = Value(row.Select(_ => 1L)),
                ["token_type_ids"] = Value(row.Select(_ => 0L)),
            };
            using IDisposableReadOnlyCollection<OrtValue> results = session.Run(run, inputs, session.OutputNames);
            hidden.AddRange(results[0].GetTensorDataAsSpan<float>());
            if (results.Count > 1) pooled.AddRange(results[1].GetTensorDataAsSpan<float>());
            foreach (OrtValue input in inputs.Values) input.Dispose();

            OrtValue Value(IEnumerable<long> values) => OrtValue.CreateTensorValueFromMemory(values.ToArray(), [1, row.Length]);
        }
        return (hidden, pooled);
    }
}
