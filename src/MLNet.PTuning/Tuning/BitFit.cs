// BitFit (Ben Zaken et al., 2022, "BitFit: Simple Parameter-efficient Fine-tuning for Transformer-based Masked Language-models").
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;

namespace MLNet.PTuning;

/// <summary>BitFit: trains the backbone's biases, those of its norms too, and nothing else of it. No prompt, so no position is taken from the text.</summary>
public sealed class BitFit : TuningMethod
{
    internal override int PromptLength => 0;

    internal override bool KeepsLayers => false;

    internal override MethodDefaults Defaults(bool ofWords) => new(1e-3);

    internal override void Validate() { }

    internal override Tuner CreateTuner(FrozenBackbone backbone, long seed) => backbone.Weights.Keys.Any(IsBias) ? WeightTuner.Create(backbone, IsBias)
        : throw new NotSupportedException($"BitFit trains biases, and the {backbone.Config.ModelType} in {backbone.Folder.Path} has none; take another method, such as BottleneckAdapter.");

    internal override Tuner LoadTuner(FrozenBackbone backbone, TensorSource saved) => WeightTuner.Load(backbone, IsBias, saved);

    private static bool IsBias(string name) => name.EndsWith(".bias", StringComparison.Ordinal);
}
