// P-Tuning v2: trained keys and values at every layer (Liu et al., 2022, "P-Tuning v2: Prompt Tuning Can Be Comparable to Fine-tuning
// Universally Across Scales and Tasks"; the tensors are named and laid out as its authors' code does).
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning;

/// <summary>P-Tuning v2's deep prompt: <see cref="Length"/> trained key and value vectors before the text's own, at every layer.</summary>
public sealed class DeepPrompt : TuningMethod
{
    /// <summary>Prompt length P in vectors a layer. Default 20. It takes P of the backbone's positions.</summary>
    public int Length { get; init; } = 20;

    /// <summary>
    /// Probability of dropping an element of the prompt in training. Default null: the backbone's <c>hidden_dropout_prob</c>.
    /// </summary>
    public double? Dropout { get; init; }

    /// <summary>
    /// Trains the prompt through an embedding [P, H] and a two-layer tanh network instead of directly. Default false.
    /// A saved model holds the network's output, so it is no larger and no slower.
    /// </summary>
    public bool Reparameterize { get; init; }

    /// <summary>Width of that network's inner layer. Default 512.</summary>
    public int ReparameterizationSize { get; init; } = 512;

    /// <summary>Standard deviation of the normal distribution that initial values come from. Default 0.02, as the authors' code.</summary>
    public double InitialDeviation { get; init; } = 0.02;

    internal override int PromptLength => Length;

    internal override void Validate()
    {
        if (Length < 1) throw new ArgumentOutOfRangeException(nameof(Length), Length, "A deep prompt has at least 1 vector.");
        if (Dropout is { } p && !(p >= 0 && p < 1)) throw new ArgumentOutOfRangeException(nameof(Dropout), p, "A dropout is at least 0 and less than 1.");
        if (ReparameterizationSize < 1) throw new ArgumentOutOfRangeException(nameof(ReparameterizationSize), ReparameterizationSize, "The network's inner layer has at least 1 unit.");
        if (!(InitialDeviation > 0)) throw new ArgumentOutOfRangeException(nameof(InitialDeviation), InitialDeviation, "A standard deviation is positive.");
    }

    internal override Tuner CreateTuner(Backbone backbone, long seed)
    {
        using var factory = new ParameterFactory(seed, backbone.Device);
        long hidden = backbone.Config.HiddenSize, table = TableWidth(backbone.Config);
        if (!Reparameterize)
            return new DeepPromptTuner(backbone, this, [new(DeepPromptTuner.Table, factory.Normal(InitialDeviation, Length, table))]);
        return new DeepPromptTuner(backbone, this, [
            new(DeepPromptTuner.Table, factory.Normal(InitialDeviation, Length, hidden)),
            new("prefix_encoder.trans.0.weight", factory.Normal(InitialDeviation, ReparameterizationSize, hidden)),
            new("prefix_encoder.trans.0.bias", factory.Zeros(ReparameterizationSize), Decays: false),
            new("prefix_encoder.trans.2.weight", factory.Normal(InitialDeviation, table, ReparameterizationSize)),
            new("prefix_encoder.trans.2.bias", factory.Zeros(table), Decays: false)]);
    }

    internal override Tuner LoadTuner(Backbone backbone, TensorSource saved)
    {
        long[] shape = [Length, TableWidth(backbone.Config)];
        return new DeepPromptTuner(backbone, this, [new(DeepPromptTuner.Table, ParameterFactory.From(saved(DeepPromptTuner.Table, shape), shape, backbone.Device))]);
    }

    // A key and a value of the hidden size for every layer.
    private static long TableWidth(BackboneConfig config) => 2L * config.LayerCount * config.HiddenSize;
}

/// <summary>The deep prompt's table [P, 2·L·H], direct or as the output of the reparameterization's network.</summary>
internal sealed class DeepPromptTuner(Backbone backbone, DeepPrompt method, IReadOnlyList<Parameter> parameters) : Tuner(backbone)
{
    public const string Table = "prefix_encoder.embedding.weight";

    public override IReadOnlyList<Parameter> Parameters => parameters;

    public override PromptState State()
    {
        // Chunk 2l is layer l's keys, chunk 2l + 1 its values.
        var chunks = Output().split(Backbone.Config.HiddenSize, 1);
        return new PromptState
        {
            Prefix = [.. Enumerable.Range(0, Backbone.Config.LayerCount).Select(l => (chunks[2 * l], chunks[2 * l + 1]))],
            Length = method.Length,
            Dropout = method.Dropout ?? Backbone.Config.HiddenDropout,
        };
    }

    public override IReadOnlyList<(string Name, torch.Tensor Value)> ToSave() => [(Table, Output())];

    private torch.Tensor Output()
    {
        var embedding = parameters[0].Value;
        if (parameters.Count == 1) return embedding;
        var inner = torch.nn.functional.linear(embedding, parameters[1].Value, parameters[2].Value).tanh();
        return torch.nn.functional.linear(inner, parameters[3].Value, parameters[4].Value);
    }
}
