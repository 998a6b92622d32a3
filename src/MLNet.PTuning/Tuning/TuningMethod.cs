// What is trained, as an app names it in the options: the base of all methods and the list of them.
using System.Text.Json.Serialization;
using MLNet.PTuning.Backbones;

namespace MLNet.PTuning;

/// <summary>A tuning method with its settings. Methods are plain objects; the same one may be given to several estimators.</summary>
[JsonDerivedType(typeof(DeepPrompt), nameof(DeepPrompt))]
[JsonDerivedType(typeof(PrefixTuning), nameof(PrefixTuning))]
[JsonDerivedType(typeof(SoftPrompt), nameof(SoftPrompt))]
[JsonDerivedType(typeof(PTuningV1), nameof(PTuningV1))]
[JsonDerivedType(typeof(HardPrompt), nameof(HardPrompt))]
[JsonDerivedType(typeof(BottleneckAdapter), nameof(BottleneckAdapter))]
[JsonDerivedType(typeof(BitFit), nameof(BitFit))]
[JsonDerivedType(typeof(HeadOnly), nameof(HeadOnly))]
[JsonDerivedType(typeof(FullFineTuning), nameof(FullFineTuning))]
public abstract class TuningMethod
{
    private protected TuningMethod() { }

    /// <summary>Positions that the method takes from the backbone's; the rest is for the text.</summary>
    internal abstract int PromptLength { get; }

    /// <summary>Prompt vectors before a row's first token; they count in <see cref="PromptLength"/>.</summary>
    internal virtual int VectorsInFront => 0;

    /// <summary>Whether classification reads the first of them instead of the row's own first token.</summary>
    internal virtual bool ReadsVectors => false;

    /// <summary>What the method puts around a row's text; null for nothing.</summary>
    internal virtual Tuning.PromptTemplate? RowTemplate => null;

    /// <summary>Whether it leaves the backbone's layers as they are, so that <see cref="Precision.Int8"/> can hold them in 8 bits.</summary>
    internal virtual bool KeepsLayers => true;

    /// <summary>The method as it is for a task of these classes, and of training rows with these most frequent word pieces.</summary>
    internal virtual TuningMethod For(IReadOnlyList<string> classNames, Func<int[]> frequentPieces) => this;

    /// <summary>How it is trained where the options do not say.</summary>
    /// <param name="ofWords">For labeling words, where a label of every word makes gradients less noisy, and higher rates possible.</param>
    internal virtual Tuning.MethodDefaults Defaults(bool ofWords) => new(1e-2);

    /// <summary>Checks the settings.</summary>
    /// <exception cref="ArgumentException">One is out of range.</exception>
    internal abstract void Validate();

    /// <summary>New parameters with initial values drawn from <paramref name="seed"/>.</summary>
    internal abstract Tuning.Tuner CreateTuner(FrozenBackbone backbone, long seed);

    /// <summary>New parameters that begin with the values of <paramref name="start"/>, where there are such.</summary>
    /// <exception cref="ArgumentException">They are of other shapes.</exception>
    internal Tuning.Tuner CreateTuner(FrozenBackbone backbone, long seed, Tuning.SavedTensors? start)
    {
        var tuner = CreateTuner(backbone, seed);
        if (start is null) return tuner;
        try
        {
            foreach (var parameter in tuner.Parameters) parameter.BeginWith(start);
            return tuner;
        }
        catch
        {
            tuner.Dispose();
            throw;
        }
    }

    /// <summary>The parameters of a trained model from their names and values.</summary>
    internal abstract Tuning.Tuner LoadTuner(FrozenBackbone backbone, Tuning.TensorSource saved);
}
