// Reads gold and predicted labels of words from a data view, by name, for the metrics.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Pipeline;

/// <summary>Evaluation of predictions over a data view.</summary>
internal static class TokenLabelEvaluation
{
    /// <summary>Scores predicted labels; keys of both columns are compared by their values' text, so they may be numbered differently.</summary>
    /// <exception cref="ArgumentException">A column is missing or no vector of labels, the two differ in length in some row, or a label is outside the scheme.</exception>
    public static TokenLabelMetrics Evaluate(IHostEnvironment environment, IDataView data, string labelName, string predictedName, TagScheme? scheme)
    {
        DataViewSchema.Column label = TextRows.FindColumn(data.Schema, labelName), predicted = TextRows.FindColumn(data.Schema, predictedName);
        using var cursor = data.GetRowCursor([label, predicted]);
        var readPredicted = Reader(data, cursor, predicted);
        var readLabel = Reader(data, cursor, label);
        string? outside = OutsideLabel(data, label, predicted.Type is VectorDataViewType { ItemType: KeyDataViewType } ? LabelKeys.Of(data, predicted).Names : []);
        var rows = new List<(IReadOnlyList<string?> Gold, IReadOnlyList<string> Predicted)>();
        var names = new HashSet<string>();
        while (cursor.MoveNext())
        {
            string?[] guessed = readPredicted(), gold = OfWords(readLabel(), guessed.Length, outside);
            if (gold.Length != guessed.Length)
                throw new ArgumentException($"Row {cursor.Position + 1} has {gold.Length} labels in '{labelName}', but {guessed.Length} in "
                    + $"'{predictedName}'; every word needs one of each.");
            rows.Add((gold, [.. guessed.Select(g => g ?? Tags.Outside)]));
            names.UnionWith(gold.Concat(guessed).OfType<string>());
        }
        var guess = TagGuess.Of(names, scheme);
        using (var channel = environment.Register(nameof(TokenLabelEvaluation)).Start("Evaluation"))
            foreach (string warning in guess.Doubts.Append(Incomplete(rows.Select(r => r.Gold), guess.Scheme)).Append(LeftOut(rows.Select(r => r.Gold), labelName)).OfType<string>())
                channel.Warning(MessageSensitivity.None, "{0}", warning);
        return TokenLabelMetrics.Of(rows, guess.Scheme);
    }

    // A gold label that no training row has becomes a missing key, which the model could never predict.
    private static string? LeftOut(IEnumerable<IReadOnlyList<string?>> rows, string labelName)
    {
        int words = 0, missing = 0;
        foreach (var row in rows) (words, missing) = (words + row.Count, missing + row.Count(label => label is null));
        return missing == 0 ? null
            : $"{missing} of {words} words have no gold label and are left out of the scores. Where they have labels that no training row has (missing keys after MapValueToKey), "
                + $"keep the labels as text, with CopyColumns(\"Gold\", \"{labelName}\") before MapValueToKey, and evaluate \"Gold\".";
    }

    // Under a strict reading, some gold labels may be in no entity.
    private static string? Incomplete(IEnumerable<IReadOnlyList<string?>> rows, TagScheme scheme)
    {
        if (scheme != TagScheme.Bilou) return null;
        int labels = 0, inEntities = 0;
        foreach (string[] row in rows.Select(r => r.Select(l => l ?? Tags.Outside).ToArray()))
        {
            labels += row.Count(l => ChunkTag.Read(l) is { Prefix: not 'O' });
            inEntities += Tags.ToSpans(row, scheme).Sum(s => s.End - s.Start);
        }
        return labels == inEntities ? null
            : $"{labels - inEntities} of {labels} gold tags other than O are in no complete entity and are not counted: the scheme {scheme} is read strictly (B- to L- of one type, or U-).";
    }

    /// <summary>What a missing gold label of a word stands for: the model's label of words outside entities, where the gold keys have none, as in training; null for nothing.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="label">The gold labels.</param>
    /// <param name="classes">Names of the model's classes.</param>
    public static string? OutsideLabel(IDataView data, DataViewSchema.Column label, IReadOnlyList<string> classes) =>
        label.Type is VectorDataViewType { ItemType: KeyDataViewType } && !LabelKeys.Of(data, label).Names.Any(ChunkTag.IsOutside) ? classes.FirstOrDefault(ChunkTag.IsOutside) : null;

    /// <summary>The gold labels of a row's words, without missing ones after the last word, as a vector of fixed size has them.</summary>
    /// <param name="labels">The labels; null for a missing one.</param>
    /// <param name="words">Number of words.</param>
    /// <param name="outside">What a missing one stands for; null for nothing.</param>
    public static string?[] OfWords(string?[] labels, int words, string? outside)
    {
        if (labels.Length > words && labels.Skip(words).All(label => label is null)) labels = labels[..words];
        return Array.ConvertAll(labels, label => label ?? outside);
    }

    /// <summary>A reader of the current row's labels, or of its one label, by name; null where one is missing.</summary>
    /// <exception cref="ArgumentException">The column is neither of keys nor of text nor of Booleans.</exception>
    public static Func<string?[]> LabelReader(IDataView data, DataViewRow row, DataViewSchema.Column column)
    {
        switch (column.Type)
        {
            case TextDataViewType:
                var getter = row.GetGetter<ReadOnlyMemory<char>>(column);
                ReadOnlyMemory<char> text = default;
                return () =>
                {
                    getter(ref text);
                    return [text.IsEmpty ? null : text.ToString()];
                };
            case KeyDataViewType or BooleanDataViewType:
                var names = (column.Type is KeyDataViewType ? LabelKeys.Of(data, column) : LabelKeys.Boolean).Names;
                var target = TextRows.Target(row, column);
                return () => [target() is { } index ? names[index] : null];
            default:
                return Reader(data, row, column);
        }
    }

    // The labels of the current row; null where a key is missing.
    private static Func<string?[]> Reader(IDataView data, DataViewRow row, DataViewSchema.Column column)
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
                var names = LabelKeys.Of(data, column).Names;
                var keys = WordRows.KeyNumbers(row, column);
                return () => [.. keys().Select(k => k > 0 ? names[k - 1] : null)];
            default:
                throw new ArgumentException($"The column '{column.Name}' is of type {column.Type}; "
                    + "labels of words are a vector of keys with key values, or of text.");
        }
    }
}
