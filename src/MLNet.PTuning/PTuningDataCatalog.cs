// The public entry points for data: files that rows of this library's tasks are read from, as extension methods of ML.NET's catalog.
using System.Globalization;
using MLNet.PTuning;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Training;

namespace Microsoft.ML;

/// <summary>Files with rows for this library's tasks, as extension methods of <c>mlContext.Data</c>.</summary>
public static class PTuningDataCatalog
{
    /// <summary>Rows of questions from a JSON file in the form of SQuAD 1.1 or 2.0, which every cursor reads again, a paragraph at a time.</summary>
    /// <param name="catalog"><c>mlContext.Data</c>.</param>
    /// <param name="path">The file, UTF-8.</param>
    /// <returns>
    /// A row for each question: <c>Id</c>, <c>Context</c> and <c>Question</c>, text; <c>TrainingAnswer</c>, a vector of text, empty where the context does not answer the question; and
    /// <c>AnswerIndex</c>, a vector of Int32, where each answer begins in the context, in UTF-16 code units (the file counts code points).
    /// </returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">While reading: the file is cut short, is no JSON, or a part of it has another form; the message names the place.</exception>
    public static IDataView LoadFromSquad(this DataOperationsCatalog catalog, string path)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return File.Exists(path) ? new SquadView(path) : throw new FileNotFoundException($"There is no file '{path}' to load questions from.", path);
    }

    /// <summary>Rows of a task of SuperGLUE from its file of JSON objects, one a line, which every cursor reads again, a line at a time.</summary>
    /// <param name="catalog"><c>mlContext.Data</c>.</param>
    /// <param name="folder">The folder with the tasks' folders (BoolQ, CB, COPA, MultiRC, RTE, ReCoRD, WSC, WiC), or the task's own.</param>
    /// <param name="task">The task.</param>
    /// <param name="split">Its file. Default <see cref="SuperGlueSplit.Train"/>, train.jsonl.</param>
    /// <returns>
    /// A row for each row of the task. Columns are text where nothing else is said; labels that <see cref="SuperGlueSplit.Test"/> lacks are empty, or -1 where they are numbers.
    /// <list type="bullet">
    /// <item><description>BoolQ: <c>Text</c>, the question; <c>TextPair</c>, the passage; <c>Label</c>, "true" or "false".</description></item>
    /// <item><description>CB and RTE: <c>Text</c>, the premise; <c>TextPair</c>, the hypothesis; <c>Label</c>.</description></item>
    /// <item><description>MultiRC, a row for each answer: <c>Text</c>, the paragraph; <c>TextPair</c>, question and answer; <c>Label</c>, "1" where the answer is right, else "0"; and
    /// <c>Question</c>, Int32, the same for all answers to a question: the question's index in the file.</description></item>
    /// <item><description>WiC: <c>Text</c> and <c>TextPair</c>, the two sentences; <c>Word</c>; <c>Start1</c> and <c>End1</c>, <c>Start2</c> and <c>End2</c>, Int32, where the word is in the first
    /// and in the second; <c>Label</c>, "true" or "false".</description></item>
    /// <item><description>WSC: <c>Text</c>; <c>Start1</c> and <c>End1</c>, <c>Start2</c> and <c>End2</c>, Int32, where the noun phrase and the pronoun are; <c>Label</c>, "true" or "false".</description></item>
    /// <item><description>COPA: <c>Premise</c>; <c>Question</c>, "because" where its cause is asked for, "so" for its effect; <c>Choices</c>, a vector of two texts; <c>Label</c>, Int32, the index of
    /// the right one.</description></item>
    /// <item><description>ReCoRD, a row for each query: <c>Premise</c>, the passage, its highlights after dashes; <c>Choices</c>, a vector of text, the query with each entity of the passage in place;
    /// <c>Entities</c>, a vector of text, these entities in the passage's order; <c>Answers</c>, a vector of text; <c>Label</c>, Int32, the index of the first entity that is an answer, -1 where none is.</description></item>
    /// </list>
    /// </returns>
    /// <remarks>
    /// Starts and ends of spans are UTF-16 code units, the end exclusive. WiC's files count code points. WSC's files count words, and where a count is off, the words nearest to it are taken.
    /// Texts are joined as P-Tuning v2's authors do. Other fields of the files are skipped.
    /// </remarks>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such task or file of SuperGLUE.</exception>
    /// <exception cref="InvalidDataException">While reading: a line is cut short, no JSON object, lacks a field, or has one of another type, or a span is not in its text; the message names the line.</exception>
    public static IDataView LoadFromSuperGlue(this DataOperationsCatalog catalog, string folder, SuperGlueTask task, SuperGlueSplit split = SuperGlueSplit.Train)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        return SuperGlueView.Open(folder, task, split);
    }

    /// <summary>
    /// Rows of words and labels from a column file (CoNLL-2003, WNUT, CoNLL-U, Universal PropBank and similar forms), which every cursor reads again.
    /// </summary>
    /// <param name="catalog"><c>mlContext.Data</c>.</param>
    /// <param name="path">The file, UTF-8.</param>
    /// <param name="options">Its form. Default null: that of CoNLL-2003, which fits most files.</param>
    /// <returns>The columns <c>Words</c> and <c>Label</c>, vectors of text, and <c>Predicate</c>, the index of a word, where the options set its column.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ArgumentException">The options contradict themselves.</exception>
    /// <exception cref="InvalidDataException">While reading: a line misses a column, is not UTF-8, or has another fault; the message names file and line.</exception>
    public static IDataView LoadFromConll(this DataOperationsCatalog catalog, string path, ConllOptions? options = null) => catalog.LoadFromConll([path], options);

    /// <summary>Rows of words and labels from several column files of one form, one after the other.</summary>
    /// <param name="catalog"><c>mlContext.Data</c>.</param>
    /// <param name="paths">The files, UTF-8.</param>
    /// <param name="options">Their form. Default null: that of CoNLL-2003, which fits most files.</param>
    /// <inheritdoc cref="LoadFromConll(DataOperationsCatalog, string, ConllOptions)"/>
    public static IDataView LoadFromConll(this DataOperationsCatalog catalog, IEnumerable<string> paths, ConllOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(paths);
        options ??= new ConllOptions();
        options.Validate();
        string[] files = [.. paths];
        foreach (string file in files)
            if (!File.Exists(file)) throw new FileNotFoundException($"There is no file '{file}' to load words from.", file);
        return new ConllView(MLNetInternals.EnvironmentOf(catalog), files, options);
    }

    /// <summary>
    /// One rank's rows of a view that all ranks have: of as many blocks of rows, one after the other, as there are ranks, the one of its number. Blocks differ by a row at most, so that
    /// what the ranks make of theirs, put one after the other, is in the order of all rows. For scoring; training divides its rows itself (<see cref="TrainingOptions.Communicator"/>).
    /// </summary>
    /// <param name="catalog"><c>mlContext.Data</c>.</param>
    /// <param name="input">The rows, the same on every rank.</param>
    /// <param name="communicator">The ranks, all of which call this.</param>
    /// <exception cref="ArgumentException">Ranks have different numbers of rows.</exception>
    public static IDataView TakeRowsOfRank(this DataOperationsCatalog catalog, IDataView input, ICommunicator communicator)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(communicator);
        return communicator.Together(() =>
        {
            long rows = input.GetRowCount() ?? CountOf(input);
            communicator.CheckAlike(new() { ["rows"] = rows.ToString(CultureInfo.InvariantCulture) });
            var (first, end) = communicator.Block(rows);
            // ML.NET skips and takes at least one.
            if (end == first) return rows > 0 ? catalog.SkipRows(input, rows) : input;
            return catalog.TakeRows(first > 0 ? catalog.SkipRows(input, first) : input, end - first);
        });
    }

    private static long CountOf(IDataView view)
    {
        using var cursor = view.GetRowCursor([]);
        long count = 0;
        while (cursor.MoveNext()) count++;
        return count;
    }
}
