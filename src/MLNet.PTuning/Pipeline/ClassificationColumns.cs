// The output columns of classification with the annotations that ML.NET's multiclass trainers give theirs.
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Pipeline;

/// <summary>PredictedLabel and Score as evaluators, MapKeyToValue and confusion matrices expect them.</summary>
internal static class ClassificationColumns
{
    public static readonly string[] LabelAnnotations = [AnnotationNames.ScoreColumnKind, AnnotationNames.ScoreValueKind, AnnotationNames.KeyValues];

    public static readonly string[] ScoreAnnotations =
        [AnnotationNames.ScoreColumnKind, AnnotationNames.ScoreValueKind, AnnotationNames.TrainingLabelValues, AnnotationNames.SlotNames];

    /// <summary>A key a row, with the label's key values.</summary>
    public static DataViewSchema.DetachedColumn PredictedLabel(string name, LabelKeys keys)
    {
        var annotations = Kind("PredictedLabel");
        keys.Annotate(annotations, AnnotationNames.KeyValues);
        return new DataViewSchema.DetachedColumn(name, new KeyDataViewType(typeof(uint), keys.Count), annotations.ToAnnotations());
    }

    /// <summary>A probability a class, slots named after the classes.</summary>
    public static DataViewSchema.DetachedColumn Score(string name, LabelKeys keys)
    {
        var annotations = Kind("Score");
        keys.Annotate(annotations, AnnotationNames.TrainingLabelValues);
        var names = keys.Names.Select(n => n.AsMemory()).ToArray();
        annotations.Add(AnnotationNames.SlotNames, new VectorDataViewType(TextDataViewType.Instance, names.Length),
            (ref VBuffer<ReadOnlyMemory<char>> value) => new VBuffer<ReadOnlyMemory<char>>(names.Length, names).CopyTo(ref value));
        return new DataViewSchema.DetachedColumn(name, new VectorDataViewType(NumberDataViewType.Single, names.Length), annotations.ToAnnotations());
    }

    private static DataViewSchema.Annotations.Builder Kind(string valueKind)
    {
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add(AnnotationNames.ScoreColumnKind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = "MulticlassClassification".AsMemory());
        annotations.Add(AnnotationNames.ScoreValueKind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = valueKind.AsMemory());
        return annotations;
    }
}
