// Options of LoadFromConll.
namespace MLNet.PTuning;

/// <summary>The separator of a line's columns.</summary>
public enum ConllSeparator
{
    /// <summary>
    /// Any run of spaces and tabs. A line with tabs in which a space may be part of a column is an error, unless its columns, split at spaces and tabs,
    /// are as many as those of the file's other lines.
    /// </summary>
    Blanks,
    /// <summary>One tab; columns may be empty and may contain spaces; those at a column's ends are removed.</summary>
    Tab,
    /// <summary>One space.</summary>
    Space,
}

/// <summary>
/// The form of a column file: one word per line, its label in one of the line's columns, an empty line after each sentence.
/// The defaults read CoNLL-2003's files and most others; columns are counted from 0, and from the end where negative (−1 is the last).
/// Lines end at LF, CR or CRLF; U+2028 and other separators of Unicode are part of a column. Byte order marks and blanks at a line's end are not read.
/// </summary>
public sealed class ConllOptions
{
    /// <summary>The separator of columns. Default <see cref="ConllSeparator.Blanks"/>.</summary>
    public ConllSeparator Separator { get; set; } = ConllSeparator.Blanks;

    /// <summary>Column of the word. Default 0.</summary>
    public int WordColumn { get; set; }

    /// <summary>Column of the label; null for files without labels, whose rows have no column <c>Label</c>. Default −1, the last.</summary>
    public int? LabelColumn { get; set; } = -1;

    /// <summary>
    /// For semantic roles: the column that names a predicate's sense and is <c>_</c> elsewhere. The columns after it hold the labels, one column per predicate,
    /// in the predicates' order. A sentence makes one row for each predicate, with the index of its word (from 0) in the column <c>Predicate</c>;
    /// sentences without one, or without labels, make none and are counted in the log. <see cref="LabelColumn"/> is not used then. Default null.
    /// </summary>
    public int? PredicateColumn { get; set; }

    /// <summary>A line whose first column is this separates documents and is no word. Default <c>-DOCSTART-</c>; null for none.</summary>
    public string? DocumentMark { get; set; } = "-DOCSTART-";

    /// <summary>
    /// Lines that begin with this are comments. Default null: <c>#</c> may be a word, so a line that begins with it is a comment only where it differs from the lines
    /// below it: it precedes a sentence and has another number of columns, or names a value (<c>domain=en</c>) where they have none, or every sentence before had a comment. The log says how many.
    /// </summary>
    public string? CommentPrefix { get; set; }

    /// <summary>
    /// Whether a sentence's lines may have different numbers of columns, and both tabs and spaces inside columns; word and label are then counted in each line
    /// by itself. Not for files with predicates. Default false: such lines are errors.
    /// </summary>
    public bool AllowUnevenLines { get; set; }

    /// <summary>
    /// Whether the first column numbers the words as CoNLL-U does; lines of multiword ranges (<c>1-2</c>) and of empty nodes (<c>1.1</c>) are no words then.
    /// Default false.
    /// </summary>
    public bool HasWordIds { get; set; }

    /// <summary>Whether every word is followed by one digit, its position in a longer word (Weibo's "科0 技1"), which is removed. Default false.</summary>
    public bool HasSegmentationDigits { get; set; }

    /// <summary>What the file writes for <c>O</c>, such as <c>_</c>. Default null: <c>O</c> itself.</summary>
    public string? OutsideLabel { get; set; }

    /// <summary>The scheme of the file's labels; one that is not of it is an error. Default null: they are not checked.</summary>
    public TagScheme? Scheme { get; set; }

    /// <summary>The scheme that labels are converted to; needs <see cref="Scheme"/>. Default null: they are not converted.</summary>
    public TagScheme? ConvertTo { get; set; }

    /// <summary>The form of CoNLL-U treebanks: <c>#</c> comments, word ids, tabs.</summary>
    /// <param name="labelColumn">Column of the label; 3 is the universal part of speech.</param>
    public static ConllOptions ConllU(int labelColumn = 3) => new()
    {
        Separator = ConllSeparator.Tab,
        WordColumn = 1,
        LabelColumn = labelColumn,
        DocumentMark = null,
        CommentPrefix = "#",
        HasWordIds = true,
    };

    /// <summary>The form of Universal PropBank: CoNLL-U with predicates' senses in column 10 and their arguments' labels after it.</summary>
    public static ConllOptions UniversalPropBank()
    {
        var options = ConllU();
        (options.PredicateColumn, options.OutsideLabel) = (10, "_");
        return options;
    }

    /// <summary>A copy that stays as it is when the original is changed.</summary>
    internal ConllOptions Copy() => (ConllOptions)MemberwiseClone();

    internal void Validate()
    {
        if (ConvertTo is not null && Scheme is null)
            throw new ArgumentException($"{nameof(ConvertTo)} is {ConvertTo}, but {nameof(Scheme)} is not set; say which scheme the file's labels are of.");
        if (PredicateColumn < 0) throw new ArgumentOutOfRangeException(nameof(PredicateColumn), PredicateColumn, "The predicates' column is counted from 0.");
        if (PredicateColumn is null && LabelColumn == WordColumn)
            throw new ArgumentException($"{nameof(WordColumn)} and {nameof(LabelColumn)} are both {WordColumn}; words and labels are in different columns.");
        if (AllowUnevenLines && PredicateColumn is not null)
            throw new ArgumentException($"{nameof(AllowUnevenLines)} is set, but the columns after {nameof(PredicateColumn)} must be as many in every line; set one of them.");
        if (CommentPrefix == "") throw new ArgumentException($"{nameof(CommentPrefix)} is empty; set it to null where there are no comments.");
    }
}
