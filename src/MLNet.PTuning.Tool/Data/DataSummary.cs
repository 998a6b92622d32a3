// What was found in the data files before training: their form, the columns that are taken, the classes, repeated and shared rows.
namespace MLNet.PTuning.Tool.Data;

/// <summary>The forms of data files.</summary>
internal enum FileForm
{
    /// <summary>Fields between commas, semicolons, tabs or bars, quoted as RFC 4180 says.</summary>
    Delimited,
    /// <summary>A JSON object a line.</summary>
    JsonLines,
    /// <summary>A word a line with its label, an empty line after each sentence.</summary>
    Conll,
    /// <summary>Questions about paragraphs in the form of SQuAD 1.1 or 2.0.</summary>
    Squad,
}

/// <summary>A data file and its form.</summary>
/// <param name="Path">The file, as it was named on the command line.</param>
/// <param name="Form">Its form.</param>
/// <param name="Encoding">The name of its encoding: <c>UTF-8</c>, <c>UTF-16</c>, <c>Windows-1252</c>.</param>
/// <param name="Delimiter">What fields are separated by; null where the form is not <see cref="FileForm.Delimited"/>.</param>
/// <param name="HasHeader">Whether the first line names the columns; false where the form is not <see cref="FileForm.Delimited"/>.</param>
/// <param name="Columns">Names of its columns in their order: of the header, or <c>1</c>, <c>2</c>, … without one; fields of JSON objects.</param>
internal sealed record DataFile(string Path, FileForm Form, string Encoding, char? Delimiter, bool HasHeader, IReadOnlyList<string> Columns)
{
    /// <summary>Whether fields of a <see cref="FileForm.Delimited"/> file may be quoted; false where a quote is part of the text.</summary>
    public bool HasQuotes { get; init; } = true;

    /// <summary>The delimiter as a word: <c>comma</c>, <c>semicolon</c>, <c>tab</c>, <c>bar</c>; null where there is none.</summary>
    public string? DelimiterName => Delimiter switch { ',' => "comma", ';' => "semicolon", '\t' => "tab", '|' => "bar", null => null, _ => Delimiter.ToString() };
}

/// <summary>A column of ML.NET's rows and the column of the file that fills it.</summary>
/// <param name="Input">
/// Name in ML.NET's rows and in the saved model's input: <c>Text</c>, <c>TextPair</c>, <c>Label</c> (classify); <c>Words</c>, <c>Label</c> (label); <c>Context</c>, <c>Question</c>,
/// <c>TrainingAnswer</c>, <c>AnswerIndex</c> (answer); <c>Premise</c>, <c>Question</c>, <c>Choices</c>, <c>Label</c> (choose); <c>Text</c>, <c>Target</c> (generate).
/// </param>
/// <param name="Column">Name in the file; for choices there is an entry for each column that holds one.</param>
/// <param name="Index">Index in the file's columns, from 0.</param>
/// <param name="Reason">Why it was taken where it was guessed (<c>its name</c>, <c>it has the longest texts</c>); null where the command line named it.</param>
/// <param name="Option">The option that names another: <c>--label</c>.</param>
internal sealed record InputColumn(string Input, string Column, int Index, string? Reason, string Option)
{
    /// <summary>Whether it was guessed.</summary>
    public bool IsGuessed => Reason is not null;
}

/// <summary>Rows of a class.</summary>
/// <param name="Label">The class.</param>
/// <param name="Training">Training rows (for labels of words: words) that have it.</param>
/// <param name="Test">Test rows that have it.</param>
internal sealed record ClassRows(string Label, int Training, int Test);

/// <summary>The data of a run.</summary>
internal sealed record DataSummary
{
    /// <summary>The file that was trained on.</summary>
    public required DataFile TrainingFile { get; init; }

    /// <summary>The file that was tested on; null where test rows are a share of the training file.</summary>
    public DataFile? TestFile { get; init; }

    /// <summary>Share of the training file's rows that was held out to test on, from 0 to 1; null with a test file.</summary>
    public double? TestShare { get; init; }

    /// <summary>The columns that were taken, and which of them were guessed.</summary>
    public required IReadOnlyList<InputColumn> Columns { get; init; }

    /// <summary>Rows that were trained on.</summary>
    public required int TrainingRows { get; init; }

    /// <summary>Rows that were tested on.</summary>
    public required int TestRows { get; init; }

    /// <summary>Rows without a label or without a text, which are left out of both.</summary>
    public int SkippedRows { get; init; }

    /// <summary>The classes, the most frequent of the training rows first; those that only test rows have come last, with 0 training rows. Empty for tasks without classes.</summary>
    public IReadOnlyList<ClassRows> Classes { get; init; } = [];

    /// <summary>Training rows whose texts an earlier training row has too.</summary>
    public int DuplicateRows { get; init; }

    /// <summary>Those of them whose label is another one.</summary>
    public int ContradictingRows { get; init; }

    /// <summary>Test rows whose texts a training row has too, which makes the scores too good.</summary>
    public int SharedRows { get; init; }

    /// <summary>Sentences on what a reader should know of the data: classes with few rows, labels unseen in training. Also said before training.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
