// Columns of spans: parts of a row's texts that the classification head reads in addition to the first token.
using System.Text.Json.Serialization;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Text;

namespace MLNet.PTuning;

/// <summary>
/// The columns of where a span begins and ends: a part of a row's text, such as the word whose meaning is in question (WiC) or a pronoun and what it may stand for (WSC), whose mean
/// hidden state the classification head reads in addition to the first token's.
/// </summary>
/// <param name="StartColumnName">A column of numbers: the span's first character, counted from 0 in <see cref="TextClassificationOptions.OffsetUnit"/>, or its first word.</param>
/// <param name="EndColumnName">A column of numbers: the character, or word, after its last.</param>
public sealed record SpanColumns(string StartColumnName, string EndColumnName)
{
    /// <summary>Whether it is part of the second text. Default false: of the first.</summary>
    public bool InPair { get; init; }

    /// <summary>Whether start and end count words, which white space separates, and not characters. Default false.</summary>
    public bool CountsWords { get; init; }

    /// <summary>The columns' names.</summary>
    [JsonIgnore]
    internal IReadOnlyList<string> Names => [StartColumnName, EndColumnName];

    /// <summary>Checks that a pipeline has the columns before this step.</summary>
    /// <exception cref="ArgumentException">One is absent or no number.</exception>
    internal void Check(SchemaShape schema)
    {
        foreach (string name in Names)
        {
            var column = TextRows.FindColumn(schema, name);
            if (column.Kind != SchemaShape.Column.VectorKind.Scalar || column.IsKey || column.ItemType is not NumberDataViewType) throw new ArgumentException(NotAPlace(name, $"{column.Kind} of {column.ItemType}"));
        }
    }

    /// <summary>The columns in a schema.</summary>
    /// <exception cref="ArgumentException">One is absent or no number.</exception>
    internal IEnumerable<DataViewSchema.Column> Find(DataViewSchema schema) => Names.Select(name =>
    {
        var column = TextRows.FindColumn(schema, name);
        return column.Type is NumberDataViewType ? column : throw new ArgumentException(NotAPlace(name, column.Type.ToString()!));
    });

    /// <summary>A function that reads the span of the current row of <paramref name="row"/> in its text, in UTF-16 units.</summary>
    internal Func<string, string?, TextSpan> Reader(DataViewRow row, OffsetUnit unit)
    {
        var numbers = Find(row.Schema).Select(column => NumberColumn.Reader(row, column)).ToList();
        return (first, second) =>
        {
            string text = InPair ? second ?? "" : first;
            double start = numbers[0](), end = numbers[1]();
            var places = CountsWords ? WordSplitter.Split(text, WordSplitting.WhiteSpace) : null;
            var offsets = new OffsetMap(text, unit);
            int length = places?.Count ?? offsets.Length;
            if (!(start >= 0 && start < end && end <= length && start == Math.Floor(start) && end == Math.Floor(end)))
                throw new ArgumentException(FormattableString.Invariant($"Row {row.Position + 1} has a span from {start} to {end} ('{StartColumnName}', '{EndColumnName}') in a text of {length} {(CountsWords ? "words" : OffsetMap.NameOf(unit))}: a span has a first one, counted from 0, and ends after its last."));
            var span = places is null ? new TextSpan(offsets.ToUtf16((int)start), offsets.ToUtf16((int)end), InPair) : new TextSpan(places[(int)start].Start, places[(int)end - 1].End, InPair);
            return Splits(text, span.Start) || Splits(text, span.End) ? throw new ArgumentException(FormattableString.Invariant(
                $"Row {row.Position + 1} has a span from {start} to {end} ('{StartColumnName}', '{EndColumnName}') that begins or ends between the two UTF-16 units of a character; if the offsets count code points, set OffsetUnit.")) : span;
        };
    }

    private static bool Splits(string text, int at) => at > 0 && at < text.Length && char.IsSurrogatePair(text, at - 1);

    private static string NotAPlace(string name, string type) => $"The column of a span '{name}' is of type {type}; it must be a number, counted from 0.";
}

/// <summary>A part of one of a row's texts, in UTF-16 units, its end exclusive.</summary>
internal readonly record struct TextSpan(int Start, int End, bool InPair);
