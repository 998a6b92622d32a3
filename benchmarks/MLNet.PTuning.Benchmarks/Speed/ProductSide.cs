// The product's side of the speed comparison: its own training loop and prediction, below ML.NET's pipeline.
using System.Diagnostics;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Training;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Benchmarks.Speed;

internal sealed class ProductSide : IDisposable
{
    private readonly TunedModel _model;
    private readonly Example[] _examples;

    public ProductSide(string backbone, SpeedWorkload workload, Precision precision)
    {
        _model = TunedModel.Create(FrozenBackbone.Use(backbone, torch.CPU, precision), workload.PromptLength > 0 ? new DeepPrompt { Length = workload.PromptLength } : new HeadOnly(), workload.Classes, pools: true, headDropout: null, seed: 1);
        _model.Computation = new Computation(precision, null);
        _examples = [.. workload.Ids().Zip(workload.Labels(), (ids, label) => new Example(ids, new int[ids.Length], workload.Shape.KeyHeads is null ? Example.FirstToken : [ids.Length - 1], [label]))];
    }

    /// <summary>What is trained: the prompt and the head.</summary>
    public IReadOnlyList<Parameter> Trained => _model.Parameters;

    /// <summary>
    /// Seconds of an epoch over the rows, as the product orders and batches them: the second, as nearly all of a training's. In the first it takes its memory
    /// from the system.
    /// </summary>
    public double Train()
    {
        var options = new TextClassificationOptions("unread") { Epochs = 2, BatchSize = SpeedWorkload.BatchSize, LearningRate = 1e-3 };
        return new Trainer(_model, options, options.LearningRate.Value, seed: 1, ["negative", "positive"], TextClassification.Accuracy, new Silence()).Run(_examples, null, 0).Epochs[1].Seconds;
    }

    /// <summary>
    /// The share of a training step that is not the encoder's passes, forward and backward: batching, masks, head, loss, clipping, optimizer. Timed within the steps of a second epoch,
    /// so that what the machine does meanwhile weighs on both parts alike.
    /// </summary>
    public double OutsideEncoder() => ComputeThread.Run(() =>
    {
        var encoder = _model.Backbone.Encoder;
        var head = _model.Parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value);
        using var optimizer = new AdamW(_model.Parameters, weightDecay: 0.01);
        using var dropout = new Dropout(1, torch.CPU, inBackbone: false);
        long inside = 0, whole = 0;
        for (int epoch = 0; epoch < 2; epoch++)
        {
            (inside, long started) = (0, Stopwatch.GetTimestamp());
            foreach (int[] rows in RowOrder.Batches(_examples, SpeedWorkload.BatchSize, 1, epoch))
            {
                using var scope = torch.NewDisposeScope();
                var batch = Batch.Of([.. rows.Select(i => _examples[i])]);
                dropout.StartStep(optimizer.Steps);
                EncoderPass pass = null!;
                var state = _model.State();
                Inside(() => pass = encoder.Run(batch.Rows, batch.ReadPositions, state, dropout, _model.Computation.Precision));
                var pooled = encoder.Pooler is { } pooler ? encoder.PoolerActivation(pooler.Apply(pass.Hidden)) : pass.Hidden;
                CrossEntropy.Mean(torch.nn.functional.linear(dropout.Apply(pooled, 0.1, Counted.Vectors), head[LinearHead.Weight], head.GetValueOrDefault(LinearHead.Bias)), batch, null).backward();
                Inside(pass.Backward);
                optimizer.Step(1e-3, clipNorm: 1);
            }
            whole = Stopwatch.GetTimestamp() - started;
        }
        _model.EndTraining();
        return 1 - (double)inside / whole;

        void Inside(Action part)
        {
            long before = Stopwatch.GetTimestamp();
            part();
            inside += Stopwatch.GetTimestamp() - before;
        }
    });

    /// <summary>Seconds of one pass over the rows in the order of the data, as prediction over a data view batches them.</summary>
    public double Predict()
    {
        long started = Stopwatch.GetTimestamp();
        foreach (var batch in _examples.Chunk(SpeedWorkload.BatchSize)) _model.Predict(batch);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Logits of a batch and the prompt's gradient, without dropout.</summary>
    public (float[] Logits, float[] Gradient) Check(int[] batch) => ComputeThread.Run(() =>
    {
        using var scope = torch.NewDisposeScope();
        var packed = Batch.Of([.. batch.Select(i => _examples[i])]);
        var logits = _model.Logits(packed, null);
        _model.Backward(torch.nn.functional.cross_entropy(logits, torch.tensor(Array.ConvertAll(packed.Targets, target => (long)target))));
        var gradient = _model.Parameters[0].Value.grad!;
        var result = (ParameterFactory.ToArray(logits), ParameterFactory.ToArray(gradient));
        foreach (var parameter in _model.Parameters) parameter.Value.grad!.zero_();
        return result;
    });

    /// <summary>Floating-point operations a second of a large matrix product on all cores.</summary>
    public static double PeakOperations() => ComputeThread.Run(() =>
    {
        const int Size = 2048, Products = 4;
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var left = torch.ones([Size, Size], dtype: torch.ScalarType.Float32);
        var right = torch.ones([Size, Size], dtype: torch.ScalarType.Float32);
        ComputeThread.SetLibtorchThreads(ComputeThread.ThreadCount);
        torch.mm(left, right);
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < Products; i++) torch.mm(left, right);
        return Products * 2.0 * Size * Size * Size / Stopwatch.GetElapsedTime(started).TotalSeconds;
    });

    public void Dispose() => _model.Dispose();

    private sealed class Silence : ITrainingObserver
    {
        public void AfterStep(int epoch, int step, int stepsPerEpoch, double loss) { }

        public void AfterEpoch(TrainingEpoch epoch) { }

        public void Warn(string message) { }
    }
}
