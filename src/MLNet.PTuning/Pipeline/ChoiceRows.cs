// Reads texts with their choices and labels from a data view, and makes examples of them.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Pipeline;

/// <summary>Training and validation rows of multiple choice.</summary>
internal static class ChoiceRows
{
    /// <summary>A row with the index of its right choice; null where the label is missing.</summary>
    public readonly record struct Row(ChoiceRow Texts, int? Target);

    /// <summary>Checks that a pipeline has the label column before this step.</summary>
    /// <exception cref="ArgumentException">It is absent or of another type.</exception>
    public static void CheckLabel(SchemaShape schema, string name)
    {
        var label = TextRows.FindColumn(schema, name);
        if (label.Kind != SchemaShape.Column.VectorKind.Scalar || label.IsKey || label.ItemType is not NumberDataViewType) throw new ArgumentException(NotAnIndex(name, $"{label.Kind} of {label.ItemType}{(label.IsKey ? " (a key)" : "")}"));
    }

    /// <summary>Reads all rows.</summary>
    /// <exception cref="ArgumentException">A column is absent or of another type, or a label is no index of the row's choices.</exception>
    public static List<Row> Read(IDataView data, ChoiceColumns columns, string labelName)
    {
        var label = TextRows.FindLabel(data.Schema, labelName);
        if (label.Type is not NumberDataViewType) throw new ArgumentException(NotAnIndex(labelName, label.Type.ToString()!));
        using var cursor = data.GetRowCursor(columns.Find(data.Schema).Append(label));
        var texts = columns.Reader(cursor);
        var number = NumberColumn.Reader(cursor, label);
        var rows = new List<Row>();
        while (cursor.MoveNext())
        {
            var row = texts();
            rows.Add(new Row(row, Target(number(), row.Choices.Length, cursor.Position, labelName, columns.Choices)));
        }
        return rows;
    }

    /// <summary>A label as the index of a row's right choice; null where it is missing.</summary>
    /// <param name="label">The label: NaN is ML.NET's missing number, and −1 the usual index of none.</param>
    /// <param name="choices">Number of choices.</param>
    /// <param name="position">The row's, from 0.</param>
    /// <param name="labelName">The label's column, for messages.</param>
    /// <param name="choicesName">The column that has a value for each choice.</param>
    /// <exception cref="ArgumentException">It is no index of the choices.</exception>
    public static int? Target(double label, int choices, long position, string labelName, string choicesName)
    {
        if (double.IsNaN(label) || label == -1) return null;
        return label >= 0 && label < choices && label == Math.Floor(label) ? (int)label : throw new ArgumentException(FormattableString.Invariant(
            $"Row {position + 1} has the label {label} in '{labelName}', but {choices} choices in '{choicesName}': the label is the index of the right choice, counted from 0 (-1 where it is not known)."));
    }

    /// <summary>Tokenizes rows. Rows without a label, or with a single choice, of which nothing can be learned, are left out.</summary>
    public static (List<Example> Examples, int Skipped) Encode(IReadOnlyList<Row> all, TextTokenizer tokenizer, RowForm form, RowLimit limit, TrainingChannel channel, MultipleChoiceOptions options)
    {
        var used = all.Where(row => row.Target is not null && row.Texts.Choices.Length > 1).ToList();
        int alone = all.Count(row => row.Target is not null) - used.Count, unlabeled = all.Count - used.Count - alone;
        var encoded = TokenizedRows.Of(channel.Ranks, used, row =>
        {
            var text = form.TextPieces(row.Texts.Text);
            var choices = Array.ConvertAll(row.Texts.Choices, form.PairPieces);
            int longest = text.Count + choices.Max(choice => choice.Count) + tokenizer.SpecialCount(pair: true) + form.FixedPieces;
            return new TokenizedRow(longest, IsMarked: false, [MultipleChoice.Example([.. choices.Select(choice => form.Join(text, choice))], row.Target!.Value, options.Pooling)]);
        });
        limit.Check(encoded.Select(e => e.Length).DefaultIfEmpty(0).Max());
        if (unlabeled > 0) channel.Warn($"{unlabeled} of {all.Count} rows have no label and were left out.");
        if (alone > 0) channel.Warn($"{alone} of {all.Count} rows have a single choice in '{options.ChoicesColumnName}', of which nothing can be learned, and were left out.");
        int empty = used.Count(row => row.Texts.Choices.Any(string.IsNullOrWhiteSpace)), cut = encoded.Count(e => e.Length > limit.Length);
        if (empty > 0) channel.Warn($"{empty} of {all.Count} rows have a choice without text.");
        if (cut > 0) channel.Warn($"{cut} of {all.Count} rows are longer than {limit.Length} word pieces (the longest has {encoded.Max(e => e.Length)}) and were cut at their end.");
        List<Example> examples = [.. encoded.Select(e => e.Example)];
        UnknownPieces.Warn(channel, tokenizer, examples, used.SelectMany(row => row.Texts.Choices.Prepend(row.Texts.Text)), tokenizer.SpecialCount(pair: true));
        return (examples, all.Count - used.Count);
    }

    public static string NotAnIndex(string name, string type) =>
        $"The label column '{name}' is of type {type}; for choosing it is a number, the index of the right choice from 0. A key does not say which choice it means: leave MapValueToKey out.";
}
