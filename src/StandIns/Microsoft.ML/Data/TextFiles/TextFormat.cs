// How a delimited text file is cut into rows of fields: separators, quoting, header, comments.
using System.Buffers;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal sealed class TextFormat
{
    private const char Quote = '"';

    private readonly SearchValues<char> _separators;
    private readonly bool _spaceSeparates;
    private readonly bool _hasHeader;
    private readonly bool _allowQuoting;
    private readonly bool _readMultilines;
    private readonly bool _trimWhitespace;
    private readonly char _escape;

    internal TextFormat(IExceptionContext context, TextLoader.Options options)
    {
        context.CheckUserArg(options.Separators is { Length: > 0 }, nameof(options.Separators), "Give at least one separator");
        foreach (char separator in options.Separators)
            context.CheckUserArg(separator is not (Quote or '\r' or '\n'), "Separator", $"Illegal separator: '{separator}'");
        if (options.AllowSparse)
            throw context.ExceptNotSupp("This stand-in reads dense rows only: set AllowSparse to false and give every field its own column.");
        _spaceSeparates = options.Separators.Contains(' ');
        _separators = SearchValues.Create(options.Separators);
        _hasHeader = options.HasHeader;
        _allowQuoting = options.AllowQuoting;
        _readMultilines = options.ReadMultilines && options.AllowQuoting;
        _trimWhitespace = options.TrimWhitespace;
        _escape = options.EscapeChar;
        MaxRows = options.MaxRows ?? long.MaxValue;
        MissingRealsAsNaNs = options.MissingRealsAsNaNs;
        DecimalMarker = options.DecimalMarker;
    }

    internal long MaxRows { get; }

    internal bool MissingRealsAsNaNs { get; }

    internal char DecimalMarker { get; }

    /// <summary>The data rows of all files: number of the row's last line in its file, from 1, and the fields. The list is used again for the next row.</summary>
    internal IEnumerable<(long Line, List<ReadOnlyMemory<char>> Fields)> Rows(IMultiStreamSource source)
    {
        long rows = 0;
        for (int i = 0; i < source.Count; i++)
        {
            using TextReader reader = source.OpenTextReader(i);
            foreach (var row in Lines(reader).Skip(_hasHeader ? 1 : 0))
            {
                if (rows++ == MaxRows)
                    yield break;
                yield return row;
            }
        }
    }

    /// <summary>The fields of the first row of data, or null where there is none.</summary>
    internal ReadOnlyMemory<char>[] FirstRow(IMultiStreamSource source) =>
        Rows(source).Select(r => r.Fields.ToArray()).FirstOrDefault();

    /// <summary>The fields of the first file's header, or null where the file is empty.</summary>
    internal ReadOnlyMemory<char>[] Header(IMultiStreamSource source)
    {
        if (source.Count == 0)
            return null;
        using TextReader reader = source.OpenTextReader(0);
        return Lines(reader).Select(r => r.Fields.ToArray()).FirstOrDefault();
    }

    private IEnumerable<(long Line, List<ReadOnlyMemory<char>> Fields)> Lines(TextReader reader)
    {
        var fields = new List<ReadOnlyMemory<char>>();
        long number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (line.Length == 0 || line.StartsWith("//", StringComparison.Ordinal))
                continue;
            long first = number;
            while (!Split(line, fields) && _readMultilines)
            {
                number++;
                line += "\n" + (reader.ReadLine() ?? throw new EndOfStreamException(
                    $"A quoted field opened on line {first - 1} was never closed, and we've read to the last line in the file without finding the closing quote"));
            }
            yield return (number, fields);
        }
    }

    /// <summary>Cuts a line into its fields; false where its last field opens a quote and does not close it.</summary>
    private bool Split(string line, List<ReadOnlyMemory<char>> fields)
    {
        fields.Clear();
        ReadOnlyMemory<char> rest = _trimWhitespace ? line.AsMemory().TrimEnd() : line.AsMemory();
        while (true)
        {
            if (!_spaceSeparates)
                rest = rest[SpacesBefore(rest.Span)..];
            if (_allowQuoting && !rest.IsEmpty && rest.Span[0] == Quote)
            {
                if (!TryReadQuoted(rest, fields, out rest))
                    return false;
            }
            else
            {
                int length = LengthToSeparator(rest.Span);
                fields.Add(rest[..length]);
                rest = rest[length..];
            }
            if (rest.IsEmpty)
                return true;
            rest = rest[1..];
        }
    }

    /// <summary>
    /// Reads a field that begins with a quote; what is left begins with a separator or is empty.
    /// A field with text after its closing quote, or without one, is read as empty.
    /// </summary>
    private bool TryReadQuoted(ReadOnlyMemory<char> text, List<ReadOnlyMemory<char>> fields, out ReadOnlyMemory<char> rest)
    {
        ReadOnlySpan<char> span = text.Span;
        StringBuilder unescaped = null;
        int from = 1, at = 1;
        while (at < span.Length)
        {
            if (span[at] == _escape && at + 1 < span.Length && span[at + 1] == Quote)
            {
                unescaped = (unescaped ?? new StringBuilder()).Append(span[from..at]).Append(Quote);
                at += 2;
                from = at;
                continue;
            }
            if (span[at] == Quote)
                break;
            at++;
        }
        if (at >= span.Length)
        {
            fields.Add(default);
            rest = default;
            return false;
        }
        ReadOnlyMemory<char> value = unescaped is null ? text[from..at] : unescaped.Append(span[from..at]).ToString().AsMemory();
        rest = text[(at + 1)..];
        if (!_spaceSeparates)
            rest = rest[SpacesBefore(rest.Span)..];
        int junk = LengthToSeparator(rest.Span);
        fields.Add(junk == 0 ? value : default);
        rest = rest[junk..];
        return true;
    }

    private int LengthToSeparator(ReadOnlySpan<char> text) => text.IndexOfAny(_separators) is >= 0 and var index ? index : text.Length;

    private static int SpacesBefore(ReadOnlySpan<char> text) => text.IndexOfAnyExcept(' ') is >= 0 and var index ? index : text.Length;
}
