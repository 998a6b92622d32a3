// What training, prediction and scoring need of a task; a class a task.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Tasks;

/// <summary>A trained model.</summary>
/// <param name="Model">The whole pipeline, which a model file holds.</param>
/// <param name="Transformer">The step of it that was trained.</param>
internal sealed record TrainedModel(ITransformer Model, PTuningTransformer Transformer);

internal abstract class TaskModel
{
    /// <summary>The class of a task.</summary>
    public static TaskModel Of(TaskKind task) => task switch
    {
        TaskKind.Classify => new ClassifyModel(),
        TaskKind.Label => new LabelModel(),
        TaskKind.Answer => new AnswerModel(),
        TaskKind.Choose => new ChooseModel(),
        _ => new GenerateModel(),
    };

    /// <summary>The class of a loaded model's task.</summary>
    public static TaskModel Of(PTuningTransformer transformer) => Of(transformer switch
    {
        PTuningClassificationTransformer => TaskKind.Classify,
        PTuningTokenLabelingTransformer => TaskKind.Label,
        PTuningQuestionAnsweringTransformer => TaskKind.Answer,
        PTuningMultipleChoiceTransformer => TaskKind.Choose,
        _ => TaskKind.Generate,
    });

    /// <summary>The task.</summary>
    public abstract TaskKind Kind { get; }

    /// <summary>The task's options, with its own columns.</summary>
    /// <param name="backbone">The backbone's folder.</param>
    /// <param name="columns">The columns that the data has.</param>
    /// <param name="pooling">What the head reads, where the task lets choose.</param>
    public abstract PTuningOptions Options(string backbone, IReadOnlyList<InputColumn> columns, Pooling pooling);

    /// <summary>The columns that a model is trained on, for a view over rows.</summary>
    public abstract IDataView TrainingView(MLContext ml, IEnumerable<TaskRow> rows, IReadOnlyList<InputColumn> columns);

    /// <summary>Trains a model.</summary>
    /// <param name="ml">ML.NET.</param>
    /// <param name="options">Options that <see cref="Options"/> made.</param>
    /// <param name="search">Settings of a search; null for a single training.</param>
    /// <param name="data">A view that <see cref="TrainingView"/> made.</param>
    public abstract TrainedModel Train(MLContext ml, PTuningOptions options, PromptSearchOptions? search, IDataView data);

    /// <summary>Predicts rows, a batch at a time, and gives them with their gold labels, where they have one.</summary>
    public abstract IEnumerable<TestRow> Predict(MLContext ml, ITransformer model, IEnumerable<TaskRow> rows);

    /// <summary>Scores of predicted rows.</summary>
    public abstract TestScores Score(MLContext ml, IReadOnlyList<TestRow> rows);

    /// <summary>Scores of always predicting the most frequent label of the training rows; null where there is none.</summary>
    /// <param name="ml">ML.NET.</param>
    /// <param name="rows">The test rows.</param>
    /// <param name="classes">The classes, the most frequent one first.</param>
    public virtual TestScores? Majority(MLContext ml, IReadOnlyList<TestRow> rows, IReadOnlyList<ClassRows> classes) => null;

    /// <summary>Whether a head can be trained alone to compare with.</summary>
    public virtual bool HasHead => true;

    /// <summary>A view of rows with some of their columns.</summary>
    protected static IDataView View<TRow>(MLContext ml, IEnumerable<TaskRow> rows, IEnumerable<string> columns) where TRow : TaskRow
    {
        var schema = SchemaDefinition.Create(typeof(TRow));
        schema.RemoveAll(column => !columns.Contains(column.ColumnName));
        return ml.Data.LoadFromEnumerable(rows.Cast<TRow>(), schema);
    }

    /// <summary>Predictions of rows, with all of the rows' own columns.</summary>
    protected static IEnumerable<TPrediction> Predictions<TRow, TPrediction>(MLContext ml, ITransformer model, IEnumerable<TaskRow> rows) where TRow : TaskRow where TPrediction : class, new() =>
        ml.Data.CreateEnumerable<TPrediction>(model.Transform(ml.Data.LoadFromEnumerable(rows.Cast<TRow>())), reuseRowObject: false, ignoreMissingColumns: false);

    /// <summary>A fraction, 0 where there is nothing to count.</summary>
    protected static double Share(int part, int all) => all == 0 ? 0 : (double)part / all;
}
