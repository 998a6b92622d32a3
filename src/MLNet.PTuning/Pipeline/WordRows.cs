// Makes examples of rows of words and their labels: a key or tag for each word, or entities by their offsets in the text.
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Pipeline;

/// <summary>Counts the entities that are given by offsets, and those of them that begin or end inside a word and so are extended to the whole word.</summary>
internal sealed class SpanEnds
{
    private int _spans, _inside;
    private string _first = "";

    /// <summary>Counts an entity over <paramref name="row"/>'s words from <paramref name="first"/> to <paramref name="last"/>.</summary>
    public void Count(WordRow row, long position, string span, int start, int end, int first, int last)
    {
        _spans++;
        if (start <= row.Spans[first].Start && end >= row.Spans[last].End) return;
        if (_inside++ == 0)
            _first = $"row {position + 1}, where '{span}' marks '{row.Text[start..end]}' of '{row.Text[row.Spans[first].Start..row.Spans[last].End]}'";
    }

    /// <summary>The warning; null where no entity is extended.</summary>
    public string? Warning(WordColumns columns) => _inside == 0 ? null
        : $"{_inside} of {_spans} entities begin or end inside a word and were extended to the whole word, first in {_first}. "
            + $"Offsets are counted in {OffsetMap.NameOf(columns.Unit)} (OffsetUnit), and plain text is split into words by {nameof(TokenLabelingOptions.WordSplitting)} {columns.Splitting}.";
}

/// <summary>Training and validation rows of token labeling.</summary>
internal static class WordRows
{
    /// <summary>Reads the class of every word of the current row; <see cref="Example.NoTarget"/> where a label is missing.</summary>
    public delegate int[] TargetReader(WordRow row);

    /// <summary>Whether a label column is a vector of text: tags for a vector of words, entities by their offsets for plain text.</summary>
    public static bool IsText(DataViewType label) => label is VectorDataViewType { ItemType: TextDataViewType };

    public static string NotLabels(string name, string type) =>
        $"The label column '{name}' is of type {type}; it must be a vector of keys, one per word (add .Append(ml.Transforms.Conversion.MapValueToKey(\"{name}\")) "
        + "before this step), or a vector of text: tags for a vector of words, or \"start end TYPE\" for plain text.";

    /// <summary>A reader of a vector of keys, one per word.</summary>
    /// <param name="row">The cursor.</param>
    /// <param name="label">The vector of keys.</param>
    /// <param name="columns">The columns of words.</param>
    /// <param name="classOf">Class of each key, counted from 1.</param>
    /// <param name="missing">Class of words whose key is missing.</param>
    public static TargetReader Keys(DataViewRow row, DataViewSchema.Column label, WordColumns columns, Func<int, int> classOf, int missing = Example.NoTarget)
    {
        var read = KeyNumbers(row, label);
        return words =>
        {
            int[] keys = read();
            if (columns.Splitting == WordSplitting.WhiteSpace) keys = OfWords(keys, words);
            CheckCount(row, words, keys.Length, columns);
            return Array.ConvertAll(keys, k => k > 0 ? classOf(k) : missing);
        };
    }

    // As ML.NET's NamedEntityRecognition reads them: a key for what is between two single blanks, be it nothing, and missing ones after the last word, as in a vector of fixed size.
    private static int[] OfWords(int[] keys, WordRow row)
    {
        if (!row.IsSplit || keys.Length <= row.Words.Length) return keys;
        string[] parts = row.Text.Split(' ');
        if (keys.Length < parts.Length || keys.AsSpan(parts.Length).ContainsAnyExcept(0) || parts.Count(part => part.Length > 0) != row.Words.Length) return keys;
        return [.. keys.Take(parts.Length).Where((_, i) => parts[i].Length > 0)];
    }

    /// <summary>A reader of a vector of tags, one per word; an empty one is a missing label.</summary>
    /// <param name="row">The cursor.</param>
    /// <param name="label">The vector of text.</param>
    /// <param name="columns">The columns of words.</param>
    /// <param name="classOf">Class of each tag.</param>
    public static TargetReader Tags(DataViewRow row, DataViewSchema.Column label, WordColumns columns, Func<string, int> classOf)
    {
        var getter = row.GetGetter<VBuffer<ReadOnlyMemory<char>>>(label);
        VBuffer<ReadOnlyMemory<char>> tags = default;
        return words =>
        {
            getter(ref tags);
            CheckCount(row, words, tags.Length, columns);
            return [.. tags.DenseValues().Select(tag => tag.IsEmpty ? Example.NoTarget : classOf(tag.ToString()))];
        };
    }

    /// <summary>The tags of a vector column in the order in which they occur, as <c>MapValueToKey</c> numbers them.</summary>
    public static IReadOnlyList<string> DistinctTags(IDataView data, DataViewSchema.Column label)
    {
        var tags = new OrderedDictionary<string, bool>();
        using var cursor = data.GetRowCursor([label]);
        var getter = cursor.GetGetter<VBuffer<ReadOnlyMemory<char>>>(label);
        VBuffer<ReadOnlyMemory<char>> row = default;
        while (cursor.MoveNext())
        {
            getter(ref row);
            foreach (var tag in row.DenseValues())
                if (!tag.IsEmpty) tags.TryAdd(tag.ToString(), true);
        }
        return [.. tags.Keys];
    }

    private static void CheckCount(DataViewRow row, WordRow words, int labels, WordColumns columns)
    {
        if (labels != words.Words.Length)
            throw new ArgumentException($"Row {row.Position + 1} has {words.Words.Length} words, but {labels} labels; every word needs one."
                + (words.IsSplit ? $" The text is split by {nameof(TokenLabelingOptions.WordSplitting)} {columns.Splitting}; {OtherSplitting(words, columns.Splitting)}." : ""));
    }

    private static string OtherSplitting(WordRow row, WordSplitting splitting)
    {
        var other = splitting == WordSplitting.WhiteSpace ? WordSplitting.Punctuation : WordSplitting.WhiteSpace;
        return $"{other} gives {WordSplitter.Split(row.Text, other).Count} words";
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

    /// <summary>A reader of entities "start end TYPE" that returns the tag of each word.</summary>
    /// <param name="row">The cursor.</param>
    /// <param name="label">The entities.</param>
    /// <param name="scheme">The scheme of the tags.</param>
    /// <param name="unit">The unit of offsets, for messages.</param>
    /// <param name="ends">Counts the entities.</param>
    public static Func<WordRow, string[]> SpanTags(DataViewRow row, DataViewSchema.Column label, TagScheme scheme, OffsetUnit unit, SpanEnds ends)
    {
        var getter = row.GetGetter<VBuffer<ReadOnlyMemory<char>>>(label);
        VBuffer<ReadOnlyMemory<char>> spans = default;
        return words =>
        {
            getter(ref spans);
            // A vector of fixed size has empty texts behind the last entity.
            var parsed = spans.DenseValues().Where(span => !span.Span.IsWhiteSpace()).Select(span => Parse(span.ToString(), words, row.Position, unit, ends)).Distinct().OrderBy(s => s.Start).ToList();
            try { return PTuning.Tags.FromSpans(parsed, words.Words.Length, scheme); }
            catch (ArgumentException e) { throw new ArgumentException($"Row {row.Position + 1}: {e.Message}"); }
        };
    }

    /// <summary>Windows of all rows with labeled words, tokenized on all cores, and the number of rows without: no words or no labels.</summary>
    public static (List<Example> Examples, int Skipped) Encode(IReadOnlyList<(WordRow Row, int[] Targets)> rows, TokenLabeling task, bool allPieces)
    {
        var windows = TextRows.OnAllCores(rows, r => task.Windows(r.Row.Words, r.Row.Predicate, r.Targets, allPieces).Select(w => w.Example)
            .Where(e => e.Targets.Any(t => t != Example.NoTarget)).ToList());
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

    // An entity covers every word that it overlaps.
    private static TagSpan Parse(string span, WordRow words, long position, OffsetUnit unit, SpanEnds ends)
    {
        string[] parts = span.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length != 3 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int start)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int end) || start >= end || end > words.Offsets.Length)
            throw new ArgumentException($"Row {position + 1}: the entity '{span}' is not of the form \"start end TYPE\" "
                + $"with 0 <= start < end <= {words.Offsets.Length} (the text's length in {OffsetMap.NameOf(unit)}).");
        (start, end) = (words.Offsets.ToUtf16(start), words.Offsets.ToUtf16(end));
        int first = -1, last = -1;
        for (int i = 0; i < words.Spans.Count; i++)
        {
            if (words.Spans[i].End <= start || words.Spans[i].Start >= end) continue;
            if (first < 0) first = i;
            last = i;
        }
        if (first < 0) throw new ArgumentException($"Row {position + 1}: the entity '{span}' covers no word.");
        ends.Count(words, position, span, start, end, first, last);
        return new TagSpan(first, last + 1, parts[2]);
    }
}
