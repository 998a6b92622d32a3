// The rival in training: P-Tuning v2 on BERT as its authors' code computes it, with padded batches and autograd, by libtorch's operators through TorchSharp.
using System.Diagnostics;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace MLNet.PTuning.Benchmarks.Speed;

/// <summary>Works on the same frozen tensors as the product, from the same trained ones. Without dropout, so that the mathematics is the same.</summary>
internal sealed class AuthorsComputation : IDisposable
{
    private readonly FrozenBackbone _backbone;
    private readonly SpeedWorkload _workload;
    private readonly int[][] _ids;
    private readonly int[] _labels;
    private readonly TorchSharp.Modules.Parameter _prefix, _weight, _bias;
    private readonly torch.optim.Optimizer _optimizer;

    /// <param name="backbone">The frozen BERT, in use elsewhere as long as this is.</param>
    /// <param name="trained">Prefix and head to begin with, which are copied.</param>
    /// <param name="workload">Rows.</param>
    public AuthorsComputation(FrozenBackbone backbone, IReadOnlyList<Parameter> trained, SpeedWorkload workload)
    {
        (_backbone, _workload, _ids, _labels) = (backbone, workload, workload.Ids(), workload.Labels());
        (_prefix, _weight, _bias) = (Copy("prefix_encoder.embedding.weight"), Copy("classifier.weight"), Copy("classifier.bias"));
        _optimizer = torch.optim.AdamW([_prefix, _weight, _bias], lr: 1e-3, weight_decay: 0.01);

        TorchSharp.Modules.Parameter Copy(string name) => new(trained.Single(p => p.Name == name).Value.detach().clone());
    }

    /// <summary>Seconds of a training step over each batch.</summary>
    /// <param name="batches">Rows of each, by index.</param>
    /// <param name="width">Word pieces that rows are padded to; null for the longest of each batch.</param>
    public double Train(int[][] batches, int? width) => Time(batches, width, padded =>
    {
        _optimizer.zero_grad();
        functional.cross_entropy(Logits(padded), padded.Labels).backward();
        torch.nn.utils.clip_grad_norm_([_prefix, _weight, _bias], 1);
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
        var result = (ParameterFactory.ToArray(logits), ParameterFactory.ToArray(_prefix.grad!));
        _optimizer.zero_grad();
        return result;
    });

    public void Dispose()
    {
        _optimizer.Dispose();
        foreach (var parameter in new[] { _prefix, _weight, _bias }) parameter.Dispose();
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

    private torch.Tensor Logits(PaddedRows rows)
    {
        long batch = rows.Ids.shape[0], longest = rows.Ids.shape[1], length = _workload.PromptLength;
        var hidden = Norm("embeddings.LayerNorm", Embedding(rows.Ids, Frozen("embeddings.word_embeddings.weight"))
            .Plus(Embedding(torch.zeros_like(rows.Ids), Frozen("embeddings.token_type_embeddings.weight")))
            .Plus(Embedding(torch.arange(length, length + longest), Frozen("embeddings.position_embeddings.weight"))));
        var mask = torch.cat([torch.ones(batch, length), rows.Mask], 1).unsqueeze(1).unsqueeze(1).Times(-1).Plus(1).Times(-10000);
        var positions = torch.arange(length).unsqueeze(0).expand(batch, -1);
        // Chunks 2l and 2l + 1 are layer l's keys and values: [2, B, heads, P, d].
        var past = Embedding(positions, _prefix).view(batch, length, 2 * _workload.Shape.Layers, _workload.Shape.Heads, -1).permute(2, 0, 3, 1, 4).split(2);
        for (int layer = 0; layer < _workload.Shape.Layers; layer++)
        {
            string name = $"encoder.layer.{layer}.";
            var attended = Norm(name + "attention.output.LayerNorm", Linear(name + "attention.output.dense", Attend(name + "attention.self.", hidden, mask, past[layer])).Plus(hidden));
            var widened = functional.gelu(Linear(name + "intermediate.dense", attended));
            hidden = Norm(name + "output.LayerNorm", Linear(name + "output.dense", widened).Plus(attended));
        }
        return functional.linear(Linear("pooler.dense", hidden.select(1, 0)).tanh(), _weight, _bias);
    }

    private torch.Tensor Attend(string name, torch.Tensor hidden, torch.Tensor mask, torch.Tensor past)
    {
        var query = Heads(Linear(name + "query", hidden));
        var key = torch.cat([past.select(0, 0), Heads(Linear(name + "key", hidden))], 2);
        var value = torch.cat([past.select(0, 1), Heads(Linear(name + "value", hidden))], 2);
        var scores = torch.matmul(query, key.transpose(-1, -2)).Times(1 / Math.Sqrt(query.shape[^1])).Plus(mask);
        return torch.matmul(functional.softmax(scores, -1), value).permute(0, 2, 1, 3).contiguous().view(hidden.shape);
    }

    private torch.Tensor Heads(torch.Tensor x) => x.view(x.shape[0], x.shape[1], _workload.Shape.Heads, -1).permute(0, 2, 1, 3);

    private torch.Tensor Linear(string name, torch.Tensor x) => functional.linear(x, Frozen(name + ".weight"), Frozen(name + ".bias"));

    private torch.Tensor Norm(string name, torch.Tensor x) =>
        functional.layer_norm(x, [x.shape[^1]], Frozen(name + ".weight"), Frozen(name + ".bias"), _backbone.Config.LayerNormEpsilon);

    private static torch.Tensor Embedding(torch.Tensor ids, torch.Tensor table) => table.index_select(0, ids.flatten()).view([.. ids.shape, table.shape[1]]);

    private torch.Tensor Frozen(string name) => _backbone.Weights[name];

    // Ids, mask (1 for a word piece, 0 for padding): [B, S]; labels: [B].
    private sealed record PaddedRows(torch.Tensor Ids, torch.Tensor Mask, torch.Tensor Labels);
}
