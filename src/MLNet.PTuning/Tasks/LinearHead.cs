// The randomly initialized classification head of P-Tuning v2: (pooler →) dropout → linear.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Backbones.Cpu;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tasks;

/// <summary>
/// Turns the hidden states that were read into a score a class. For sequence classification they go through the backbone's pooler (frozen);
/// where the backbone has none, or where the head was saved with one, through the head's own, which is trained and saved. Where it reads several vectors for each line of scores
/// (the first token's and those of spans), only the first goes through the pooler, and the linear layer reads all of them one after the other.
/// </summary>
internal sealed class LinearHead : Head
{
    public const string Weight = "classifier.weight", Bias = "classifier.bias", PoolerWeight = "pooler.dense.weight", PoolerBias = "pooler.dense.bias";

    private readonly Parameter _weight;
    private readonly Parameter? _bias, _poolerWeight, _poolerBias;
    private readonly bool _pools;
    private readonly int _vectors;

    private LinearHead(bool pools, int vectors, Parameter weight, Parameter? bias, Parameter? poolerWeight, Parameter? poolerBias) =>
        (_pools, _vectors, _weight, _bias, _poolerWeight, _poolerBias) = (pools, vectors, weight, bias, poolerWeight, poolerBias);

    public override bool SuitsAnyThread => true;

    public override IReadOnlyList<Parameter> Parameters => [.. new[] { _weight, _bias, _poolerWeight, _poolerBias }.OfType<Parameter>()];

    /// <summary>A new head: weights from N(0, initializer_range²), biases 0.</summary>
    /// <param name="backbone">The backbone whose hidden states it reads.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="pools">Whether rows go through a pooler (classification) or not (labeling).</param>
    /// <param name="seed">Seed of the initial values.</param>
    /// <param name="vectors">Vectors that it reads for each line of scores.</param>
    public static LinearHead Create(FrozenBackbone backbone, int classes, bool pools, long seed, int vectors = 1)
    {
        using var factory = new ParameterFactory(seed, backbone.Device);
        double deviation = backbone.Config.InitializerRange;
        return Make(backbone, classes, pools, vectors, HasOwnPooler(backbone, pools), (_, shape) => shape.Length > 1 ? factory.Normal(deviation, shape) : factory.Zeros(shape));
    }

    /// <summary>A trained head.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing or of another shape.</exception>
    public static LinearHead Load(FrozenBackbone backbone, int classes, bool pools, SavedTensors saved, int vectors = 1) =>
        Make(backbone, classes, pools, vectors, HasOwnPooler(backbone, pools) || pools && saved.Has(PoolerWeight),
            (name, shape) => ParameterFactory.From(saved.Read(name, shape), shape, backbone.Device));

    /// <summary>Whether saved tensors hold a head for as many classes on this backbone.</summary>
    public static bool Fits(FrozenBackbone backbone, int classes, bool pools, SavedTensors saved, int vectors = 1) =>
        saved.Has(Weight, classes, vectors * backbone.Config.HiddenSize) && (pools && backbone.Encoder.IsCausal || saved.Has(Bias, classes))
        && (!HasOwnPooler(backbone, pools) || saved.Has(PoolerWeight, backbone.Config.HiddenSize, backbone.Config.HiddenSize));

    public override torch.Tensor Logits(torch.Tensor hidden, Encoder encoder, Dropout? dropout, double dropProbability)
    {
        if (_vectors > 1)
        {
            var lines = hidden.view(-1, _vectors, hidden.shape[1]);
            hidden = torch.cat([Pooled(lines.select(1, 0).contiguous(), encoder), lines.slice(1, 1, _vectors, 1).flatten(1)], 1);
        }
        else hidden = Pooled(hidden, encoder);
        if (dropout is not null) hidden = dropout.Apply(hidden, dropProbability);
        return Apply(new Linear(_weight.Value, _bias?.Value), hidden);
    }

    public override void DivideScores(double divisor)
    {
        _weight.Value.DividedInPlace(divisor);
        _bias?.Value.DividedInPlace(divisor);
    }

    private torch.Tensor Pooled(torch.Tensor hidden, Encoder encoder) =>
        _pools ? encoder.PoolerActivation(Apply(OwnPooler ?? encoder.Pooler ?? throw new InvalidOperationException("This backbone has no pooler."), hidden)) : hidden;

    private Linear? OwnPooler => _poolerWeight is null ? null : new Linear(_poolerWeight.Value, _poolerBias!.Value);

    private static bool HasOwnPooler(FrozenBackbone backbone, bool pools) => pools && !backbone.HasPooler && !backbone.Encoder.IsCausal;

    // In prediction by this thread alone, and for batches too, so that a row's scores are the same alone and among others.
    private static torch.Tensor Apply(Linear layer, torch.Tensor x) =>
        torch.is_grad_enabled() || x.device.type != DeviceType.CPU ? layer.Apply(x) : FewRows.Apply(layer, x);

    private static LinearHead Make(FrozenBackbone backbone, int classes, bool pools, int vectors, bool ownPooler, ParameterSource value)
    {
        long hidden = backbone.Config.HiddenSize;
        // As Hugging Face's "score" on a decoder's last token: a linear layer without a bias, and no pooler.
        bool scores = pools && backbone.Encoder.IsCausal;
        return new LinearHead(pools && !scores, vectors, Of(Weight, classes, vectors * hidden), scores ? null : Of(Bias, classes),
            ownPooler ? Of(PoolerWeight, hidden, hidden) : null, ownPooler ? Of(PoolerBias, hidden) : null);

        Parameter Of(string name, params long[] shape) => new(name, value(name, shape), Decays: shape.Length > 1, IsHeads: true);
    }
}
