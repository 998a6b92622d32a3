// Options of PTuningV2AnswerQuestions.
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>Options for finding the answers to questions in texts.</summary>
/// <param name="backboneFolder">The backbone's folder as Hugging Face publishes it.</param>
public sealed class QuestionAnsweringOptions(string backboneFolder) : PTuningOptions(backboneFolder)
{
    private const int WindowLength = 384;

    private const string Task = "answering questions";

    /// <summary>Name of the column of the texts that answers are in. Default <c>Context</c>.</summary>
    public string ContextColumnName { get; set; } = "Context";

    /// <summary>Name of the column of the questions. Default <c>Question</c>.</summary>
    public string QuestionColumnName { get; set; } = "Question";

    /// <summary>
    /// Name of the column of the answers to train on: text, or a vector of text of which training takes the first answer that is in its context. An empty text, or an
    /// empty vector, says that the context does not answer the question. Not needed in prediction. Default <c>TrainingAnswer</c>.
    /// </summary>
    public string TrainingAnswerColumnName { get; set; } = "TrainingAnswer";

    /// <summary>
    /// Name of the column of where each answer begins in its context, counted from 0 in <see cref="OffsetUnit"/>: a number, or a vector of numbers, one an answer. An answer that
    /// is not where its index says is taken at the nearest place where it is, and the log says how many are. Default <c>AnswerIndex</c>.
    /// </summary>
    public string AnswerIndexColumnName { get; set; } = "AnswerIndex";

    /// <summary>
    /// Name of the output column of answers, a vector of text, the most probable first; an empty text as the first one says that the context does not answer the question.
    /// Default <c>PredictedAnswer</c>.
    /// </summary>
    public string PredictedAnswerColumnName { get; set; } = "PredictedAnswer";

    /// <summary>Most answers to a question in the output columns. Default 3.</summary>
    public int TopK { get; set; } = 3;

    /// <summary>
    /// Word pieces of the context that two neighboring windows share where question and context are longer than a window (<see cref="PTuningOptions.MaxSequenceLength"/>,
    /// here 384 by default where the backbone has as many positions); half of a window's at most. Default 128.
    /// </summary>
    public int DocumentStride { get; set; } = 128;

    /// <summary>Most word pieces of a predicted answer. Default 30.</summary>
    public int MaxAnswerLength { get; set; } = 30;

    /// <summary>
    /// Predicts no answer where the logarithm of its probability exceeds that of the best answer by more than this: 0 predicts the more probable of both, a higher threshold
    /// answers more questions. <see cref="AnswerMetrics.BestF1"/> finds the best one for data with answers and without. Default null: 0 where training questions are without
    /// an answer; else every question is answered.
    /// </summary>
    public double? NullThreshold { get; set; }

    /// <summary>The unit of all offsets, those of <see cref="AnswerIndexColumnName"/> and those in the output columns; saved with the model. Default <see cref="OffsetUnit.Utf16"/>.</summary>
    public OffsetUnit OffsetUnit { get; set; }

    internal override string? ReasonAgainstHeadOfStart => StartFrom?.ClassNames?.SequenceEqual(QuestionAnswering.Ends) == true ? null : "was not trained to find answers";

    internal override int? UsualLength => WindowLength;

    internal override ITaskEstimator Estimator(IHostEnvironment environment) => new PTuningQuestionAnsweringEstimator(environment, this);

    internal override IEnumerable<string?> InputColumns => [ContextColumnName, QuestionColumnName, TrainingAnswerColumnName, AnswerIndexColumnName];

    private protected override IEnumerable<string?> OutputColumns => [PredictedAnswerColumnName, ScoreColumnName, .. AnswerColumns.Further];

    /// <summary>The columns that prediction reads.</summary>
    internal TextColumns Columns => new(ContextColumnName, QuestionColumnName);

    internal override IEnumerable<(string Name, string Value)> Describe() =>
        [.. base.Describe(), (nameof(DocumentStride), Text(DocumentStride)), (nameof(MaxAnswerLength), Text(MaxAnswerLength)), (nameof(NullThreshold), Text(NullThreshold))];

    internal override void Validate()
    {
        base.Validate();
        Require(TopK >= 1, nameof(TopK), TopK, "at least 1");
        Require(DocumentStride >= 0, nameof(DocumentStride), DocumentStride, "at least 0");
        Require(MaxAnswerLength >= 1, nameof(MaxAnswerLength), MaxAnswerLength, "at least 1");
        Require(NullThreshold is null || double.IsFinite(NullThreshold.Value), nameof(NullThreshold), NullThreshold, "a finite number");
        Require(Enum.IsDefined(OffsetUnit), nameof(OffsetUnit), OffsetUnit, "one of " + string.Join(", ", Enum.GetNames<OffsetUnit>()));
        var defaults = new QuestionAnsweringOptions(BackboneFolder);
        Refuse(Task, LabelColumnName != defaults.LabelColumnName, nameof(LabelColumnName), $"{nameof(TrainingAnswerColumnName)} and {nameof(AnswerIndexColumnName)} name the answers to train on");
        Refuse(Task, PredictedLabelColumnName != defaults.PredictedLabelColumnName, nameof(PredictedLabelColumnName), $"{nameof(PredictedAnswerColumnName)} names the answers that are predicted");
        Refuse(Task, CalibrateOn != CalibrationRows.None, nameof(CalibrateOn), "an answer's probability is among the answers of all windows of its context, not among the starts and ends of one window, which are what is trained");
        Refuse(Task, ClassWeights is not null, nameof(ClassWeights), "answers are places in a text, not classes");
    }
}
