// Makes examples of rows of words and their labels: keys a word, or entities by their place in the text.
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Pipeline;

/// <summary>Training and validation rows of token labelling.</summary>
internal static class WordRows
{
    /// <summary>Reads the class of every word of the current row; <see cref="Example.NoTarget"/> where a label is missing.</summary>
    public delegate int[] TargetReader(WordRow row);

    /// <summary>Whether a label column gives entities by their place, as text, instead of keys.</summary>
    public static bool IsSpans(DataViewType label) => label is VectorDataViewType { ItemType: TextDataViewType };

    public static string NotLabels(string name, string type) =>
        $"The label column '{name}' is of type {type}; it must be a vector of keys, one a word (add .Append(ml.Transforms.Conversion.MapValueToKey(\"{name}\")) "
        + "before this step), or a vector of text \"start end TYPE\" beside plain text.";

    /// <summary>A reader of a vector of keys, one a word.</summary>
    /// <param name="row">The cursor.</param>
    /// <param name="label">The vector of keys.</param>
    /// <param name="classOf">Class of each key, counted from 1.</param>
    public static TargetReader Keys(DataViewRow row, DataViewSchema.Column label, Func<int, int> classOf)
    {
        var read = KeyNumbers(row, label);
        return words =>
        {
            int[] keys = read();
            if (keys.Length != words.Words.Length)
                throw new ArgumentException($"Row {row.Position + 1} has {words.Words.Length} words, but {keys.Length} labels; every word needs one.");
            return Array.ConvertAll(keys, k => k > 0 ? classOf(k) : Example.NoTarget);
        };
    }

    /// <summary>A reader of a vector of keys as numbers: from 1, and 0 where a key is missing.</summary>
    public static Func<int[]> KeyNumbers(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is not VectorDataViewType { ItemType: KeyDataViewType key }) throw new ArgumentException(NotLabels(column.Name, column.Type.ToString()!));
        return Type.GetTypeCode(key.RawType) switch
        {
            TypeCode.Byte => Of<byte>(k => k),
            TypeCode.UInt16 => Of<ushort>(k => k),
            TypeCode.UInt32 => Of<uint>(k => (int)k),
            _ => Of<ulong>(k => (int)k),
        };

        Func<int[]> Of<T>(Func<T, int> widen)
        {
            var getter = row.GetGetter<VBuffer<T>>(column);
            VBuffer<T> keys = default;
            return () =>
            {
                getter(ref keys);
                return [.. keys.DenseValues().Select(widen)];
            };
        }
    }

    /// <summary>A reader of entities "start end TYPE" that gives the class of each word's tag.</summary>
    public static TargetReader Spans(DataViewRow row, DataViewSchema.Column label, TagScheme scheme, Func<string, int> classOf)
    {
        var read = SpanTags(row, label, scheme);
        return words => [.. read(words).Select(classOf)];
    }

    /// <summary>A reader of entities "start end TYPE" that gives the tag of each word.</summary>
    public static Func<WordRow, string[]> SpanTags(DataViewRow row, DataViewSchema.Column label, TagScheme scheme)
    {
        var getter = row.GetGetter<VBuffer<ReadOnlyMemory<char>>>(label);
        VBuffer<ReadOnlyMemory<char>> spans = default;
        return words =>
        {
            getter(ref spans);
            var parsed = spans.DenseValues().Select(span => Parse(span.ToString(), words, row.Position)).OrderBy(s => s.Start).ToList();
            try { return Tags.FromSpans(parsed, words.Words.Length, scheme); }
            catch (ArgumentException e) { throw new ArgumentException($"Row {row.Position + 1}: {e.Message}", e); }
        };
    }

    /// <summary>Windows of all rows that have something to learn, tokenized on all cores, and how many rows have nothing: no words or no labels.</summary>
    public static (List<Example> Examples, int Skipped) Encode(IReadOnlyList<(WordRow Row, int[] Targets)> rows, TokenLabelling task, bool allPieces)
    {
        var windows = rows.AsParallel().AsOrdered().Select(r => task.Windows(r.Row.Words, r.Row.Predicate, r.Targets, allPieces).Select(w => w.Example)
            .Where(e => e.Targets.Any(t => t != Example.NoTarget)).ToList()).ToList();
        return ([.. windows.SelectMany(w => w)], windows.Count(w => w.Count == 0));
    }

    /// <summary>Reads rows and their targets.</summary>
    public static List<(WordRow Row, int[] Targets)> Read(IDataView data, WordColumns columns, DataViewSchema.Column label, Func<DataViewRow, TargetReader> targets)
    {
        using var cursor = data.GetRowCursor(columns.Find(data.Schema).Append(label));
        var read = columns.Reader(cursor);
        var target = targets(cursor);
        var rows = new List<(WordRow, int[])>();
        while (cursor.MoveNext())
        {
            var row = read();
            rows.Add((row, target(row)));
        }
        return rows;
    }

    // An entity covers every word that it touches.
    private static TagSpan Parse(string span, WordRow words, long position)
    {
        string[] parts = span.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length != 3 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int start)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int end) || start >= end || end > words.Text.Length)
            throw new ArgumentException($"Row {position + 1}: the entity '{span}' is not of the form \"start end TYPE\" "
                + $"with 0 <= start < end <= {words.Text.Length} (the text's length).");
        int first = -1, last = -1;
        for (int i = 0; i < words.Places.Count; i++)
        {
            if (words.Places[i].End <= start || words.Places[i].Start >= end) continue;
            if (first < 0) first = i;
            last = i;
        }
        return first >= 0 ? new TagSpan(first, last + 1, parts[2]) : throw new ArgumentException($"Row {position + 1}: the entity '{span}' covers no word.");
    }
}
