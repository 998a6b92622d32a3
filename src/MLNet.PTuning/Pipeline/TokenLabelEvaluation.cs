// Reads wanted and predicted labels of words from a data view, by name, for the metrics.
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Pipeline;

/// <summary>Evaluation of predictions over a data view.</summary>
internal static class TokenLabelEvaluation
{
    /// <summary>Scores predicted labels; keys of both columns are compared by their values' text, so they may be numbered differently.</summary>
    /// <exception cref="ArgumentException">A column is missing or no vector of labels, the two differ in length in some row, or a label is outside the scheme.</exception>
    public static TokenLabelMetrics Evaluate(IDataView data, string labelName, string predictedName, TagScheme? scheme)
    {
        DataViewSchema.Column label = TextRows.FindColumn(data.Schema, labelName), predicted = TextRows.FindColumn(data.Schema, predictedName);
        using var cursor = data.GetRowCursor([label, predicted]);
        var readLabel = Reader(cursor, label);
        var readPredicted = Reader(cursor, predicted);
        var rows = new List<(IReadOnlyList<string?> Wanted, IReadOnlyList<string> Predicted)>();
        var names = new HashSet<string>();
        while (cursor.MoveNext())
        {
            string?[] wanted = readLabel(), guessed = readPredicted();
            if (wanted.Length != guessed.Length)
                throw new ArgumentException($"Row {cursor.Position + 1} has {wanted.Length} labels in '{labelName}', but {guessed.Length} in "
                    + $"'{predictedName}'; every word needs one of each.");
            rows.Add((wanted, [.. guessed.Select(g => g ?? Tags.Outside)]));
            names.UnionWith(wanted.Concat(guessed).OfType<string>());
        }
        var read = scheme ?? Tags.Guess(names);
        foreach (string name in names) Tags.Check(name, read);
        return TokenLabelMetrics.Of(rows, read);
    }

    // The labels of the current row; null where a key is missing.
    private static Func<string?[]> Reader(DataViewRow row, DataViewSchema.Column column)
    {
        switch (column.Type)
        {
            case VectorDataViewType { ItemType: TextDataViewType }:
                var getter = row.GetGetter<VBuffer<ReadOnlyMemory<char>>>(column);
                VBuffer<ReadOnlyMemory<char>> texts = default;
                return () =>
                {
                    getter(ref texts);
                    return [.. texts.DenseValues().Select(t => t.IsEmpty ? null : t.ToString())];
                };
            case VectorDataViewType { ItemType: KeyDataViewType }:
                var names = LabelKeys.Of(column).Names;
                var keys = WordRows.KeyNumbers(row, column);
                return () => [.. keys().Select(k => k > 0 ? names[k - 1] : null)];
            default:
                throw new ArgumentException($"The column '{column.Name}' is of type {column.Type}; "
                    + "labels of words are a vector of keys with key values, or of text.");
        }
    }
}
