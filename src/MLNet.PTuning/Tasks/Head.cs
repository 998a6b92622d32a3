// What turns hidden states into a score a class.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tasks;

/// <summary>Owns its parameters; disposing it disposes them.</summary>
internal abstract class Head : IDisposable
{
    /// <summary>Its trained parameters.</summary>
    public abstract IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>Whether it scores a row in prediction without libtorch's threads.</summary>
    public abstract bool SuitsAnyThread { get; }

    /// <summary>Scores before softmax: [V, H] → [lines, classes], a line for each vector, or for several where the head reads so many.</summary>
    /// <param name="hidden">The vectors: hidden states at the positions read, or means of them.</param>
    /// <param name="encoder">The encoder that they come from.</param>
    /// <param name="dropout">Masks of training; null in prediction.</param>
    /// <param name="dropProbability">Their probability.</param>
    public abstract torch.Tensor Logits(torch.Tensor hidden, Encoder encoder, Dropout? dropout, double dropProbability);

    /// <summary>Divides all scores by a number from here on: what is trained where that gives them, so that it is saved with them.</summary>
    /// <exception cref="NotSupportedException">The scores are the backbone's own.</exception>
    public abstract void DivideScores(double divisor);

    public virtual void Dispose()
    {
        foreach (var parameter in Parameters) parameter.Value.Dispose();
    }
}
