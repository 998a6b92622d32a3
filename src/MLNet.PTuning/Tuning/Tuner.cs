// The parameters of a tuning method on one backbone, and the state that they give the encoder.
using MLNet.PTuning.Backbones;
using TorchSharp;

namespace MLNet.PTuning.Tuning;

/// <summary>Owns the parameters of one method on one backbone. Once all models that share it have disposed it, it disposes them.</summary>
internal abstract class Tuner(FrozenBackbone backbone) : IDisposable
{
    private int _users = 1;

    protected FrozenBackbone Backbone { get; } = backbone;

    /// <summary>What is trained.</summary>
    public abstract IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>Those of them that models which share the tuner train together.</summary>
    public virtual IReadOnlyList<Parameter> SharedParameters => Parameters;

    /// <summary>Those of them that this model alone trains.</summary>
    public virtual IReadOnlyList<Parameter> OwnParameters => [];

    /// <summary>The encoder that the text goes through.</summary>
    public virtual Encoder Encoder => Backbone.Encoder;

    /// <summary>Whether a parameter replaces one of the backbone's instead of being added to them.</summary>
    public virtual bool Replaces(Parameter parameter) => false;

    /// <summary>What the encoder is given; under autograd, a function of the parameters.</summary>
    public abstract PromptState State();

    /// <summary>
    /// Makes what was trained through a network the network's output, of the same values that <see cref="ToSave"/> gives, and disposes the network: two computations
    /// of it may differ in their last bits. Training is over then. Nothing where what is saved is what was trained.
    /// </summary>
    public virtual void Fold() { }

    /// <summary>What a model file holds: names and tensors from which <see cref="TuningMethod.LoadTuner"/> makes the same predictions.</summary>
    public virtual IReadOnlyList<(string Name, torch.Tensor Value)> ToSave() => [.. Parameters.Select(p => (p.Name, p.Value))];

    /// <summary>This tuner for one more model.</summary>
    /// <param name="seed">Seed of the initial values of what will be that model's own.</param>
    public virtual Tuner Share(long seed)
    {
        Interlocked.Increment(ref _users);
        return this;
    }

    public virtual void Dispose()
    {
        if (Interlocked.Decrement(ref _users) == 0) Free();
    }

    /// <summary>Disposes what is trained.</summary>
    protected virtual void Free()
    {
        foreach (var parameter in Parameters) parameter.Value.Dispose();
    }
}
