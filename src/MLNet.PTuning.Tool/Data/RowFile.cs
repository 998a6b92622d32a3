// A data file of any form, as rows that are read one after the other.
using System.Text.RegularExpressions;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Data;

/// <summary>A data file. Each call of <see cref="Read"/> reads it anew, and holds one row in memory.</summary>
internal abstract partial class RowFile
{
    /// <summary>Most bytes or characters of one row. A longer one is a quote that is not closed, or a file without line ends.</summary>
    public const int LongestRow = 1 << 24;

    /// <summary>The file and its form.</summary>
    public required DataFile Description { get; init; }

    /// <summary>Sentences on how the file is read, for a person: what was guessed, and how to say otherwise.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>The file's rows.</summary>
    /// <exception cref="BadInputException">A row cannot be read; the message names its line.</exception>
    public abstract IEnumerable<FileRow> Read();

    /// <summary>Finds out a file's form and opens it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="task">The task, which says whether a column file is CoNLL's.</param>
    /// <param name="options">What the command line says.</param>
    /// <exception cref="BadInputException">There is no such file, or it is of no form that is known here.</exception>
    public static RowFile Open(string path, TaskKind task, ReadingOptions options)
    {
        var sample = TextSample.Read(path, options.Encoding);
        return (options.Form ?? Guess(sample, task, options)) switch
        {
            FileForm.Squad => SquadFile.Open(sample),
            FileForm.Conll => ConllFile.Open(sample),
            FileForm.JsonLines => JsonLinesFile.Open(sample),
            _ => DelimitedFile.Open(sample, options),
        };
    }

    private static FileForm Guess(TextSample sample, TaskKind task, ReadingOptions options)
    {
        string extension = Path.GetExtension(sample.Path).ToLowerInvariant(), start = sample.Text.TrimStart();
        if (start[0] == '{') return task == TaskKind.Answer && SquadStart().IsMatch(start[..Math.Min(start.Length, 4096)]) ? FileForm.Squad : FileForm.JsonLines;
        if (start[0] == '[' && extension is ".json" or ".jsonl" or ".ndjson")
            throw new BadInputException($"{sample.Path} begins with '[': it is one JSON array; write it with one object a line, without the array around them.");
        bool hasOptions = options.Delimiter is not null || options.HasHeader is not null || options.HasQuotes is not null;
        if (task != TaskKind.Label || hasOptions || extension is ".csv" or ".tsv") return FileForm.Delimited;
        return extension is ".conll" or ".conllu" or ".iob" or ".bio" || EmptyLine().IsMatch(start.TrimEnd()) ? FileForm.Conll : FileForm.Delimited;
    }

    /// <summary>Checks that a row has no NUL, which text has not and ML.NET's text does not keep apart.</summary>
    protected FileRow Checked(FileRow row)
    {
        for (int i = 0; i < row.Fields.Length; i++)
        {
            var field = row.Fields[i];
            if (field.Text?.Contains('\0') == true || field.List?.Any(item => item.Contains('\0')) == true)
                throw new BadInputException($"{Description.Path}, line {row.Line}, column {Name(i)}: a NUL character, which no text has; the file is damaged or of another encoding. Mend the line, or name the encoding with --encoding.");
        }
        return row;
    }

    /// <summary>A column as messages name it.</summary>
    public string Name(int column) => $"'{Description.Columns[column]}'";

    [GeneratedRegex("""^\{\s*"(version|data|paragraphs)"\s*:|"data"\s*:\s*\[\s*\{\s*"(title|paragraphs)"|"paragraphs"\s*:\s*\[""")]
    private static partial Regex SquadStart();

    [GeneratedRegex(@"\n[ \t]*\r?\n")]
    private static partial Regex EmptyLine();
}
