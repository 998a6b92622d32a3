// The output columns of classification with the annotations that ML.NET's multiclass or binary trainers give theirs.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Pipeline;

/// <summary>Settings of a model of two classes in ML.NET's binary form: the score is the log-odds of the second class.</summary>
/// <param name="ProbabilityColumn">Name of the column of the second class's probability.</param>
/// <param name="IsBoolean">Whether the label was Boolean, and so predicted labels are.</param>
internal sealed record BinarySettings(string ProbabilityColumn, bool IsBoolean)
{
    private const string DefaultColumn = "Probability";

    /// <summary>The settings for options and a label column's type; null where classification is in ML.NET's multiclass form.</summary>
    public static BinarySettings? Of(TextClassificationOptions options, bool isBoolean) =>
        isBoolean || options.ProbabilityColumnName is not null ? new BinarySettings(options.ProbabilityColumnName ?? DefaultColumn, isBoolean) : null;

    /// <exception cref="ArgumentException">There are not two classes.</exception>
    public void Check(IReadOnlyList<string> classes)
    {
        if (classes.Count != 2)
            throw new ArgumentException($"{nameof(TextClassificationOptions.ProbabilityColumnName)} is for two classes; the label has {classes.Count} ({string.Join(", ", classes)}). Leave it null.");
    }
}

/// <summary>PredictedLabel, Score and, in binary form, Probability, as evaluators, MapKeyToValue and confusion matrices expect them.</summary>
internal static class ClassificationColumns
{
    // Smaller probabilities are raised to this before the logarithm.
    private const double MinProbability = 1e-30;

    private static readonly string[] Kinds = [AnnotationNames.ScoreColumnKind, AnnotationNames.ScoreValueKind];
    private static readonly string[] LabelAnnotations = [.. Kinds, AnnotationNames.KeyValues];
    private static readonly string[] ScoreAnnotations = [.. Kinds, AnnotationNames.TrainingLabelValues, AnnotationNames.SlotNames];

    /// <summary>The columns that a transformer adds, in order.</summary>
    public static IReadOnlyList<DataViewSchema.DetachedColumn> Of(ModelSettings settings, LabelKeys keys)
    {
        string task = settings.Binary is null ? "MulticlassClassification" : "BinaryClassification";
        var labelKind = Kind(task, "PredictedLabel");
        var scoreKind = Kind(task, "Score");
        if (settings.Binary is { } binary)
        {
            if (!binary.IsBoolean) keys.Annotate(labelKind, AnnotationNames.KeyValues);
            return
            [
                new(settings.PredictedLabelColumn, binary.IsBoolean ? BooleanDataViewType.Instance : Key(keys), labelKind.ToAnnotations()),
                new(settings.ScoreColumn, NumberDataViewType.Single, scoreKind.ToAnnotations()),
                new(binary.ProbabilityColumn, NumberDataViewType.Single, Kind(task, "Probability").ToAnnotations()),
            ];
        }
        keys.Annotate(labelKind, AnnotationNames.KeyValues);
        keys.Annotate(scoreKind, AnnotationNames.TrainingLabelValues);
        var names = keys.Names.Select(n => n.AsMemory()).ToArray();
        scoreKind.Add(AnnotationNames.SlotNames, new VectorDataViewType(TextDataViewType.Instance, names.Length),
            (ref VBuffer<ReadOnlyMemory<char>> value) => new VBuffer<ReadOnlyMemory<char>>(names.Length, names).CopyTo(ref value));
        return
        [
            new(settings.PredictedLabelColumn, Key(keys), labelKind.ToAnnotations()),
            new(settings.ScoreColumn, new VectorDataViewType(NumberDataViewType.Single, names.Length), scoreKind.ToAnnotations()),
        ];
    }

    /// <summary>The same columns as <c>GetOutputSchema</c> promises them.</summary>
    /// <param name="options">Their names.</param>
    /// <param name="label">The label column; predicted labels are Boolean where it is, and have its key values where it has some.</param>
    public static IEnumerable<SchemaShape.Column> Promises(TextClassificationOptions options, SchemaShape.Column label)
    {
        bool isBoolean = label.ItemType is BooleanDataViewType;
        label = MLNetInternals.WithKeyValues(label, NumberDataViewType.UInt32);
        yield return isBoolean ? MLNetInternals.PromiseScalar(options.PredictedLabelColumnName, BooleanDataViewType.Instance, Kinds)
            : MLNetInternals.PromiseKey(options.PredictedLabelColumnName, label, vector: false, LabelAnnotations);
        if (BinarySettings.Of(options, isBoolean) is not { } binary)
        {
            yield return MLNetInternals.PromiseScores(options.ScoreColumnName, label, variable: false, ScoreAnnotations);
            yield break;
        }
        yield return MLNetInternals.PromiseScalar(options.ScoreColumnName, NumberDataViewType.Single, Kinds);
        yield return MLNetInternals.PromiseScalar(binary.ProbabilityColumn, NumberDataViewType.Single, Kinds);
    }

    /// <summary>The getter of output column <paramref name="index"/> over the probabilities of a row.</summary>
    public static Delegate Getter(int index, BinarySettings? binary, Func<float[]> probabilities) => (index, binary) switch
    {
        (0, { IsBoolean: true }) => (ValueGetter<bool>)((ref bool label) => label = TextClassification.IndexOfMax(probabilities()) == 1),
        (0, _) => (ValueGetter<uint>)((ref uint key) => key = (uint)TextClassification.IndexOfMax(probabilities()) + 1),
        (1, null) => VectorGetter.Of(probabilities),
        (1, _) => (ValueGetter<float>)((ref float logOdds) => logOdds = (float)(Log(probabilities()[1]) - Log(probabilities()[0]))),
        _ => (ValueGetter<float>)((ref float probability) => probability = probabilities()[1]),
    };

    private static double Log(float probability) => Math.Log(Math.Max(probability, MinProbability));

    private static KeyDataViewType Key(LabelKeys keys) => new(typeof(uint), keys.Count);

    private static DataViewSchema.Annotations.Builder Kind(string columnKind, string valueKind)
    {
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add(AnnotationNames.ScoreColumnKind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = columnKind.AsMemory());
        annotations.Add(AnnotationNames.ScoreValueKind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = valueKind.AsMemory());
        return annotations;
    }
}
