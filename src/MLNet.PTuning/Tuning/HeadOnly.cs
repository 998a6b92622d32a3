// The baseline that trains nothing but the head.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;

namespace MLNet.PTuning;

/// <summary>Trains the head alone on the frozen backbone (a linear probe): what any prompt has to beat.</summary>
public sealed class HeadOnly : TuningMethod
{
    internal override int PromptLength => 0;

    internal override MethodDefaults Defaults(bool ofWords) => new(3e-2);

    internal override void Validate() { }

    internal override Tuner CreateTuner(FrozenBackbone backbone, long seed) => new HeadOnlyTuner(backbone);

    internal override Tuner LoadTuner(FrozenBackbone backbone, TensorSource saved) => new HeadOnlyTuner(backbone);

    private sealed class HeadOnlyTuner(FrozenBackbone backbone) : Tuner(backbone)
    {
        public override IReadOnlyList<Parameter> Parameters => [];

        public override PromptState State() => PromptState.None;
    }
}
