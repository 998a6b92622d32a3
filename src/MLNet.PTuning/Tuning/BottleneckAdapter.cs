// Adapters (Houlsby et al., 2019, "Parameter-Efficient Transfer Learning for NLP"; the single one a layer of Pfeiffer et al., 2021).
using System.Text.Json.Serialization;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning;

/// <summary>Where adapters are placed in a layer.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AdapterPlacement>))]
public enum AdapterPlacement
{
    /// <summary>One after the attention and one after the feed-forward (Houlsby et al., 2019).</summary>
    AttentionAndFeedForward,

    /// <summary>One after the feed-forward: half the parameters (Pfeiffer et al., 2021).</summary>
    FeedForward,
}

/// <summary>
/// Small trained networks inside every layer: x + Wᵤ gelu(W_d x + b_d) + bᵤ with W_d [size, H] and Wᵤ [H, size], on a sublayer's output before it is added to
/// the sublayer's input (Houlsby et al., 2019, figure 2). With the small initial values an adapter begins near the identity.
/// The backbone's norms stay frozen.
/// </summary>
public sealed class BottleneckAdapter : TuningMethod
{
    /// <summary>Width of the bottleneck. Default 64.</summary>
    public int Size { get; init; } = 64;

    /// <summary>Where adapters are placed. Default: after the attention and after the feed-forward.</summary>
    public AdapterPlacement Placement { get; init; }

    /// <summary>Standard deviation of the normal distribution that initial weights come from; biases begin at 0. Default 0.01, as in the paper.</summary>
    public double InitialDeviation { get; init; } = 0.01;

    internal override int PromptLength => 0;

    internal override bool KeepsLayers => false;

    internal override MethodDefaults Defaults(bool ofWords) => new(1e-3);

    internal override void Validate()
    {
        if (Size < 1) throw new ArgumentOutOfRangeException(nameof(Size), Size, "A bottleneck has at least 1 unit.");
        if (!Enum.IsDefined(Placement)) throw new ArgumentOutOfRangeException(nameof(Placement), Placement, "There is no such placement.");
        if (!(InitialDeviation > 0)) throw new ArgumentOutOfRangeException(nameof(InitialDeviation), InitialDeviation, "A standard deviation is positive.");
    }

    internal override Tuner CreateTuner(FrozenBackbone backbone, long seed)
    {
        using var factory = new ParameterFactory(seed, backbone.Device);
        return new AdapterTuner(backbone, this, (_, shape) => shape.Length > 1 ? factory.Normal(InitialDeviation, shape) : factory.Zeros(shape));
    }

    internal override Tuner LoadTuner(FrozenBackbone backbone, TensorSource saved) =>
        new AdapterTuner(backbone, this, (name, shape) => ParameterFactory.From(saved(name, shape), shape, backbone.Device));

    private sealed class AdapterTuner : Tuner
    {
        private readonly List<Parameter> _parameters = [];
        private readonly LayerAdapters[] _layers;

        public AdapterTuner(FrozenBackbone backbone, BottleneckAdapter method, ParameterSource value) : base(backbone)
        {
            long hidden = backbone.Config.HiddenSize;
            bool both = method.Placement == AdapterPlacement.AttentionAndFeedForward;
            _layers = [.. Enumerable.Range(0, backbone.Config.LayerCount).Select(l => new LayerAdapters(
                both ? Adapter($"adapters.{l}.attention") : null, Adapter($"adapters.{l}.feed_forward")))];

            Func<torch.Tensor, torch.Tensor> Adapter(string name)
            {
                var down = new Linear(Add($"{name}.down.weight", method.Size, hidden), Add($"{name}.down.bias", method.Size));
                var up = new Linear(Add($"{name}.up.weight", hidden, method.Size), Add($"{name}.up.bias", hidden));
                return x => x.Plus(up.Apply(torch.nn.functional.gelu(down.Apply(x))));
            }

            torch.Tensor Add(string name, params long[] shape)
            {
                var parameter = new Parameter(name, value(name, shape), Decays: shape.Length > 1);
                _parameters.Add(parameter);
                return parameter.Value;
            }
        }

        public override IReadOnlyList<Parameter> Parameters => _parameters;

        public override PromptState State() => new() { Adapters = _layers };
    }
}
