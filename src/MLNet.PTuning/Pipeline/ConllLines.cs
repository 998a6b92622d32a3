// Splits a column file into sentences, recognizes comments, and checks that columns are unambiguous.
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Pipeline;

/// <summary>A line with its columns.</summary>
internal sealed record ConllLine(int Number, string Text, string[] Cells)
{
    /// <summary>Whether it may be a comment.</summary>
    public bool HasHash => Text.StartsWith('#');
}

/// <summary>The lines of one file.</summary>
internal sealed class ConllLines(string path, ConllOptions options)
{
    // Where this many sentences so far all have a comment above them, so does the next.
    private const int MinCommentedSentences = 3;

    // Files with so many columns have numbers or names in front of the words.
    private const int ManyColumns = 8;

    private static readonly char[] Blanks = [' ', '\t'];

    private string[]? _model;
    private bool _hasModel, _isFirst = true;
    private int _sentences, _withComment;

    /// <summary>Comments that were recognized without a <see cref="ConllOptions.CommentPrefix"/>, so far, and the number of the first.</summary>
    public (int Count, int First) Comments { get; private set; }

    /// <summary>The lines of each sentence, in order, without comments.</summary>
    /// <exception cref="InvalidDataException">A line is not UTF-8.</exception>
    public IEnumerable<List<ConllLine>> Sentences()
    {
        var sentence = new List<ConllLine>();
        foreach (var line in Read())
        {
            if (!IsEnd(line))
            {
                if (options.CommentPrefix is not { } prefix || !line.Text.StartsWith(prefix, StringComparison.Ordinal)) sentence.Add(line);
                continue;
            }
            if (WithoutComments(sentence) is { Count: > 0 } words) yield return words;
            sentence = [];
        }
        if (WithoutComments(sentence) is { Count: > 0 } last) yield return last;
    }

    /// <summary>Checks a sentence's lines, at least one.</summary>
    /// <exception cref="InvalidDataException">Columns are ambiguous, or their number differs between lines; the message names the line.</exception>
    public void Check(List<ConllLine> words)
    {
        if (!options.AllowUnevenLines)
        {
            if (words.Find(IsAmbiguous) is { } ambiguous && Model()?.Length != ambiguous.Cells.Length)
                throw Error(ambiguous.Number, $"the line has a tab, and a blank inside a column: {Columns(ambiguous.Text.Split('\t').Length)} at tabs, "
                    + $"{ambiguous.Cells.Length} at tabs and blanks. Set Separator to {ConllSeparator.Tab} where columns hold blanks, or AllowUnevenLines where blanks separate columns too");
            CheckWidths(words);
        }
        if (_isFirst && options is { HasWordIds: false, WordColumn: 0 } && words.Count > 2 && words[0].Cells.Length >= ManyColumns)
        {
            bool isNumbered = words.Select((line, i) => line.Cells[0] == FormattableString.Invariant($"{i + 1}")).All(same => same);
            if (isNumbered || words.TrueForAll(line => line.Cells[0] == words[0].Cells[0]))
                throw Error(words[0].Number, $"the first column {(isNumbered ? "numbers the lines" : $"is '{words[0].Cells[0]}' in every line of the sentence")}, so it holds no words. "
                    + "Set WordColumn and LabelColumn, or use ConllOptions.ConllU() for CoNLL-U");
        }
        _isFirst &= words.Count <= 2;
    }

    public InvalidDataException Error(int line, string what) => new($"{path}, line {line}: {what.TrimEnd('.')}.");

    public static string Columns(int count) => count == 1 ? "1 column" : $"{count} columns";

    private IEnumerable<ConllLine> Read() => Utf8Lines.Read(path).Select(line => new ConllLine(line.Number, line.Text, Split(line.Text)));

    private string[] Split(string text) => options.Separator switch
    {
        ConllSeparator.Tab => Array.ConvertAll(text.Split('\t'), cell => cell.Trim(' ')),
        ConllSeparator.Space => text.TrimEnd(Blanks).Split(' '),
        _ => text.Split(Blanks, StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } cells ? cells : [""],
    };

    private bool IsEnd(ConllLine line)
    {
        var text = line.Text.AsSpan().Trim(Blanks);
        return text.IsEmpty || (options.DocumentMark is { } mark && text.StartsWith(mark, StringComparison.Ordinal) && (text.Length == mark.Length || Blanks.Contains(text[mark.Length])));
    }

    private List<ConllLine> WithoutComments(List<ConllLine> lines)
    {
        var words = new List<ConllLine>();
        foreach (var line in lines)
            if (!IsComment(line, lines, isHead: words.Count == 0)) words.Add(line);
            else Comments = (Comments.Count + 1, Comments.Count == 0 ? line.Number : Comments.First);
        if (words.Count == 0) return words;
        _sentences++;
        if (words[0] != lines[0]) _withComment++;
        return words;
    }

    // A "#" is often a word, "#tag" is one in most tweets: a comment differs from the sentence's other lines, or from the file's where the sentence has no others.
    private bool IsComment(ConllLine line, List<ConllLine> sentence, bool isHead)
    {
        if (options.CommentPrefix is not null || !line.HasHash) return false;
        if (options.HasWordIds) return true;
        var others = sentence.Where(l => !l.HasHash).Select(l => l.Cells).ToList();
        if (others.Count == 0 && Model() is { } model) others.Add(model);
        if (others.Count == 0) return false;
        int width = others[0].Length;
        string text = line.Text.TrimStart('#');
        if (!(text is "" or [' ' or '\t', ..] || text.StartsWith("begin document", StringComparison.Ordinal) || text.StartsWith("end document", StringComparison.Ordinal))) return false;
        if (line.Cells.Length != width) return isHead || line.Cells.Length > width;
        if (isHead && _sentences >= MinCommentedSentences && _withComment == _sentences) return true;
        return isHead && Enumerable.Range(1, width - 1).Any(i => line.Cells[i].Contains('=') && !others.Exists(o => o.Length > i && o[i].Contains('=')));
    }

    private void CheckWidths(List<ConllLine> words)
    {
        if (words.TrueForAll(line => line.Cells.Length == words[0].Cells.Length)) return;
        var (usual, lines) = words.CountBy(line => line.Cells.Length).OrderByDescending(w => w.Value).ThenByDescending(w => w.Key == Model()?.Length).First();
        ConllLine odd = words.Find(line => line.Cells.Length != usual)!, other = words.Find(line => line.Cells.Length == usual)!;
        throw Error(odd.Number, $"the line has {Columns(odd.Cells.Length)}, but its neighbors (line {other.Number}{(lines > 1 ? " and others" : "")}) have {usual}. "
            + $"Check Separator ({options.Separator}); set {(odd.HasHash ? "CommentPrefix where it is a comment" : "AllowUnevenLines where that is meant")}");
    }

    private bool IsAmbiguous(ConllLine line) => options.Separator == ConllSeparator.Blanks && line.Text.Contains('\t')
        && line.Text.Split('\t').Any(cell => cell.AsSpan().Trim(' ').Contains(' '));

    // The columns of the file's first line that certainly holds words; null where there is none.
    private string[]? Model()
    {
        if (!_hasModel) _model = Read().FirstOrDefault(line => !IsEnd(line) && !line.HasHash && !IsAmbiguous(line))?.Cells;
        _hasModel = true;
        return _model;
    }
}
