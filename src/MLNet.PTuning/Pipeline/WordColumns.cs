// Reads rows of words: a vector of text or plain text, and a predicate.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Pipeline;

/// <summary>A row of words as it was read.</summary>
/// <param name="Words">The words.</param>
/// <param name="Spans">Start and end of each word in <paramref name="Text"/>, in UTF-16 units.</param>
/// <param name="Text">The plain text, or the words joined by single spaces.</param>
/// <param name="Offsets">Offsets in <paramref name="Text"/> in the unit of the options.</param>
/// <param name="IsSplit">Whether the words were split from plain text.</param>
/// <param name="Predicate">Second text; null for none.</param>
internal sealed record WordRow(string[] Words, IReadOnlyList<(int Start, int End)> Spans, string Text, OffsetMap Offsets, bool IsSplit, string? Predicate);

/// <summary>Names of the words' column and, for semantic roles, the predicate's, and how they are read.</summary>
/// <param name="Words">The words' column.</param>
/// <param name="Predicate">The predicate's; null for none.</param>
/// <param name="Splitting">How plain text is split into words.</param>
/// <param name="Unit">The unit of offsets.</param>
internal sealed record WordColumns(string Words, string? Predicate, WordSplitting Splitting, OffsetUnit Unit)
{
    public string[] Names => Predicate is null ? [Words] : [Words, Predicate];

    /// <summary>The columns in a schema.</summary>
    /// <exception cref="ArgumentException">One is absent, or the words are of another type.</exception>
    public IReadOnlyList<DataViewSchema.Column> Find(DataViewSchema schema)
    {
        DataViewSchema.Column[] columns = [.. Names.Select(name => TextRows.FindColumn(schema, name))];
        return columns[0].Type is TextDataViewType or VectorDataViewType { ItemType: TextDataViewType }
            ? columns : throw new ArgumentException(NotWords(Words, columns[0].Type.ToString()!));
    }

    /// <summary>Checks that a pipeline has the columns before this step.</summary>
    /// <exception cref="ArgumentException">One is absent, or the words are of another type.</exception>
    public void Check(SchemaShape schema)
    {
        foreach (string name in Names) TextRows.FindColumn(schema, name);
        var words = TextRows.FindColumn(schema, Words);
        if (words.ItemType is not TextDataViewType) throw new ArgumentException(NotWords(words.Name, $"{words.Kind} of {words.ItemType}"));
    }

    /// <summary>A function that reads the current row of <paramref name="row"/>.</summary>
    public Func<WordRow> Reader(DataViewRow row)
    {
        var columns = Find(row.Schema);
        var read = WordReader(row, columns[0]);
        if (Predicate is null) return read;
        var predicate = PredicateReader(row, columns[1]);
        return () =>
        {
            var words = read();
            return words with { Predicate = predicate(words.Words) };
        };
    }

    /// <summary>A row of plain text, split into words, without a predicate.</summary>
    public WordRow RowOf(string text)
    {
        var spans = WordSplitter.Split(text, Splitting);
        return new WordRow([.. spans.Select(s => text[s.Start..s.End])], spans, text, new OffsetMap(text, Unit), IsSplit: true, null);
    }

    public static string NotWords(string name, string type) => $"The column '{name}' is of type {type}; words are a vector of text, or plain text.";

    private Func<WordRow> WordReader(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is TextDataViewType)
        {
            var text = row.GetGetter<ReadOnlyMemory<char>>(column);
            ReadOnlyMemory<char> value = default;
            return () =>
            {
                text(ref value);
                return RowOf(value.ToString());
            };
        }
        var vector = row.GetGetter<VBuffer<ReadOnlyMemory<char>>>(column);
        VBuffer<ReadOnlyMemory<char>> words = default;
        return () =>
        {
            vector(ref words);
            string[] all = [.. words.DenseValues().Select(w => w.ToString())];
            var spans = new (int Start, int End)[all.Length];
            for (int i = 0, start = 0; i < all.Length; start += all[i].Length + 1, i++) spans[i] = (start, start + all[i].Length);
            string text = string.Join(' ', all);
            return new WordRow(all, spans, text, new OffsetMap(text, Unit), IsSplit: false, null);
        };
    }

    private static Func<string[], string> PredicateReader(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is TextDataViewType)
        {
            var text = row.GetGetter<ReadOnlyMemory<char>>(column);
            ReadOnlyMemory<char> value = default;
            return _ =>
            {
                text(ref value);
                return value.ToString();
            };
        }
        return Type.GetTypeCode(column.Type.RawType) switch
        {
            TypeCode.Int32 => Index<int>(i => i),
            TypeCode.Int64 => Index<long>(i => i),
            TypeCode.UInt32 => Index<uint>(i => i),
            TypeCode.Single => Index<float>(i => (long)i),
            _ => throw new ArgumentException($"The predicate's column '{column.Name}' is of type {column.Type}; it must be the index of a word or text."),
        };

        Func<string[], string> Index<T>(Func<T, long> widen)
        {
            var getter = row.GetGetter<T>(column);
            T value = default!;
            return words =>
            {
                getter(ref value);
                long index = widen(value);
                return index >= 0 && index < words.Length ? words[index]
                    : throw new ArgumentException($"The predicate of row {row.Position + 1} is word {index}, but the row has {words.Length} words, counted from 0.");
            };
        }
    }
}
