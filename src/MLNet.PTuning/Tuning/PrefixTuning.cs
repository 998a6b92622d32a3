// Prefix-Tuning (Li and Liang, 2021, "Prefix-Tuning: Optimizing Continuous Prompts for Generation").
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning;

/// <summary>
/// Prefix-Tuning: keys and values before the text's own at every layer, trained through an embedding [P, H] and a two-layer tanh network
/// (Li and Liang, 2021, section 4.3). A saved model holds the network's output alone. Initial values are those of PEFT: N(0, 1) for the embedding,
/// ±1/√inputs, uniform, for the network.
/// </summary>
public sealed class PrefixTuning : TuningMethod
{
    /// <summary>Prefix length P in vectors a layer. Default 20. It takes P of the backbone's positions.</summary>
    public int Length { get; init; } = 20;

    /// <summary>Width of the network's inner layer. Default 512.</summary>
    public int EncoderHiddenSize { get; init; } = 512;

    /// <summary>Probability of dropping an element of the prefix in training. Default 0.</summary>
    public double Dropout { get; init; }

    internal override int PromptLength => Length;

    internal override MethodDefaults Defaults(bool ofWords) => new(1e-3);

    internal override void Validate()
    {
        if (Length < 1) throw new ArgumentOutOfRangeException(nameof(Length), Length, "A prefix has at least 1 vector.");
        if (EncoderHiddenSize < 1) throw new ArgumentOutOfRangeException(nameof(EncoderHiddenSize), EncoderHiddenSize, "The network's inner layer has at least 1 unit.");
        if (!(Dropout >= 0 && Dropout < 1)) throw new ArgumentOutOfRangeException(nameof(Dropout), Dropout, "A dropout is at least 0 and less than 1.");
    }

    internal override Tuner CreateTuner(FrozenBackbone backbone, long seed)
    {
        using var factory = new ParameterFactory(seed, backbone.Device);
        long hidden = backbone.Config.HiddenSize;
        var table = PrefixTable.Network(Length, backbone.Config.LayerCount, backbone.Config.KeyValueWidth, hidden, EncoderHiddenSize, (name, shape) => name switch
        {
            PrefixTable.Name => factory.Normal(1, shape),
            _ => factory.Uniform(1 / Math.Sqrt(name.Contains(".0.") ? hidden : EncoderHiddenSize), shape),
        });
        return new PrefixTuner(backbone, table, Length, Dropout);
    }

    internal override Tuner LoadTuner(FrozenBackbone backbone, TensorSource saved) => PrefixTuner.Load(backbone, Length, Dropout, saved);
}
