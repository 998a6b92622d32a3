// A small BERT with its hand-written layers in every vector width, and rows and prompts for them.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Backbones.Cpu;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

/// <summary>The base of tests of the hand-written layers.</summary>
public abstract class PackedLayersCase : IDisposable
{
    private protected const int PromptLength = 5;
    private static readonly int[] RowLengths = [1, 50, 3, 33, 8];

    private readonly ParityCase _case = new("bert-small-random", "a_encoder");
    private protected readonly FrozenBackbone.Lease _lease;

    private protected PackedLayersCase() => _lease = _case.Lease();

    public void Dispose()
    {
        _lease.Dispose();
        _case.Dispose();
    }

    private protected static PackedBatch Rows()
    {
        var random = new Random(1);
        int total = RowLengths.Sum();
        var starts = new int[RowLengths.Length + 1];
        for (int i = 0; i < RowLengths.Length; i++) starts[i + 1] = starts[i] + RowLengths[i];
        return new PackedBatch([.. Enumerable.Range(0, total).Select(_ => random.Next(200))], [.. Enumerable.Range(0, total).Select(_ => random.Next(2))], starts);
    }

    private protected (PromptState State, torch.Tensor Leaf) Prompt(double dropout)
    {
        var config = _lease.Backbone.Config;
        var leaf = (Random(PromptLength, 2L * config.LayerCount * config.HiddenSize, seed: 2) * 0.5).requires_grad_(true);
        return (StateOf(leaf, dropout), leaf);
    }

    private protected static PromptState StateOf(torch.Tensor table, double dropout) => new() { Prefix = table, Length = PromptLength, Dropout = dropout };

    // An encoder whose embedded rows are given.
    private protected sealed class Given(torch.Tensor embedded, BackboneConfig config, IReadOnlyList<LayerWeights> layers) : PostNormEncoder(config, null!, layers)
    {
        public override torch.Tensor Embed(PackedBatch batch, PromptState prompt, Dropout? dropout) => embedded;
    }

    private protected BackboneConfig Dropping => _lease.Backbone.Config with { HiddenDropout = 0.2, AttentionDropout = 0.3 };

    private protected IReadOnlyList<LayerWeights> Layers(BackboneConfig config) => Bert.Layers(config, new EncoderWeights(_ => true, (name, _) => _lease.Backbone.Weights[name]));

    private protected Embeddings Embeddings(BackboneConfig config) => Bert.EmbeddingsOf(config, new EncoderWeights(_ => true, (name, _) => _lease.Backbone.Weights[name]));

    // With the backbone's dropout at all its places.
    private protected PackedBackbone Form(BackboneConfig config) => new(config, Embeddings(config), Layers(config))
    {
        EmbeddingDropout = config.HiddenDropout,
        AttentionOutputDropout = config.HiddenDropout,
        OutputDropout = config.HiddenDropout,
    };

    private protected PackedLayers PackedInHalves(int bits, BackboneConfig config) => Of<BFloat16>(bits, Form(config));

    private protected PackedLayers Packed(int bits, BackboneConfig config) => Of<float>(bits, Form(config));

    internal static PackedLayers Of<T>(int bits, PackedBackbone backbone) where T : unmanaged => bits switch
    {
        128 => new PackedLayers<Lanes128, T>(backbone),
        256 => new PackedLayers<Lanes256, T>(backbone),
        _ => new PackedLayers<Lanes512, T>(backbone),
    };

    internal static double RelativeDifference(torch.Tensor expected, torch.Tensor actual) => ((actual - expected).norm() / expected.norm()).item<float>();

    private protected static torch.Tensor Random(long rows, long columns, int seed)
    {
        using var factory = new ParameterFactory(seed, torch.CPU);
        using var leaf = factory.Normal(1, rows, columns);
        return leaf.detach().clone();
    }

    internal static void AssertClose(torch.Tensor expected, torch.Tensor actual, double tolerance)
    {
        float[] e = ParameterFactory.ToArray(expected), a = ParameterFactory.ToArray(actual);
        Assert.Equal(e.Length, a.Length);
        double largest = Math.Max(1, e.Max(Math.Abs));
        for (int i = 0; i < e.Length; i++) Assert.True(Math.Abs(e[i] - a[i]) <= tolerance * largest, $"element {i}: expected {e[i]}, got {a[i]}");
    }
}
