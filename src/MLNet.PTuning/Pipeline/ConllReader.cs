// Reads sentences from column files, one word per line; every error names the file and the line.
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Pipeline;

/// <summary>A sentence with one set of labels.</summary>
/// <param name="Words">Its words.</param>
/// <param name="Labels">One label per word; empty where the file has none.</param>
/// <param name="Predicate">Index of the predicate's word; 0 where there are no predicates.</param>
internal sealed record ConllRow(string[] Words, string[] Labels, int Predicate);

/// <summary>One pass over a list of files.</summary>
internal sealed class ConllReader(ConllOptions options)
{
    private const string NoSense = "_";

    /// <summary>Sentences that made no row, so far.</summary>
    public int WithoutRoles { get; private set; }

    /// <summary>Sentences that were read, so far.</summary>
    public int Sentences { get; private set; }

    /// <summary>Lines that were recognized as comments, so far.</summary>
    public int Comments { get; private set; }

    /// <summary>File and line of the first of them.</summary>
    public string FirstComment { get; private set; } = "";

    /// <summary>The rows of a file.</summary>
    /// <exception cref="InvalidDataException">A line has too few columns or another fault; the message names it.</exception>
    public IEnumerable<ConllRow> Rows(string path)
    {
        var lines = new ConllLines(path, options);
        foreach (var all in lines.Sentences())
        {
            var sentence = options.HasWordIds ? all.FindAll(line => !IsNoWord(lines, line)) : all;
            if (sentence.Count == 0) continue;
            lines.Check(sentence);
            Sentences++;
            foreach (var row in RowsOf(lines, sentence)) yield return row;
        }
        if (lines.Comments.Count == 0) yield break;
        if (Comments == 0) FirstComment = $"{path}, line {lines.Comments.First}";
        Comments += lines.Comments.Count;
    }

    // CoNLL-U: "1-2" repeats the words 1 and 2 as they are written, "1.1" is an empty node, a word that is not in the text.
    private static bool IsNoWord(ConllLines lines, ConllLine line)
    {
        string id = line.Cells[0];
        if (id.Length > 0 && id.All(char.IsAsciiDigit)) return false;
        string[] parts = id.Split('-', '.');
        return parts.Length == 2 && parts.All(p => p.Length > 0 && p.All(char.IsAsciiDigit)) ? true
            : throw lines.Error(line.Number, $"'{id}' is no word id of CoNLL-U (1, 1-2 or 1.1)");
    }

    private IEnumerable<ConllRow> RowsOf(ConllLines lines, List<ConllLine> sentence)
    {
        string[] words = [.. sentence.Select(line => Word(lines, line))];
        if (options.PredicateColumn is { } predicates) return RowsOfPredicates(lines, sentence, words, predicates);
        string[] labels = options.LabelColumn is { } column ? Labels(lines, sentence, column) : [];
        if (words.Length == labels.Length && AreLabels(words) && !labels.Any(label => ChunkTag.Read(label) is not null))
            throw lines.Error(sentence[0].Number, $"the words ('{words[0]}', '{words[1]}', …) look like labels, and the labels ('{labels[0]}', …) do not: the columns are the other way round. "
                + $"Set {nameof(options.WordColumn)} and {nameof(options.LabelColumn)}, as {{ WordColumn = 1, LabelColumn = 0 }} for files with the label first");
        return [new ConllRow(words, labels, 0)];
    }

    // "O" and "B-52" may be words, but hardly a whole sentence of them.
    private static bool AreLabels(string[] words) =>
        words.Length > 2 && words.Contains(Tags.Outside) && words.Any(word => ChunkTag.Read(word) is { Type.Length: > 0 }) && words.All(word => ChunkTag.Read(word) is not null);

    private List<ConllRow> RowsOfPredicates(ConllLines lines, List<ConllLine> sentence, string[] words, int column)
    {
        int[] predicates = [.. Enumerable.Range(0, words.Length)
            .Where(i => Cell(lines, sentence[i], column, "the predicate") != NoSense)];
        int labeled = sentence[0].Cells.Length - column - 1;
        // Universal PropBank ends sentences without labels with an empty column, also some that have predicates.
        while (labeled > 0 && sentence.TrueForAll(s => s.Cells[column + labeled].Length == 0)) labeled--;
        if (labeled == 0)
        {
            WithoutRoles++;
            return [];
        }
        if (labeled != predicates.Length)
            throw lines.Error(sentence[0].Number,
                $"the sentence that begins here has {predicates.Length} predicates (column {column}), but {labeled} columns of labels after it");
        return [.. predicates.Select((word, i) => new ConllRow(words, Labels(lines, sentence, column + 1 + i), word))];
    }

    private string Word(ConllLines lines, ConllLine line)
    {
        string word = Cell(lines, line, options.WordColumn, "the word");
        if (!options.HasSegmentationDigits) return word;
        return word.Length > 1 && char.IsAsciiDigit(word[^1]) ? word[..^1]
            : throw lines.Error(line.Number, $"the word '{word}' does not end with a segmentation digit");
    }

    private string[] Labels(ConllLines lines, List<ConllLine> sentence, int column)
    {
        string[] labels = [.. sentence.Select(line =>
        {
            // White space of Unicode, such as a no-break space, is no part of a label either.
            string label = Cell(lines, line, column, "the label").Trim();
            if (label.Length == 0) throw lines.Error(line.Number, "the label is empty");
            if (label == options.OutsideLabel) label = Tags.Outside;
            if (options.Scheme is not { } scheme) return label;
            try { Tags.Check(label, scheme); }
            catch (ArgumentException e) { throw lines.Error(line.Number, e.Message); }
            return label;
        })];
        return options is { Scheme: { } from, ConvertTo: { } to } ? Tags.Convert(labels, from, to) : labels;
    }

    private string Cell(ConllLines lines, ConllLine line, int column, string what)
    {
        int at = column >= 0 ? column : line.Cells.Length + column;
        if (at < 0 || at >= line.Cells.Length || (column < 0 && at == options.WordColumn))
            throw lines.Error(line.Number, $"the line has {ConllLines.Columns(line.Cells.Length)}, so {what} in column {column} is missing; "
                + $"check WordColumn, LabelColumn and Separator ({options.Separator})");
        return line.Cells[at];
    }
}
