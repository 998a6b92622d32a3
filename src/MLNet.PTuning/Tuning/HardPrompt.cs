// A prompt of plain words, which is not trained itself: another method says what is (Schick and Schütze, 2021, "Exploiting Cloze Questions").
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;

namespace MLNet.PTuning;

/// <summary>A fixed template of words around each row's text, and another method that trains: by default all of the backbone.</summary>
public sealed class HardPrompt : TuningMethod
{
    /// <summary>
    /// Words with <c>{text}</c> for the row's text, <c>{mask}</c> for the word that a <see cref="Verbalizer"/> scores, and <c>{pair}</c> for the second text,
    /// such as <c>{text} It was {mask}.</c> Special tokens are added around it; a second text that it does not name follows as the second segment.
    /// </summary>
    public required string Template { get; init; }

    /// <summary>What is trained. Default <see cref="FullFineTuning"/>.</summary>
    public TuningMethod Trains { get; init; } = new FullFineTuning();

    internal override PromptTemplate RowTemplate => PromptTemplate.Parse(Template);

    internal override int PromptLength => Trains.PromptLength;

    internal override int VectorsInFront => Trains.VectorsInFront;

    internal override bool ReadsVectors => Trains.ReadsVectors;

    internal override MethodDefaults Defaults(bool ofWords) => Trains.Defaults(ofWords);

    internal override void Validate()
    {
        if (RowTemplate.PromptLength > 0) throw new ArgumentException($"The template '{Template}' has prompt vectors, which a hard prompt cannot have; use PTuningV1 for those.");
        ArgumentNullException.ThrowIfNull(Trains);
        if (Trains.RowTemplate is not null) throw new ArgumentException($"{Trains.GetType().Name} has a template of its own; put the words into that one.");
        Trains.Validate();
    }

    internal override TuningMethod For(IReadOnlyList<string> classNames, Func<int[]> frequentPieces) =>
        new HardPrompt { Template = Template, Trains = Trains.For(classNames, frequentPieces) };

    internal override Tuner CreateTuner(FrozenBackbone backbone, long seed) => Trains.CreateTuner(backbone, seed);

    internal override Tuner LoadTuner(FrozenBackbone backbone, TensorSource saved) => Trains.LoadTuner(backbone, saved);
}
