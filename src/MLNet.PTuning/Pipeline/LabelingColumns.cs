// The output columns of token labeling: a label and scores per word; entities and words' offsets on request.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Pipeline;

/// <summary>Settings in a labeling model's file, in addition to those of every model; a setting that an older file lacks has the value that was used then.</summary>
internal sealed record LabelingSettings(TagScheme Scheme, bool Constrained, int WindowOverlap, bool Entities, bool WordOffsets,
    string[]? Widened = null, WordSplitting WordSplitting = WordSplitting.Punctuation, OffsetUnit OffsetUnit = OffsetUnit.Utf16)
{
    public static LabelingSettings Of(TokenLabelingOptions options, TagConstraint constraint, WordColumns columns) => new(constraint.Scheme, options.Constrained,
        options.WindowOverlap, options.Entities, options.WordOffsets, constraint.Widened, columns.Splitting, columns.Unit);
}

/// <summary>The columns' types and annotations.</summary>
internal static class LabelingColumns
{
    public const string EntityType = "EntityType", EntityText = "EntityText", EntityStart = "EntityStart", EntityEnd = "EntityEnd",
        EntityProbability = "EntityProbability", WordStart = "WordStart", WordEnd = "WordEnd";

    private static readonly (string Name, PrimitiveDataViewType Type)[] Entities =
    [
        (EntityType, TextDataViewType.Instance), (EntityText, TextDataViewType.Instance), (EntityStart, NumberDataViewType.Int32),
        (EntityEnd, NumberDataViewType.Int32), (EntityProbability, NumberDataViewType.Single),
    ];

    private static readonly (string Name, PrimitiveDataViewType Type)[] WordOffsets =
        [(WordStart, NumberDataViewType.Int32), (WordEnd, NumberDataViewType.Int32)];

    private static readonly string[] LabelAnnotations = [AnnotationNames.KeyValues];
    private static readonly string[] ScoreAnnotations = [AnnotationNames.TrainingLabelValues];

    /// <summary>The columns that a transformer adds, in order.</summary>
    public static IReadOnlyList<DataViewSchema.DetachedColumn> Of(ModelSettings settings, LabelKeys keys)
    {
        var labels = new DataViewSchema.Annotations.Builder();
        keys.Annotate(labels, AnnotationNames.KeyValues);
        var scores = new DataViewSchema.Annotations.Builder();
        keys.Annotate(scores, AnnotationNames.TrainingLabelValues);
        var columns = new List<DataViewSchema.DetachedColumn>
        {
            new(settings.PredictedLabelColumn, new VectorDataViewType(new KeyDataViewType(typeof(uint), keys.Count)), labels.ToAnnotations()),
            new(settings.ScoreColumn, new VectorDataViewType(NumberDataViewType.Single, 0, keys.Count), scores.ToAnnotations()),
        };
        columns.AddRange(Requested(settings.Labeling!.Entities, settings.Labeling.WordOffsets)
            .Select(c => new DataViewSchema.DetachedColumn(c.Name, new VectorDataViewType(c.Type))));
        return columns;
    }

    /// <summary>The same columns as <c>GetOutputSchema</c> promises them.</summary>
    public static IEnumerable<SchemaShape.Column> Promises(TokenLabelingOptions options, SchemaShape.Column label)
    {
        label = MLNetInternals.WithKeyValues(label, label.ItemType is TextDataViewType ? TextDataViewType.Instance : NumberDataViewType.UInt32);
        yield return MLNetInternals.PromiseKey(options.PredictedLabelColumnName, label, vector: true, LabelAnnotations);
        yield return MLNetInternals.PromiseScores(options.ScoreColumnName, label, variable: true, ScoreAnnotations);
        foreach (var (name, type) in Requested(options.Entities, options.WordOffsets)) yield return MLNetInternals.PromiseVector(name, type);
    }

    /// <summary>The columns that are added on request.</summary>
    public static IEnumerable<(string Name, PrimitiveDataViewType Type)> Requested(bool entities, bool wordOffsets) =>
        [.. entities ? Entities : [], .. wordOffsets ? WordOffsets : []];
}
