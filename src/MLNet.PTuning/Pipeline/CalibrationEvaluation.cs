// Reads gold labels and probabilities of classes, of words' labels or of choices from a data view for the metrics of calibration.
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Pipeline;

/// <summary>Evaluation of probabilities over a data view.</summary>
internal static class CalibrationEvaluation
{
    // What rounding may add to a probability or to their sum.
    private const double Tolerance = 1e-3;

    /// <summary>Scores probabilities; missing labels are left out, and a label that is no class counts as wrong.</summary>
    /// <exception cref="ArgumentException">A column is missing or of another type, a row has as many labels as does not fit its probabilities, or there are no labels.</exception>
    public static CalibrationMetrics Evaluate(IDataView data, string labelName, string probabilityName, int bins)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        var label = TextRows.FindLabel(data.Schema, labelName);
        var column = TextRows.FindColumn(data.Schema, probabilityName);
        using var cursor = data.GetRowCursor([label, column]);
        var metrics = CalibrationMetrics.Of(column.Type switch
        {
            NumberDataViewType { RawType: var type } when type == typeof(float) => OfSecondClass(cursor, label, column),
            VectorDataViewType { ItemType: NumberDataViewType { RawType: var item } } when item == typeof(float) =>
                label.Type is NumberDataViewType ? OfChoices(cursor, label, column) : OfClasses(data, cursor, label, column),
            _ => throw new ArgumentException($"The column of probabilities '{probabilityName}' is of type {column.Type}; it is a vector of Single (Score), or a Single in ML.NET's binary form (Probability)."),
        }, bins);
        return metrics.Predictions > 0 ? metrics : throw new ArgumentException($"There are no rows with a label in '{labelName}' to evaluate.");
    }

    // ML.NET's binary form.
    private static IEnumerable<(double[] Probabilities, int Target)> OfSecondClass(DataViewRowCursor cursor, DataViewSchema.Column label, DataViewSchema.Column column)
    {
        var target = label.Type is BooleanDataViewType or KeyDataViewType { Count: 2 } ? TextRows.Target(cursor, label)
            : throw new ArgumentException($"The column '{column.Name}' is the probability of the second of two classes, but the label column '{label.Name}' is of type {label.Type}; it is a Boolean, or a key of two values.");
        var getter = cursor.GetGetter<float>(column);
        float probability = 0;
        while (cursor.MoveNext())
        {
            getter(ref probability);
            if (target() is { } index) yield return (Checked([1 - probability, probability], cursor, column), index);
        }
    }

    private static IEnumerable<(double[] Probabilities, int Target)> OfChoices(DataViewRowCursor cursor, DataViewSchema.Column label, DataViewSchema.Column column)
    {
        var number = NumberColumn.Reader(cursor, label);
        var read = Reader(cursor, column);
        while (cursor.MoveNext())
        {
            double[] probabilities = read();
            if (ChoiceRows.Target(number(), probabilities.Length, cursor.Position, label.Name, column.Name) is { } index) yield return (Checked(probabilities, cursor, column), index);
        }
    }

    // A text's class, or the labels of its words; compared by name, since keys may be numbered otherwise than the model's classes.
    private static IEnumerable<(double[] Probabilities, int Target)> OfClasses(IDataView data, DataViewRowCursor cursor, DataViewSchema.Column label, DataViewSchema.Column column)
    {
        var classes = (LabelKeys.NamesIn(column, AnnotationNames.TrainingLabelValues) ?? LabelKeys.NamesIn(column, AnnotationNames.SlotNames)
            ?? throw new ArgumentException($"The column of probabilities '{column.Name}' does not name its classes (its annotations {AnnotationNames.TrainingLabelValues} and {AnnotationNames.SlotNames}); give the model's own output.")).ToList();
        var labels = TokenLabelEvaluation.LabelReader(data, cursor, label);
        string? outside = TokenLabelEvaluation.OutsideLabel(data, label, classes);
        var read = Reader(cursor, column);
        while (cursor.MoveNext())
        {
            double[] all = read();
            string?[] names = TokenLabelEvaluation.OfWords(labels(), all.Length / classes.Count, outside);
            if (all.Length != names.Length * classes.Count)
                throw new ArgumentException($"Row {cursor.Position + 1} has {names.Length} labels in '{label.Name}', but {all.Length} probabilities of {classes.Count} classes in '{column.Name}'; each label needs one of every class.");
            for (int i = 0; i < names.Length; i++)
                if (names[i] is { } name) yield return (Checked(all[(i * classes.Count)..((i + 1) * classes.Count)], cursor, column), classes.IndexOf(name));
        }
    }

    private static Func<double[]> Reader(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<VBuffer<float>>(column);
        VBuffer<float> values = default;
        return () =>
        {
            getter(ref values);
            return [.. values.DenseValues().Select(p => (double)p)];
        };
    }

    private static double[] Checked(double[] probabilities, DataViewRowCursor cursor, DataViewSchema.Column column) =>
        probabilities.Length > 0 && probabilities.All(p => p >= -Tolerance && p <= 1 + Tolerance) && Math.Abs(probabilities.Sum() - 1) <= Tolerance ? probabilities
            : throw new ArgumentException(FormattableString.Invariant($"Row {cursor.Position + 1} has in '{column.Name}' values that are no probabilities of classes, which lie between 0 and 1 and have the sum 1: {string.Join(", ", probabilities.Take(5).Select(p => p.ToString("g4", System.Globalization.CultureInfo.InvariantCulture)))}. In ML.NET's binary form give Probability, not Score."));
}
