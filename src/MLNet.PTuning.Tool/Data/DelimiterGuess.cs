// Finds out what separates a file's fields, and whether they are quoted, from the file's beginning.
using CsvHelper;

namespace MLNet.PTuning.Tool.Data;

/// <summary>The form of a file's fields.</summary>
/// <param name="Delimiter">What separates them; null where there is one column.</param>
/// <param name="Mode">Whether quotes enclose fields.</param>
/// <param name="Rows">The fields of the file's first rows.</param>
/// <param name="IsGuessed">Whether the command line did not say the delimiter.</param>
internal sealed record DelimitedForm(char? Delimiter, CsvMode Mode, IReadOnlyList<string[]> Rows, bool IsGuessed);

internal static class DelimiterGuess
{
    // Separates the fields of a file with one column: no text has it.
    private const char None = '\u001F';

    private const int MostRows = 2000;

    private static readonly char[] Usual = [',', ';', '\t', '|'], OfTsv = ['\t', ',', ';', '|'];

    public static DelimitedForm Of(TextSample sample, ReadingOptions options)
    {
        char[] delimiters = options.Delimiter is { } given ? [given] : Path.GetExtension(sample.Path).ToLowerInvariant() is ".tsv" or ".tab" ? OfTsv : Usual;
        CsvMode[] modes = options.HasQuotes switch { true => [CsvMode.Rfc4180], false => [CsvMode.NoEscape], null => [CsvMode.Rfc4180, CsvMode.NoEscape] };
        Candidate? best = null;
        foreach (char delimiter in delimiters)
            foreach (var mode in modes)
            {
                var candidate = Candidate.Of(sample, delimiter, mode);
                if (best is null || candidate.IsBetterThan(best)) best = candidate;
            }
        if (options.Delimiter is null && !best!.DividesRows) best = Candidate.Of(sample, None, modes[0] is CsvMode.Rfc4180 && !Candidate.Of(sample, None, CsvMode.Rfc4180).IsMalformed ? CsvMode.Rfc4180 : CsvMode.NoEscape);
        return new DelimitedForm(best!.Delimiter == None ? null : best.Delimiter, best.Mode, best.Rows, options.Delimiter is null);
    }

    /// <summary>The reader's options for a form of fields.</summary>
    public static CsvReaderOptions Options(char? delimiter, CsvMode mode, int longestRow) => new()
    {
        Separator = delimiter ?? None, HasHeader = false, Mode = mode, TrackLineNumbers = true, MaxRecordSize = longestRow, IncludeValuesInExceptions = false,
    };

    private sealed record Candidate(char Delimiter, CsvMode Mode, IReadOnlyList<string[]> Rows, bool IsMalformed)
    {
        private int Columns { get; } = Rows.Count == 0 ? 0 : Rows.CountBy(row => row.Length).MaxBy(count => count.Value).Key;

        private double Share => Rows.Count == 0 ? 0 : (double)Rows.Count(row => row.Length == Columns) / Rows.Count;

        /// <summary>Whether it divides nearly all rows into as many fields.</summary>
        public bool DividesRows => Columns > 1 && Share >= 0.75;

        // Rows of one length before quotes that are right, before the order of the candidates. A sentence's commas seldom divide all rows alike, a delimiter does.
        public bool IsBetterThan(Candidate other) => (DividesRows, Share >= 0.999 && !IsMalformed, Round(Share), !IsMalformed).CompareTo((other.DividesRows, other.Share >= 0.999 && !other.IsMalformed, Round(other.Share), !other.IsMalformed)) > 0;

        private static double Round(double share) => Math.Round(share, 2);

        public static Candidate Of(TextSample sample, char delimiter, CsvMode mode)
        {
            bool isMalformed = false;
            var rows = new List<string[]>();
            using var text = new StringReader(sample.Text);
            using var reader = CsvReader.Create(text, Options(delimiter, mode, sample.Text.Length * 4 + 1024) with
            {
                // The sample may end inside a quoted field.
                OnMalformedRecord = record => isMalformed |= record.Reason == CsvMalformedReason.TextAfterClosingQuote || (record.Reason == CsvMalformedReason.UnterminatedQuote && sample.IsWhole),
            });
            while (rows.Count < MostRows && reader.Read())
            {
                var fields = new string[reader.FieldCount];
                for (int i = 0; i < fields.Length; i++) fields[i] = reader.GetString(i);
                if (fields.Length > 1 || !string.IsNullOrWhiteSpace(fields[0])) rows.Add(fields);
            }
            return new Candidate(delimiter, mode, rows, isMalformed);
        }
    }
}
