// The baseline that trains every parameter of the backbone.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;

namespace MLNet.PTuning;

/// <summary>
/// Trains all of the backbone's parameters, on a copy of its own. It is the baseline that P-Tuning v2 is compared with;
/// a model file holds the whole copy.
/// </summary>
public sealed class FullFineTuning : TuningMethod
{
    internal override int PromptLength => 0;

    internal override bool KeepsLayers => false;

    internal override MethodDefaults Defaults(bool ofWords) => new(ofWords ? 2e-4 : 5e-5) { Steps = 250, DropsInBackbone = true };

    internal override void Validate() { }

    internal override Tuner CreateTuner(FrozenBackbone backbone, long seed) => WeightTuner.Create(backbone, _ => true);

    internal override Tuner LoadTuner(FrozenBackbone backbone, TensorSource saved) => WeightTuner.Load(backbone, _ => true, saved);
}
