// The randomly initialised classification head of P-Tuning v2: (pooler →) dropout → linear.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tasks;

/// <summary>
/// Turns the hidden states that were read into a score a class. For sequence classification it goes through the backbone's pooler (frozen);
/// where the backbone has none, through one of its own, which is trained and saved.
/// </summary>
internal sealed class LinearHead : IDisposable
{
    private readonly Parameter _weight, _bias;
    private readonly Parameter? _poolerWeight, _poolerBias;
    private readonly bool _pools;

    private LinearHead(bool pools, Parameter weight, Parameter bias, Parameter? poolerWeight, Parameter? poolerBias) =>
        (_pools, _weight, _bias, _poolerWeight, _poolerBias) = (pools, weight, bias, poolerWeight, poolerBias);

    public IReadOnlyList<Parameter> Parameters => _poolerWeight is null ? [_weight, _bias] : [_weight, _bias, _poolerWeight, _poolerBias!];

    /// <summary>A new head: weights from N(0, initializer_range²), biases 0.</summary>
    /// <param name="backbone">What it stands on.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="pools">Whether rows go through a pooler (classification) or not (labelling).</param>
    /// <param name="seed">Seed of the initial values.</param>
    public static LinearHead Create(Backbone backbone, int classes, bool pools, long seed)
    {
        using var factory = new ParameterFactory(seed, backbone.Device);
        double deviation = backbone.Config.InitializerRange;
        return Make(backbone, classes, pools, (_, shape) => shape.Length > 1 ? factory.Normal(deviation, shape) : factory.Zeros(shape));
    }

    /// <summary>A trained head.</summary>
    public static LinearHead Load(Backbone backbone, int classes, bool pools, TensorSource saved) =>
        Make(backbone, classes, pools, (name, shape) => ParameterFactory.From(saved(name, shape), shape, backbone.Device));

    /// <summary>Scores before softmax: [R, H] → [R, classes].</summary>
    /// <param name="hidden">Hidden states at the places read.</param>
    /// <param name="encoder">Whose pooler is used where it has one.</param>
    /// <param name="dropout">Masks of training; null in prediction.</param>
    /// <param name="dropProbability">Their probability.</param>
    public torch.Tensor Logits(torch.Tensor hidden, Encoder encoder, Dropout? dropout, double dropProbability)
    {
        if (_pools)
            hidden = _poolerWeight is null ? encoder.Pool(hidden) : torch.nn.functional.linear(hidden, _poolerWeight.Value, _poolerBias!.Value).tanh();
        if (dropout is not null) hidden = dropout.Apply(hidden, dropProbability);
        return torch.nn.functional.linear(hidden, _weight.Value, _bias.Value);
    }

    public void Dispose()
    {
        foreach (var parameter in Parameters) parameter.Value.Dispose();
    }

    private static LinearHead Make(Backbone backbone, int classes, bool pools, Func<string, long[], torch.Tensor> value)
    {
        long hidden = backbone.Config.HiddenSize;
        bool ownPooler = pools && !backbone.HasPooler;
        return new LinearHead(pools,
            Of("classifier.weight", classes, hidden), Of("classifier.bias", classes),
            ownPooler ? Of("pooler.dense.weight", hidden, hidden) : null, ownPooler ? Of("pooler.dense.bias", hidden) : null);

        Parameter Of(string name, params long[] shape) => new(name, value(name, shape), Decays: shape.Length > 1);
    }
}
