// How a tuning method is trained where the options do not say.
namespace MLNet.PTuning.Tuning;

/// <summary>A method's own settings of training.</summary>
/// <param name="LearningRate">Highest learning rate.</param>
internal sealed record MethodDefaults(double LearningRate)
{
    /// <summary>Steps that training takes about.</summary>
    public int Steps { get; init; } = 1000;

    /// <summary>Epochs that it takes at least.</summary>
    public int FewestEpochs { get; init; } = 3;

    /// <summary>The head's learning rate as a multiple of the method's.</summary>
    public double HeadFactor { get; init; } = 1;

    /// <summary>Whether elements are dropped inside the backbone.</summary>
    public bool DropsInBackbone { get; init; }
}
