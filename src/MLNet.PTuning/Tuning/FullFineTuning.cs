// The baseline that trains every parameter of the backbone.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning;

/// <summary>
/// Trains all of the backbone's parameters, on a copy of its own. It is the measure that P-Tuning v2 is held against;
/// a model file holds the whole copy.
/// </summary>
public sealed class FullFineTuning : TuningMethod
{
    internal override int PromptLength => 0;

    internal override double DefaultLearningRate => 5e-5;

    internal override void Validate() { }

    internal override Tuner CreateTuner(Backbone backbone, long seed) =>
        Create(backbone, (_, frozen) => frozen.detach().clone().requires_grad_(true).DetachFromDisposeScope());

    internal override Tuner LoadTuner(Backbone backbone, TensorSource saved) =>
        Create(backbone, (name, frozen) => ParameterFactory.From(saved(Prefix + name, frozen.shape), frozen.shape, backbone.Device));

    private const string Prefix = "backbone.";

    private static Tuner Create(Backbone backbone, Func<string, torch.Tensor, torch.Tensor> value)
    {
        var copies = backbone.Weights.ToDictionary(w => w.Key, w => value(w.Key, w.Value));
        return new FullTuner(backbone, backbone.CreateEncoder(copies),
            [.. copies.Select(c => new Parameter(Prefix + c.Key, c.Value, Decays: c.Value.dim() > 1))]);
    }

    private sealed class FullTuner(Backbone backbone, Encoder encoder, IReadOnlyList<Parameter> parameters) : Tuner(backbone)
    {
        public override IReadOnlyList<Parameter> Parameters => parameters;

        public override Encoder Encoder => encoder;

        public override bool Replaces(Parameter parameter) => parameters.Contains(parameter);

        public override PromptState State() => PromptState.None;
    }
}
