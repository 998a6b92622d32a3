// Files of fields between delimiters: CSV, TSV and their kin, as RFC 4180 quotes them or without quotes.
using System.Globalization;
using System.Text;
using CsvHelper;

namespace MLNet.PTuning.Tool.Data;

internal sealed class DelimitedFile : RowFile
{
    private readonly TextSample _sample;
    private readonly CsvMode _mode;

    private DelimitedFile(TextSample sample, CsvMode mode) => (_sample, _mode) = (sample, mode);

    /// <summary>Whether a quote at a field's beginning is part of its text.</summary>
    public bool QuotesAreText => _mode == CsvMode.NoEscape;

    /// <summary>Finds out what a file's fields are separated by, and whether its first line names them.</summary>
    public static DelimitedFile Open(TextSample sample, ReadingOptions options)
    {
        var form = DelimiterGuess.Of(sample, options);
        if (form.Rows.Count == 0) throw new BadInputException($"{sample.Path} has no rows; give a file with a row a line.");
        var (hasHeader, why) = options.HasHeader is { } given ? (given, null) : HeaderGuess.Of(form.Rows);
        string[] first = form.Rows[0];
        string[] columns = hasHeader ? [.. first.Select((name, i) => string.IsNullOrWhiteSpace(name) ? Number(i) : name.Trim())] : [.. first.Select((_, i) => Number(i))];
        if (columns.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new BadInputException($"{sample.Path}, line 1: two columns are called '{twice.Key}'; give them different names, or say --no-header if that line is a row.");
        var description = new DataFile(sample.Path, FileForm.Delimited, sample.EncodingName, form.Delimiter, hasHeader, columns) { HasQuotes = form.Mode != CsvMode.NoEscape };
        var notes = new List<string>();
        if (form.IsGuessed)
            notes.Add($"{sample.Path}: {sample.EncodingName}, {(form.Delimiter is null ? "one column" : $"fields separated by {Kind(description)}")}{(form.Mode == CsvMode.NoEscape && form.Delimiter is not null ? ", quotes are part of the text" : "")} (guessed; --delimiter, --quotes, --encoding say otherwise).");
        if (why is not null) notes.Add($"{sample.Path}: {(hasHeader ? "its first line names the columns" : "its first line is a row, and columns are called 1, 2, …")} ({why}; --{(hasHeader ? "no-" : "")}header says otherwise).");
        return new DelimitedFile(sample, form.Mode) { Description = description, Notes = notes };
    }

    public override IEnumerable<FileRow> Read()
    {
        string path = Description.Path;
        int count = Description.Columns.Count;
        CsvMalformedRecord? malformed = null;
        using var text = _sample.Open();
        using var reader = CsvReader.Create(text, DelimiterGuess.Options(Description.Delimiter, _mode, LongestRow) with { OnMalformedRecord = record => malformed ??= record.Reason == CsvMalformedReason.StrayQuote ? null : record });
        bool isFirst = true;
        long line = 0;
        while (Next(reader, ref line))
        {
            line = reader.LineNumber;
            if (malformed is { } fault) throw Quotes(fault, line);
            if (isFirst && Description.HasHeader)
            {
                isFirst = false;
                continue;
            }
            isFirst = false;
            if (reader.FieldCount != count)
            {
                // An empty line is no row; a last line may be a delimiter's width of blanks.
                if (reader.FieldCount == 1 && string.IsNullOrWhiteSpace(reader.GetString(0))) continue;
                throw new BadInputException($"{path}, line {line}: {reader.FieldCount} fields, where the file's first line has {count}; mend that line{(QuotesAreText || Description.Delimiter is null ? "" : ", quote fields that contain the delimiter")}, or name the delimiter with --delimiter.");
            }
            var fields = new FieldValue[count];
            for (int i = 0; i < count; i++) fields[i] = new FieldValue(reader.GetString(i));
            yield return Checked(new FileRow(line, fields));
        }
    }

    private bool Next(CsvReader reader, ref long line)
    {
        try
        {
            return reader.Read();
        }
        catch (DecoderFallbackException)
        {
            throw _sample.NotDecoded(line);
        }
        catch (CsvFormatException e)
        {
            throw new BadInputException($"{Description.Path}, line {Math.Max(e.LineNumber, line + 1)}: a row of more than {LongestRow >> 20} MB: "
                + (QuotesAreText ? "the file has no line ends; give one with a row a line." : "a quote there is not closed. Close it, or say --quotes no if quotes are part of the text."), e);
        }
    }

    private BadInputException Quotes(CsvMalformedRecord record, long line) => new($"{Description.Path}, line {(record.LineNumber > 0 ? record.LineNumber : line)}: "
        + (record.Reason == CsvMalformedReason.UnterminatedQuote ? "a quote is not closed" : "text follows a closing quote")
        + "; double the quotes inside a quoted field, or say --quotes no if quotes are part of the text.");

    private static string Kind(DataFile file) => file.DelimiterName switch { "comma" => "commas", "semicolon" => "semicolons", "tab" => "tabs", "bar" => "bars", var other => $"'{other}'" };

    private static string Number(int column) => (column + 1).ToString(CultureInfo.InvariantCulture);
}
