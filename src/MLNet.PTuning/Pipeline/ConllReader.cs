// Reads sentences from column files, a word a line; every error names the file and the line.
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Pipeline;

/// <summary>A sentence with one set of labels.</summary>
/// <param name="Words">Its words.</param>
/// <param name="Labels">A label a word; empty where the file has none.</param>
/// <param name="Predicate">Index of the predicate's word; 0 where there are no predicates.</param>
internal sealed record ConllRow(string[] Words, string[] Labels, int Predicate);

/// <summary>One pass over a list of files.</summary>
internal sealed class ConllReader(ConllOptions options)
{
    private const string NoSense = "_";
    private static readonly char[] Blanks = [' ', '\t'];

    /// <summary>Sentences that gave no row, so far.</summary>
    public int WithoutRoles { get; private set; }

    /// <summary>Sentences that were read, so far.</summary>
    public int Sentences { get; private set; }

    /// <summary>The rows of a file.</summary>
    /// <exception cref="InvalidDataException">A line has too few columns or another fault; the message names it.</exception>
    public IEnumerable<ConllRow> Rows(string path)
    {
        var sentence = new List<(int Line, string[] Cells)>();
        foreach (var (number, text) in Utf8Lines.Read(path))
        {
            string[] cells = Split(text);
            bool ends = text.AsSpan().Trim(Blanks).IsEmpty || (options.DocumentMark is { } mark && cells[0] == mark);
            if (ends)
            {
                foreach (var row in RowsOf(path, sentence)) yield return row;
                sentence.Clear();
            }
            else if (!IsComment(text) && !(options.HasWordIds && IsNoWord(path, number, cells[0])))
            {
                sentence.Add((number, cells));
            }
        }
        foreach (var row in RowsOf(path, sentence)) yield return row;
    }

    private string[] Split(string text) => options.Separator switch
    {
        ConllSeparator.Tab => text.Split('\t'),
        ConllSeparator.Space => text.Split(' '),
        _ => text.Split(Blanks, StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } cells ? cells : [""],
    };

    private bool IsComment(string text) => options.CommentPrefix is { } prefix && text.StartsWith(prefix, StringComparison.Ordinal);

    // CoNLL-U: "1-2" repeats the words 1 and 2 as they are written, "1.1" is a word that is understood, not written.
    private static bool IsNoWord(string path, int line, string id)
    {
        if (id.Length > 0 && id.All(char.IsAsciiDigit)) return false;
        string[] parts = id.Split('-', '.');
        return parts.Length == 2 && parts.All(p => p.Length > 0 && p.All(char.IsAsciiDigit)) ? true
            : throw Error(path, line, $"'{id}' is no word id of CoNLL-U (1, 1-2 or 1.1)");
    }

    private IEnumerable<ConllRow> RowsOf(string path, List<(int Line, string[] Cells)> sentence)
    {
        if (sentence.Count == 0) return [];
        Sentences++;
        int width = sentence[0].Cells.Length;
        foreach (var (line, cells) in sentence)
            if (cells.Length != width)
                throw Error(path, line, $"the line has {Columns(cells.Length)}, but the sentence's first line ({sentence[0].Line}) has {width}");
        string[] words = [.. sentence.Select(s => Word(path, s.Line, s.Cells))];
        if (options.PredicateColumn is { } predicates) return RowsOfPredicates(path, sentence, words, predicates);
        string[] labels = options.LabelColumn is { } column ? Labels(path, sentence, column) : [];
        return [new ConllRow(words, labels, 0)];
    }

    private List<ConllRow> RowsOfPredicates(string path, List<(int Line, string[] Cells)> sentence, string[] words, int column)
    {
        int[] predicates = [.. Enumerable.Range(0, words.Length)
            .Where(i => Cell(path, sentence[i].Line, sentence[i].Cells, column, "the predicate") != NoSense)];
        int labelled = sentence[0].Cells.Length - column - 1;
        // Universal PropBank ends sentences without labels with an empty column, also some that have predicates.
        while (labelled > 0 && sentence.TrueForAll(s => s.Cells[column + labelled].Length == 0)) labelled--;
        if (labelled == 0)
        {
            WithoutRoles++;
            return [];
        }
        if (labelled != predicates.Length)
            throw Error(path, sentence[0].Line,
                $"the sentence that begins here has {predicates.Length} predicates (column {column}), but {labelled} columns of labels after it");
        return [.. predicates.Select((word, i) => new ConllRow(words, Labels(path, sentence, column + 1 + i), word))];
    }

    private string Word(string path, int line, string[] cells)
    {
        string word = Cell(path, line, cells, options.WordColumn, "the word");
        if (!options.HasSegmentationDigits) return word;
        return word.Length > 1 && char.IsAsciiDigit(word[^1]) ? word[..^1]
            : throw Error(path, line, $"the word '{word}' does not end with a segmentation digit");
    }

    private string[] Labels(string path, List<(int Line, string[] Cells)> sentence, int column)
    {
        var labels = new string[sentence.Count];
        for (int i = 0; i < labels.Length; i++)
        {
            var (line, cells) = sentence[i];
            string label = Cell(path, line, cells, column, "the label");
            if (label.Length == 0) throw Error(path, line, "the label is empty");
            labels[i] = label == options.OutsideLabel ? Tags.Outside : label;
            if (options.Scheme is not { } scheme) continue;
            try { Tags.Check(labels[i], scheme); }
            catch (ArgumentException e) { throw Error(path, line, e.Message); }
        }
        return options is { Scheme: { } from, ConvertTo: { } to } ? Tags.Convert(labels, from, to) : labels;
    }

    private string Cell(string path, int line, string[] cells, int column, string what)
    {
        int at = column >= 0 ? column : cells.Length + column;
        if (at < 0 || at >= cells.Length || (column < 0 && at == options.WordColumn))
            throw Error(path, line, $"the line has {Columns(cells.Length)}, so {what} in column {column} is missing; "
                + $"check WordColumn, LabelColumn and Separator ({options.Separator})");
        return cells[at];
    }

    private static string Columns(int count) => count == 1 ? "1 column" : $"{count} columns";

    private static InvalidDataException Error(string path, int line, string what) => new($"{path}, line {line}: {what}.");
}
