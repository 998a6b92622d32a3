// Options of PTuningV2Choose.
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>Options for choosing one of the choices that a text has.</summary>
/// <param name="backboneFolder">The backbone's folder as Hugging Face publishes it.</param>
public sealed class MultipleChoiceOptions(string backboneFolder) : PTuningOptions(backboneFolder)
{
    /// <summary>Name of the column of the texts that all of a row's choices are read with. Default <c>Premise</c>.</summary>
    public string PremiseColumnName { get; set; } = "Premise";

    /// <summary>Name of the column of questions, each of which is read after its premise, with a blank between them. Default null: there are none.</summary>
    public string? QuestionColumnName { get; set; }

    /// <summary>Name of the column of choices: a vector of text, of any number in each row. Default <c>Choices</c>.</summary>
    public string ChoicesColumnName { get; set; } = "Choices";

    /// <summary>
    /// What the head reads of a choice's row. Default <see cref="Pooling.FirstToken"/>; <see cref="Pooling.Mean"/> suits sentence encoders, which are trained for the mean over
    /// tokens.
    /// </summary>
    public Pooling Pooling { get; set; }

    internal override string? ReasonAgainstHeadOfStart =>
        StartFrom is { ClassNames: { } names } && !names.SequenceEqual(MultipleChoice.ClassNames) ? "was not trained to choose"
        : Pooling == Pooling.FirstToken ? null : $"was trained to read the first token, and Pooling is {Pooling}";

    internal override ITaskEstimator Estimator(IHostEnvironment environment) => new PTuningMultipleChoiceEstimator(environment, this);

    /// <summary>The columns that prediction reads.</summary>
    internal ChoiceColumns Columns => new(PremiseColumnName, ChoicesColumnName, QuestionColumnName);

    internal override IEnumerable<string?> InputColumns => [PremiseColumnName, QuestionColumnName, ChoicesColumnName, LabelColumnName];

    private protected override IEnumerable<string?> OutputColumns => [PredictedLabelColumnName, ScoreColumnName];

    internal override IEnumerable<(string Name, string Value)> Describe() => [.. base.Describe(), (nameof(Pooling), Text(Pooling))];

    internal override void Validate()
    {
        base.Validate();
        CheckPooling(Pooling);
        if (ClassWeights is not null) throw new ArgumentException("ClassWeights has no effect for choosing: a row's choices are texts, not classes. Leave it null.", nameof(ClassWeights));
    }
}
