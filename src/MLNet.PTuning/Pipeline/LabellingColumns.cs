// The output columns of token labelling: a label and scores a word, and entities on request.
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Pipeline;

/// <summary>What a labelling model's file says beside what every model's says.</summary>
internal sealed record LabellingSettings(TagScheme Scheme, bool Constrained, int WindowOverlap, bool Entities);

/// <summary>Their types, annotations and promises.</summary>
internal static class LabellingColumns
{
    public static readonly (string Name, PrimitiveDataViewType Type)[] Entities =
    [
        ("EntityType", TextDataViewType.Instance), ("EntityText", TextDataViewType.Instance), ("EntityStart", NumberDataViewType.Int32),
        ("EntityEnd", NumberDataViewType.Int32), ("EntityProbability", NumberDataViewType.Single),
    ];

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
        if (settings.Labelling!.Entities) columns.AddRange(Entities.Select(e => new DataViewSchema.DetachedColumn(e.Name, new VectorDataViewType(e.Type))));
        return columns;
    }

    /// <summary>The same columns as <c>GetOutputSchema</c> promises them.</summary>
    public static IEnumerable<SchemaShape.Column> Promises(TokenLabellingOptions options, SchemaShape.Column label, bool spans)
    {
        if (spans) label = MLNetInternals.WithTextKeyValues(label);
        yield return MLNetInternals.PromiseKey(options.PredictedLabelColumnName, label, vector: true, LabelAnnotations);
        yield return MLNetInternals.PromiseScores(options.ScoreColumnName, label, variable: true, ScoreAnnotations);
        if (!options.Entities) yield break;
        foreach (var (name, type) in Entities) yield return MLNetInternals.PromiseVector(name, type);
    }
}
