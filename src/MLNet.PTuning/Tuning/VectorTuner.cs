// Prompt vectors at the input: trained directly, or as the output of a prompt encoder; a model file holds the vectors alone.
using MLNet.PTuning.Backbones;
using TorchSharp;

namespace MLNet.PTuning.Tuning;

/// <summary>Trains vectors [P, E] that take the place of word embeddings in a row.</summary>
/// <param name="backbone">The backbone whose input they join.</param>
/// <param name="parameters">What is trained.</param>
/// <param name="vectors">The vectors, a function of the parameters.</param>
/// <param name="network">A module that holds some of the parameters; null for none.</param>
internal sealed class VectorTuner(FrozenBackbone backbone, IReadOnlyList<Parameter> parameters, Func<torch.Tensor> vectors, IDisposable? network = null) : Tuner(backbone)
{
    public const string Name = "prompt_embeddings";

    public override IReadOnlyList<Parameter> Parameters => parameters;

    public override PromptState State() => new() { Vectors = vectors() };

    /// <summary>The vectors [P, E]; under autograd, a function of the parameters.</summary>
    public torch.Tensor Vectors() => vectors();

    public override void Fold()
    {
        if (parameters is [{ Name: Name }]) return;
        var folded = ParameterFactory.From(vectors());
        Free();
        (parameters, vectors, network) = ([new Parameter(Name, folded)], () => folded, null);
    }

    protected override void Free()
    {
        base.Free();
        network?.Dispose();
    }

    public override IReadOnlyList<(string Name, torch.Tensor Value)> ToSave() => [(Name, vectors())];

    /// <summary>Vectors that are trained as they are.</summary>
    public static VectorTuner Direct(FrozenBackbone backbone, TorchSharp.Modules.Parameter vectors) => new(backbone, [new Parameter(Name, vectors)], () => vectors);

    /// <summary>From what a model file holds.</summary>
    public static VectorTuner Load(FrozenBackbone backbone, int length, TensorSource saved)
    {
        long[] shape = [length, backbone.Encoder.WordEmbeddings.Width];
        return Direct(backbone, ParameterFactory.From(saved(Name, shape), shape, backbone.Device));
    }
}
