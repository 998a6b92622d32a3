// Reads texts and labels from a data view and makes examples of them.
using System.Globalization;
using System.Runtime.ExceptionServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Pipeline;

/// <summary>A row's texts, and the spans of them that are read.</summary>
internal readonly record struct TextRow(string Text, string? Pair, TextSpan[] Spans);

/// <summary>Names of the text column and, for pairs, the second one.</summary>
internal sealed record TextColumns(string Text, string? Pair)
{
    public string[] Names => Pair is null ? [Text] : [Text, Pair];

    /// <summary>Spans that are read in addition.</summary>
    public IReadOnlyList<SpanColumns> Spans { get; init; } = [];

    /// <summary>The unit that their places are counted in.</summary>
    public OffsetUnit Unit { get; init; }

    /// <summary>The columns in a schema.</summary>
    /// <exception cref="ArgumentException">One is absent or no text.</exception>
    public IReadOnlyList<DataViewSchema.Column> Find(DataViewSchema schema) => [.. Names.Select(name =>
    {
        var column = TextRows.FindColumn(schema, name);
        return column.Type is TextDataViewType ? column : throw new ArgumentException(TextRows.NotText(name, column.Type.ToString()!));
    }), .. Spans.SelectMany(span => span.Find(schema))];

    /// <summary>Checks that a pipeline has the columns before this step.</summary>
    /// <exception cref="ArgumentException">One is absent or no text.</exception>
    public void Check(SchemaShape schema)
    {
        foreach (string name in Names)
        {
            var text = TextRows.FindColumn(schema, name);
            if (text.Kind != SchemaShape.Column.VectorKind.Scalar || text.ItemType is not TextDataViewType)
                throw new ArgumentException(TextRows.NotText(name, $"{text.Kind} of {text.ItemType}"));
        }
        foreach (var span in Spans) span.Check(schema);
    }

    /// <summary>A function that reads the current row of <paramref name="row"/>.</summary>
    public Func<TextRow> Reader(DataViewRow row)
    {
        var columns = Find(row.Schema);
        var first = row.GetGetter<ReadOnlyMemory<char>>(columns[0]);
        var second = Pair is null ? null : row.GetGetter<ReadOnlyMemory<char>>(columns[1]);
        Func<string, string?, TextSpan>[] spans = [.. Spans.Select(span => span.Reader(row, Unit))];
        ReadOnlyMemory<char> value = default;
        return () =>
        {
            first(ref value);
            string text = value.ToString();
            string? pair = null;
            if (second is not null)
            {
                second(ref value);
                pair = value.ToString();
            }
            return new TextRow(text, pair, Array.ConvertAll(spans, span => span(text, pair)));
        };
    }
}

/// <summary>From rows to examples.</summary>
internal static class TextRows
{
    /// <summary>One row as it was read; the target is null where the label is missing.</summary>
    public readonly record struct Row(TextRow Texts, int? Target)
    {
        public string Text => Texts.Text;

        public string? Pair => Texts.Pair;
    }

    private const string NamingOptions = "TextColumnName, WordsColumnName, LabelColumnName, …";

    // Hidden columns have the name of the one that hides them.
    private static string NamesOf(DataViewSchema schema) => string.Join(", ", schema.Where(c => !c.IsHidden).Select(c => c.Name));

    public static string NotText(string name, string type) => $"The column '{name}' is of type {type}, not text. Give the name of a column of text.";

    public static DataViewSchema.Column FindColumn(DataViewSchema schema, string name) => schema.GetColumnOrNull(name)
        ?? throw new ArgumentException($"The data has no column '{name}'; it has {NamesOf(schema)}. Set the option that names it ({NamingOptions}).");

    public static SchemaShape.Column FindColumn(SchemaShape schema, string name) => schema.TryFindColumn(name, out var column) ? column
        : throw new ArgumentException($"The pipeline has no column '{name}' before this step; it has {string.Join(", ", schema.Select(c => c.Name))}. Set the option that names it ({NamingOptions}).");

    public static DataViewSchema.Column FindLabel(DataViewSchema schema, string name) => schema.GetColumnOrNull(name)
        ?? throw new ArgumentException($"The data has no label column '{name}'; it has {NamesOf(schema)}. Set LabelColumnName.");

    /// <summary>Reads all rows; <paramref name="target"/> makes the function that reads the class.</summary>
    public static IEnumerable<Row> Read(IDataView data, TextColumns columns, DataViewSchema.Column label, Func<DataViewRow, DataViewSchema.Column, Func<int?>> target)
    {
        using var cursor = data.GetRowCursor(columns.Find(data.Schema).Append(label));
        var text = columns.Reader(cursor);
        var readTarget = target(cursor, label);
        while (cursor.MoveNext())
        {
            yield return new Row(text(), readTarget());
        }
    }

    /// <summary>A reader of the class, from 0, of a column of keys (null where the key is missing) or Booleans (false, true).</summary>
    public static Func<int?> Target(DataViewRow row, DataViewSchema.Column label)
    {
        if (label.Type is not BooleanDataViewType) return KeyTarget(row, label);
        var getter = row.GetGetter<bool>(label);
        bool value = default;
        return () =>
        {
            getter(ref value);
            return value ? 1 : 0;
        };
    }

    private static Func<int?> KeyTarget(DataViewRow row, DataViewSchema.Column label)
    {
        return Type.GetTypeCode(label.Type.RawType) switch
        {
            TypeCode.Byte => Of<byte>(k => k),
            TypeCode.UInt16 => Of<ushort>(k => k),
            TypeCode.UInt32 => Of<uint>(k => k),
            _ => Of<ulong>(k => k),
        };

        Func<int?> Of<T>(Func<T, ulong> widen)
        {
            var getter = row.GetGetter<T>(label);
            T key = default!;
            return () =>
            {
                getter(ref key);
                return widen(key) is > 0 and var k ? (int)k - 1 : null;
            };
        }
    }

    /// <summary>Tokenizes rows and leaves out those without a label.</summary>
    public static (List<Example> Examples, int Skipped) Encode(IReadOnlyList<Row> all, TextTokenizer tokenizer, RowForm form, RowLimit limit, TrainingChannel channel, Pooling pooling)
    {
        var labeled = all.Where(r => r.Target is not null).ToList();
        int longest = 0, cut = 0;
        var examples = TokenizedRows.Of(channel.Ranks, labeled, r =>
        {
            var first = form.TextPieces(r.Text);
            var second = r.Pair is null ? null : form.PairPieces(r.Pair);
            int length = first.Count + (second?.Count ?? 0) + tokenizer.SpecialCount(second is not null) + form.FixedPieces;
            var row = form.Join(first, second);
            var spans = SpanPositions(r.Texts, row, first, second);
            return new TokenizedRow(length, IsMarked: spans.Any(span => span is [var at] && at == row.ReadPosition), [TextClassification.Example(row.Input, r.Target!.Value, row.ReadPosition, pooling, spans)]);
        });
        foreach (var (length, _, _) in examples)
        {
            longest = Math.Max(longest, length);
            if (length > limit.Length) cut++;
        }
        int lost = examples.Count(e => e.IsMarked);
        limit.Check(longest);
        int skipped = all.Count - labeled.Count;
        if (skipped > 0) channel.Warn($"{skipped} of {all.Count} rows have no label and were left out.");
        int empty = labeled.Count(r => string.IsNullOrWhiteSpace(r.Text) && string.IsNullOrWhiteSpace(r.Pair));
        if (empty > 0) channel.Warn($"{empty} of {all.Count} rows have no text.");
        if (cut > 0) channel.Warn($"{cut} of {all.Count} rows are longer than {limit.Length} word pieces (the longest has {longest}) and were cut at their end.");
        if (lost > 0) channel.Warn($"{lost} of {all.Count} rows have a span of which nothing is left after the cut, or of which the tokenizer makes no word piece; the first token is read in its place.");
        List<Example> rowsOnly = [.. examples.Select(e => e.Example)];
        UnknownPieces.Warn(channel, tokenizer, rowsOnly, labeled.SelectMany(r => new[] { r.Text, r.Pair }), tokenizer.SpecialCount(labeled.Any(r => r.Pair is not null)));
        return (rowsOnly, skipped);
    }

    /// <summary>The positions of each span's word pieces in a row; that which the head reads first where none is left of it.</summary>
    public static int[][] SpanPositions(TextRow texts, FormedRow row, IReadOnlyList<Piece> text, IReadOnlyList<Piece>? pair) => Array.ConvertAll(texts.Spans, span =>
    {
        var (pieces, start, count) = span.InPair ? (pair!, row.PairStart, row.PairCount) : (text, row.TextStart, row.TextCount);
        int[] positions = QuestionAnswering.PiecesOf(pieces, span.Start, span.End) is { } place
            ? [.. Enumerable.Range(place.First, place.Last - place.First + 1).Where(i => i < count).Select(i => start + i)] : [];
        return positions.Length > 0 ? positions : [row.ReadPosition];
    });

    /// <summary>A function of every item, in their order. What one throws is thrown as it is.</summary>
    public static List<TResult> OnAllCores<TItem, TResult>(IEnumerable<TItem> items, Func<TItem, TResult> function)
    {
        try
        {
            return [.. items.AsParallel().AsOrdered().Select(function)];
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
            throw;
        }
    }

    /// <summary>The validation rows, whose label may be a key of any order or the plain value.</summary>
    /// <exception cref="ArgumentException">A label is not among the training labels, or there are no labeled rows.</exception>
    public static List<Row> ReadValidation(IDataView data, TextColumns columns, string labelName, LabelKeys keys)
    {
        var label = FindLabel(data.Schema, labelName);
        var index = keys.Names.Select((name, i) => (name, i)).DistinctBy(p => p.name).ToDictionary(p => p.name, p => p.i);
        var rows = Read(data, columns, label, NamedTarget).ToList();
        return rows.Any(r => r.Target is not null) ? rows : throw new ArgumentException("The validation set has no labeled rows.");

        Func<int?> NamedTarget(DataViewRow row, DataViewSchema.Column column)
        {
            if (column.Type is KeyDataViewType)
            {
                int[] translated = [.. LabelKeys.Of(column).Names.Select(ClassOf)];
                var key = KeyTarget(row, column);
                return () => key() is { } k ? Known(translated[k], () => LabelKeys.Of(column).Names[k]) : null;
            }
            var name = ValueReader(row, column);
            return () => name() is { Length: > 0 } text ? Known(ClassOf(text), () => text) : null;
        }

        int ClassOf(string name) => index.TryGetValue(name, out int i) ? i : -1;

        int Known(int i, Func<string> name) => i >= 0 ? i : throw new ArgumentException(
            $"The validation set has the label '{name()}', which no training row has; the training labels are {string.Join(", ", keys.Names)}.");
    }

    // The value of a column of text, number or Boolean as text, in the form that key values are compared in.
    private static Func<string> ValueReader(DataViewRow row, DataViewSchema.Column column)
    {
        var method = typeof(TextRows).GetMethod(nameof(ReaderOf), System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!;
        return (Func<string>)method.MakeGenericMethod(column.Type.RawType).Invoke(null, [row, column])!;
    }

    private static Func<string> ReaderOf<T>(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<T>(column);
        T value = default!;
        return () =>
        {
            getter(ref value);
            return Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        };
    }
}
