// Trains copies of some of the backbone's own tensors: all of them, or its biases.
using MLNet.PTuning.Backbones;
using TorchSharp;

namespace MLNet.PTuning.Tuning;

/// <summary>The backbone's encoder over trained copies of chosen tensors and over the frozen rest.</summary>
internal sealed class WeightTuner : Tuner
{
    private const string Prefix = "backbone.";

    private WeightTuner(FrozenBackbone backbone, Func<string, bool> trains, Func<string, torch.Tensor, TorchSharp.Modules.Parameter> value) : base(backbone)
    {
        var trained = backbone.Weights.Where(w => trains(w.Key)).ToDictionary(w => w.Key, w => value(w.Key, w.Value));
        Encoder = backbone.CreateEncoder(backbone.Weights.ToDictionary(w => w.Key, w => trained.TryGetValue(w.Key, out var own) ? own : w.Value));
        Parameters = [.. trained.Select(t => new Parameter(Prefix + t.Key, t.Value, Decays: t.Value.dim() > 1))];
    }

    public override IReadOnlyList<Parameter> Parameters { get; }

    public override Encoder Encoder { get; }

    /// <summary>Copies that begin as the backbone's.</summary>
    /// <param name="backbone">Whose tensors are copied.</param>
    /// <param name="trains">Whether the tensor of a name is trained.</param>
    public static WeightTuner Create(FrozenBackbone backbone, Func<string, bool> trains) =>
        new(backbone, trains, (_, frozen) => ParameterFactory.From(frozen));

    /// <summary>Copies that a model file holds.</summary>
    public static WeightTuner Load(FrozenBackbone backbone, Func<string, bool> trains, TensorSource saved) =>
        new(backbone, trains, (name, frozen) => ParameterFactory.From(saved(Prefix + name, frozen.shape), frozen.shape, backbone.Device));

    public override bool Replaces(Parameter parameter) => Parameters.Contains(parameter);

    public override PromptState State() => PromptState.None;
}
