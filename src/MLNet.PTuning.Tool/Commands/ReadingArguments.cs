// The options by which the command line says how a data file is to be read.
using System.CommandLine;
using MLNet.PTuning.Tool.Data;

namespace MLNet.PTuning.Tool.Commands;

internal sealed class ReadingArguments
{
    private static readonly Dictionary<string, FileForm> Forms = new() { ["csv"] = FileForm.Delimited, ["jsonl"] = FileForm.JsonLines, ["conll"] = FileForm.Conll, ["squad"] = FileForm.Squad };

    private static readonly Dictionary<string, char> Delimiters = new() { ["comma"] = ',', ["semicolon"] = ';', ["tab"] = '\t', ["bar"] = '|', ["space"] = ' ' };

    private readonly Option<string?> _format = new Option<string?>("--format") { Description = "The file's form. Default: guessed." }.AcceptOnlyFromAmong([.. Forms.Keys]);
    private readonly Option<string?> _delimiter = new("--delimiter") { Description = "What separates fields: comma, semicolon, tab, bar, space, or a character. Default: guessed." };
    private readonly Option<string?> _quotes = new Option<string?>("--quotes") { Description = "Whether fields may be quoted; 'no' where a quote is part of the text. Default: guessed." }.AcceptOnlyFromAmong("yes", "no");
    private readonly Option<bool> _header = new("--header") { Description = "The first line names the columns. Default: guessed." };
    private readonly Option<bool> _noHeader = new("--no-header") { Description = "The first line is a row, and columns are called 1, 2, …" };
    private readonly Option<string?> _encoding = new("--encoding") { Description = "The file's encoding: utf-8, utf-16, windows-1252, gb18030, … Default: by its byte order mark, else guessed." };

    public IEnumerable<Option> Options => [_format, _delimiter, _quotes, _header, _noHeader, _encoding];

    /// <exception cref="BadUsageException">Options contradict each other, or are out of range.</exception>
    public ReadingOptions Read(ParseResult parsed)
    {
        bool header = parsed.GetValue(_header), noHeader = parsed.GetValue(_noHeader);
        if (header && noHeader) throw new BadUsageException("--header and --no-header contradict each other; give one of them.");
        return new ReadingOptions(parsed.GetValue(_format) is { } form ? Forms[form] : null, Delimiter(parsed.GetValue(_delimiter)), header ? true : noHeader ? false : null,
            parsed.GetValue(_quotes) switch { "yes" => true, "no" => false, _ => null }, parsed.GetValue(_encoding));
    }

    private static char? Delimiter(string? text)
    {
        if (text is null) return null;
        if (Delimiters.TryGetValue(text, out char named)) return named;
        string plain = text == "\\t" ? "\t" : text;
        return plain is [var c] && char.IsAscii(c) && c is not ('"' or '\r' or '\n' or '\0') ? c
            : throw new BadUsageException($"--delimiter is '{text}'; give comma, semicolon, tab, bar, space, or one ASCII character that is no quote.");
    }
}
