// Keys and values for every layer out of one trained table, direct or as the output of a two-layer tanh network over a narrower one.
using MLNet.PTuning.Backbones;
using TorchSharp;

namespace MLNet.PTuning.Tuning;

/// <summary>
/// The prefix encoder of Prefix-Tuning and P-Tuning v2: a table [P, 2·L·W] where chunk 2l of a row holds layer l's keys and chunk 2l + 1 its values.
/// W is the hidden size, or less where a layer has fewer key/value heads than query heads: those heads' number times their size.
/// </summary>
internal sealed class PrefixTable
{
    public const string Name = "prefix_encoder.embedding.weight";

    private PrefixTable(IReadOnlyList<Parameter> parameters) => Parameters = parameters;

    /// <summary>The table alone, or an embedding and the network's two layers.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>A table that is trained directly.</summary>
    /// <param name="length">P.</param>
    /// <param name="layers">L.</param>
    /// <param name="width">W.</param>
    /// <param name="initial">The value of a parameter of a name and shape.</param>
    public static PrefixTable Direct(int length, int layers, long width, ParameterSource initial) =>
        new([Of(Name, initial, length, 2 * layers * width)]);

    /// <summary>A table that comes from an embedding [P, E] through Linear(E → inner), tanh, Linear(inner → 2·L·W).</summary>
    public static PrefixTable Network(int length, int layers, long width, long embedding, long inner, ParameterSource initial) =>
        new([
            Of(Name, initial, length, embedding),
            Of("prefix_encoder.trans.0.weight", initial, inner, embedding), Of("prefix_encoder.trans.0.bias", initial, inner),
            Of("prefix_encoder.trans.2.weight", initial, 2 * layers * width, inner), Of("prefix_encoder.trans.2.bias", initial, 2 * layers * width)]);

    /// <summary>The table: [P, 2·L·W].</summary>
    public torch.Tensor Output()
    {
        var embedding = Parameters[0].Value;
        if (Parameters.Count == 1) return embedding;
        var inner = torch.nn.functional.linear(embedding, Parameters[1].Value, Parameters[2].Value).tanh();
        return torch.nn.functional.linear(inner, Parameters[3].Value, Parameters[4].Value);
    }

    /// <summary>The table as it is, without the network that it comes from, whose parameters are disposed.</summary>
    public PrefixTable Folded()
    {
        if (Parameters.Count == 1) return this;
        var folded = new PrefixTable([new Parameter(Name, ParameterFactory.From(Output()))]);
        foreach (var parameter in Parameters) parameter.Value.Dispose();
        return folded;
    }

    private static Parameter Of(string name, ParameterSource initial, params long[] shape) => new(name, initial(name, shape), Decays: shape.Length > 1);
}

/// <summary>Trains a prefix table; a model file holds the table alone, whatever it was trained through.</summary>
/// <param name="backbone">Whose layers are given the prefix.</param>
/// <param name="table">What is trained.</param>
/// <param name="length">P.</param>
/// <param name="dropout">Probability of dropping an element of the prefix in training.</param>
internal sealed class PrefixTuner(FrozenBackbone backbone, PrefixTable table, int length, double dropout) : Tuner(backbone)
{
    public override IReadOnlyList<Parameter> Parameters => table.Parameters;

    public override PromptState State() => new() { Prefix = table.Output(), Length = length, Dropout = dropout };

    public override void Fold() => table = table.Folded();

    public override IReadOnlyList<(string Name, torch.Tensor Value)> ToSave() => [(PrefixTable.Name, table.Output())];

    /// <summary>From the table that a model file holds.</summary>
    public static PrefixTuner Load(FrozenBackbone backbone, int length, double dropout, TensorSource saved) =>
        new(backbone, PrefixTable.Direct(length, backbone.Config.LayerCount, backbone.Config.KeyValueWidth,
            (name, shape) => ParameterFactory.From(saved(name, shape), shape, backbone.Device)), length, dropout);
}
