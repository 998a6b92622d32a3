// A row of a data file, before anything is made of it.
namespace MLNet.PTuning.Tool.Data;

/// <summary>What a row has in a column.</summary>
/// <param name="Text">A text; null where the row has nothing there, or a list.</param>
/// <param name="List">A list of texts, which JSON files, CoNLL and SQuAD have; else null.</param>
internal readonly record struct FieldValue(string? Text, string[]? List = null)
{
    /// <summary>Whether there is nothing, or blanks alone.</summary>
    public bool IsMissing => List is null ? string.IsNullOrWhiteSpace(Text) : List.Length == 0;
}

/// <summary>A row and where it is.</summary>
/// <param name="Line">The line that it begins at, from 1; of files without lines the number of the row.</param>
/// <param name="Fields">A value for each of the file's columns.</param>
/// <param name="Id">The row's own name, where its form has one.</param>
internal readonly record struct FileRow(long Line, FieldValue[] Fields, string? Id = null);
