// One row at a time: a prediction engine beside the encoder alone on the same row's word pieces, and the steps between them.
using BenchmarkDotNet.Attributes;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using TorchSharp;

namespace MLNet.PTuning.MicroBenchmarks;

[MemoryDiagnoser]
public class SingleRowBenchmarks
{
    private const int TrainingRows = 64, Repeats = 16, MaxLength = 256;
    private PTuningClassificationTransformer? _model;
    private PredictionEngine<Review, Verdict>? _engine;
    private Review _row = new();
    private Example? _example;
    private PackedBatch? _batch;
    private PromptState? _prompt;

    /// <summary>Words of the row.</summary>
    [Params(8, 24, 100)]
    public int Words { get; set; }

    [GlobalSetup]
    public void Train()
    {
        var ml = new MLContext(seed: 1);
        var data = ml.Data.LoadFromEnumerable(SampleTexts.Make(TrainingRows, words: 12).Select((text, i) => new Review { Text = text, Label = i % 2 == 0 ? "good" : "bad" }));
        var model = ml.Transforms.Conversion.MapValueToKey("Label")
            .Append(ml.Transforms.PTuningV2Classify(new TextClassificationOptions(SampleTexts.Backbone) { Epochs = 1 })).Fit(data);
        _model = model.LastTransformer;
        _engine = ml.Model.CreatePredictionEngine<Review, Verdict>(model);
        _row = new Review { Text = SampleTexts.Make(1, Words)[0], Label = "good" };
        var encoded = _model.Model.Backbone.Tokenizer.Encode(_row.Text, null, MaxLength);
        _example = TextClassification.Example(encoded, Example.NoTarget);
        _batch = Batch.Of([_example]).Rows;
        _prompt = ComputeThread.Run(() =>
        {
            using var noGrad = torch.no_grad();
            return _model.Model.State();
        });
    }

    /// <summary>The encoder's call on the compute thread, so that no change of threads is counted.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Repeats)]
    public void Encoder() => ComputeThread.Run(() =>
    {
        using var noGrad = torch.no_grad();
        for (int i = 0; i < Repeats; i++)
        {
            using var scope = torch.NewDisposeScope();
            _model!.Model.Backbone.Encoder.Run(_batch!, Example.FirstToken, _prompt!, null, Precision.Float32);
        }
    });

    /// <summary>Encoder, head and softmax on an encoded row, on the compute thread.</summary>
    [Benchmark]
    public float[][] Model() => _model!.Model.Predict([_example!]);

    [Benchmark]
    public int Tokenizer() => _model!.Model.Backbone.Tokenizer.Encode(_row.Text, null, MaxLength).Ids.Length;

    [Benchmark]
    public float PredictionEngine() => _engine!.Predict(_row).Score[0];

    [GlobalCleanup]
    public void Free()
    {
        _engine?.Dispose();
        _model?.Dispose();
    }

    private sealed class Review
    {
        public string Text { get; set; } = "";

        public string Label { get; set; } = "";
    }

    private sealed class Verdict
    {
        public float[] Score { get; set; } = [];
    }
}
