// A rival in training and prediction: P-Tuning v2 with padded batches and autograd, by libtorch's operators through TorchSharp.
using System.Diagnostics;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace MLNet.PTuning.Benchmarks.Speed;

/// <summary>Works on the same frozen tensors as the product, from the same trained ones. Without dropout, so that the mathematics is the same.</summary>
internal abstract class PaddedComputation : IDisposable
{
    private readonly int[][] _ids;
    private readonly int[] _labels;
    private readonly List<TorchSharp.Modules.Parameter> _trained = [];
    private readonly torch.optim.Optimizer _optimizer;

    /// <param name="backbone">The frozen backbone, in use elsewhere as long as this is.</param>
    /// <param name="trained">Prefix and head to begin with, which are copied.</param>
    /// <param name="workload">Rows.</param>
    protected PaddedComputation(FrozenBackbone backbone, IReadOnlyList<Parameter> trained, SpeedWorkload workload)
    {
        (Backbone, Workload, _ids, _labels) = (backbone, workload, workload.Ids(), workload.Labels());
        (Prefix, HeadWeight, HeadBias) = (Copy("prefix_encoder.embedding.weight")!, Copy("classifier.weight")!, Copy("classifier.bias"));
        _optimizer = torch.optim.AdamW(_trained, lr: 1e-3, weight_decay: 0.01);

        TorchSharp.Modules.Parameter? Copy(string name)
        {
            if (trained.SingleOrDefault(p => p.Name == name) is not { } parameter) return null;
            _trained.Add(new(parameter.Value.detach().clone()));
            return _trained[^1];
        }
    }

    /// <summary>The computation of a workload's backbone.</summary>
    /// <inheritdoc cref="PaddedComputation(FrozenBackbone, IReadOnlyList{Parameter}, SpeedWorkload)"/>
    public static PaddedComputation Of(FrozenBackbone backbone, IReadOnlyList<Parameter> trained, SpeedWorkload workload) =>
        workload.Shape.KeyHeads is null ? new AuthorsComputation(backbone, trained, workload) : new LlamaComputation(backbone, trained, workload);

    protected FrozenBackbone Backbone { get; }

    protected SpeedWorkload Workload { get; }

    /// <summary>[P, 2·L·W].</summary>
    protected torch.Tensor Prefix { get; }

    protected torch.Tensor HeadWeight { get; }

    /// <summary>Null where the head has none.</summary>
    protected torch.Tensor? HeadBias { get; }

    /// <summary>Seconds of a training step over each batch.</summary>
    /// <param name="batches">Rows of each, by index.</param>
    /// <param name="width">Word pieces that rows are padded to; null for the longest of each batch.</param>
    public double Train(int[][] batches, int? width) => Time(batches, width, padded =>
    {
        _optimizer.zero_grad();
        functional.cross_entropy(Logits(padded), padded.Labels).backward();
        torch.nn.utils.clip_grad_norm_(_trained, 1);
        _optimizer.step();
    });

    /// <summary>Seconds of a prediction of each batch.</summary>
    /// <inheritdoc cref="Train"/>
    public double Predict(int[][] batches, int? width) => Time(batches, width, padded =>
    {
        using var noGrad = torch.no_grad();
        functional.softmax(Logits(padded), -1);
    });

    /// <summary>Logits of a batch, and the prefix's gradient.</summary>
    public (float[] Logits, float[] Gradient) Check(int[] batch) => ComputeThread.Run(() =>
    {
        using var scope = torch.NewDisposeScope();
        var padded = Pad(batch, null);
        var logits = Logits(padded);
        functional.cross_entropy(logits, padded.Labels).backward();
        var result = (ParameterFactory.ToArray(logits), ParameterFactory.ToArray(Prefix.grad!));
        _optimizer.zero_grad();
        return result;
    });

    public void Dispose()
    {
        _optimizer.Dispose();
        foreach (var parameter in _trained) parameter.Dispose();
    }

    private double Time(int[][] batches, int? width, Action<PaddedRows> step) => ComputeThread.Run(() =>
    {
        ComputeThread.SetLibtorchThreads(ComputeThread.ThreadCount);
        using var scope = torch.NewDisposeScope();
        PaddedRows[] padded = [.. batches.Select(batch => Pad(batch, width))];
        long started = Stopwatch.GetTimestamp();
        foreach (var rows in padded)
        {
            using var ofStep = torch.NewDisposeScope();
            step(rows);
        }
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    });

    private PaddedRows Pad(int[] batch, int? width)
    {
        int longest = width ?? batch.Max(row => _ids[row].Length);
        var ids = new long[batch.Length * longest];
        var mask = new float[ids.Length];
        for (int row = 0; row < batch.Length; row++)
            for (int i = 0; i < _ids[batch[row]].Length; i++) (ids[row * longest + i], mask[row * longest + i]) = (_ids[batch[row]][i], 1);
        return new(torch.tensor(ids, [batch.Length, longest]), torch.tensor(mask, [batch.Length, longest]), torch.tensor(Array.ConvertAll(batch, row => (long)_labels[row])));
    }

    /// <summary>Scores before softmax: [B, classes].</summary>
    protected abstract torch.Tensor Logits(PaddedRows rows);

    protected static torch.Tensor Embedding(torch.Tensor ids, torch.Tensor table) => table.index_select(0, ids.flatten()).view([.. ids.shape, table.shape[1]]);

    protected torch.Tensor Frozen(string name) => Backbone.Weights[name];

    /// <summary>Padded rows.</summary>
    /// <param name="Ids">[B, S].</param>
    /// <param name="Mask">1 for a word piece, 0 for padding: [B, S].</param>
    /// <param name="Labels">[B].</param>
    protected sealed record PaddedRows(torch.Tensor Ids, torch.Tensor Mask, torch.Tensor Labels);
}
