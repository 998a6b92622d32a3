// Reads questions with their contexts and answers from a data view, and makes examples of them.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Pipeline;

/// <summary>A question as it was read.</summary>
/// <param name="Context">The text.</param>
/// <param name="Question">The question.</param>
/// <param name="Answers">Its answers; none where the context does not answer it.</param>
/// <param name="Starts">Where each answer is said to begin, in the unit of the options.</param>
/// <param name="Number">The row's number, from 1.</param>
internal sealed record QuestionRow(string Context, string Question, IReadOnlyList<string> Answers, IReadOnlyList<long> Starts, long Number);

/// <summary>A question with its windows.</summary>
internal sealed record EncodedQuestion(QuestionRow Row, IReadOnlyList<Piece> Context, IReadOnlyList<AnswerWindow> Windows);

/// <summary>Training and validation rows of question answering.</summary>
internal static class AnswerRows
{
    private const int Quoted = 60;

    /// <summary>Checks that a pipeline has the columns of answers before this step.</summary>
    /// <exception cref="ArgumentException">One is absent or of another type.</exception>
    public static void Check(SchemaShape schema, QuestionAnsweringOptions options)
    {
        options.Columns.Check(schema);
        var answer = TextRows.FindColumn(schema, options.TrainingAnswerColumnName);
        if (answer.ItemType is not TextDataViewType) throw new ArgumentException(NotAnswers(answer.Name, $"{answer.Kind} of {answer.ItemType}"));
        var index = TextRows.FindColumn(schema, options.AnswerIndexColumnName);
        if (index.IsKey || index.ItemType is not NumberDataViewType) throw new ArgumentException(NotIndices(index.Name, $"{index.Kind} of {index.ItemType}"));
        if (IsVector(answer) != IsVector(index)) throw new ArgumentException(NotAlike(answer.Name, index.Name));
    }

    /// <summary>Reads all rows.</summary>
    /// <exception cref="ArgumentException">A column is absent or of another type, or a row has not one index an answer.</exception>
    public static List<QuestionRow> Read(IDataView data, QuestionAnsweringOptions options)
    {
        var answer = TextRows.FindColumn(data.Schema, options.TrainingAnswerColumnName);
        var index = TextRows.FindColumn(data.Schema, options.AnswerIndexColumnName);
        if ((answer.Type as VectorDataViewType)?.ItemType is not TextDataViewType && answer.Type is not TextDataViewType) throw new ArgumentException(NotAnswers(answer.Name, answer.Type.ToString()!));
        if (((index.Type as VectorDataViewType)?.ItemType ?? index.Type) is not NumberDataViewType) throw new ArgumentException(NotIndices(index.Name, index.Type.ToString()!));
        if (answer.Type is VectorDataViewType != index.Type is VectorDataViewType) throw new ArgumentException(NotAlike(answer.Name, index.Name));
        using var cursor = data.GetRowCursor(options.Columns.Find(data.Schema).Append(answer).Append(index));
        var texts = options.Columns.Reader(cursor);
        var answers = Answers(cursor, answer);
        var starts = Numbers(cursor, index);
        var rows = new List<QuestionRow>();
        while (cursor.MoveNext())
        {
            var (context, question, _) = texts();
            string[] all = answers();
            long[] places = starts();
            if (all.Length != places.Length)
                throw new ArgumentException($"Row {cursor.Position + 1} has {all.Length} answers in '{answer.Name}', but {places.Length} indices in '{index.Name}'; every answer needs one.");
            int[] given = [.. Enumerable.Range(0, all.Length).Where(i => all[i].Length > 0)];
            rows.Add(new QuestionRow(context, question!, [.. given.Select(i => all[i])], [.. given.Select(i => places[i])], cursor.Position + 1));
        }
        return rows;
    }

    /// <summary>A reader of answers, a text or a vector of texts.</summary>
    public static Func<string[]> Answers(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is VectorDataViewType)
        {
            var vector = row.GetGetter<VBuffer<ReadOnlyMemory<char>>>(column);
            VBuffer<ReadOnlyMemory<char>> values = default;
            return () =>
            {
                vector(ref values);
                return [.. values.DenseValues().Select(value => value.ToString())];
            };
        }
        var text = row.GetGetter<ReadOnlyMemory<char>>(column);
        ReadOnlyMemory<char> one = default;
        return () =>
        {
            text(ref one);
            return [one.ToString()];
        };
    }

    /// <summary>Tokenizes rows on all cores. In training rows whose answers are not in their context are left out; in validation they have no targets.</summary>
    /// <exception cref="ArgumentException">No answer is in its context.</exception>
    public static (List<EncodedQuestion> Questions, int Skipped) Encode(
        IReadOnlyList<QuestionRow> rows, QuestionAnswering task, QuestionAnsweringOptions options, TrainingChannel channel, bool isTraining)
    {
        // A context has several questions.
        var contexts = rows.Select(row => row.Context).Distinct().ToList();
        var pieces = contexts.Zip(TextRows.OnAllCores(contexts, task.ContextPieces)).ToDictionary(pair => pair.First, pair => pair.Second);
        var places = TextRows.OnAllCores(rows, row => AnswerPlace.Of(row, pieces[row.Context], options.OffsetUnit));
        int[] kept = [.. Enumerable.Range(0, rows.Count).Where(i => !isTraining || places[i].IsKnown)];
        var encoded = TextRows.OnAllCores(kept, i => (Cut: task.QuestionPieces(rows[i].Question).Count > task.LongestQuestion, Question: new EncodedQuestion(rows[i], pieces[rows[i].Context],
            task.Windows(task.QuestionPieces(rows[i].Question), pieces[rows[i].Context], places[i].Pieces, places[i].IsKnown))));
        if (isTraining) Warn(rows, places, encoded.Count(e => e.Cut), task, options, channel);
        return ([.. encoded.Select(e => e.Question)], rows.Count - kept.Length);
    }

    private static void Warn(IReadOnlyList<QuestionRow> rows, IReadOnlyList<AnswerPlace> places, int cut, QuestionAnswering task, QuestionAnsweringOptions options, TrainingChannel channel)
    {
        int[] answered = [.. Enumerable.Range(0, rows.Count).Where(i => rows[i].Answers.Count > 0)];
        int[] lost = [.. answered.Where(i => !places[i].IsKnown)], moved = [.. answered.Where(i => places[i].IsMoved)];
        if (answered.Length > 0 && lost.Length == answered.Length)
            throw new ArgumentException($"None of the {lost.Length} answers in '{options.TrainingAnswerColumnName}' is in its text in '{options.ContextColumnName}', the first of them {Described(rows[lost[0]])}. "
                + "Check that the columns belong together, and that earlier steps of the pipeline have changed both alike.");
        if (lost.Length > 0) channel.Warn($"{lost.Length} of {answered.Length} answers are not in their context; their questions are left out of training, first {Described(rows[lost[0]])}.");
        if (moved.Length > 0)
            channel.Warn($"{moved.Length} of {answered.Length} answers are not where '{options.AnswerIndexColumnName}' says and are taken at the nearest place where they are, first {Described(rows[moved[0]])}. "
                + $"Indices are counted in {OffsetMap.NameOf(options.OffsetUnit)} ({nameof(options.OffsetUnit)}).");
        int tooLong = answered.Count(i => places[i].Pieces is { } p && p.Last - p.First >= options.MaxAnswerLength), empty = rows.Count(row => string.IsNullOrWhiteSpace(row.Context));
        if (tooLong > 0) channel.Warn($"{tooLong} of {answered.Length} answers have more than {options.MaxAnswerLength} word pieces, more than a predicted answer may have; raise {nameof(options.MaxAnswerLength)} to predict such answers.");
        if (cut > 0) channel.Warn($"{cut} of {rows.Count} questions are longer than {task.LongestQuestion} word pieces, half of a window's room, and were cut at their end.");
        if (empty > 0) channel.Warn($"{empty} of {rows.Count} rows have no text in '{options.ContextColumnName}'.");
    }

    private static string Described(QuestionRow row)
    {
        string answer = row.Answers[0];
        return $"row {row.Number}, '{(answer.Length > Quoted ? answer[..Quoted] + "…" : answer)}' at {row.Starts[0]}";
    }

    private static Func<long[]> Numbers(DataViewRow row, DataViewSchema.Column column)
    {
        bool isVector = column.Type is VectorDataViewType;
        return Type.GetTypeCode(((column.Type as VectorDataViewType)?.ItemType ?? column.Type).RawType) switch
        {
            TypeCode.Int16 => Of<short>(n => n),
            TypeCode.UInt16 => Of<ushort>(n => n),
            TypeCode.Int32 => Of<int>(n => n),
            TypeCode.UInt32 => Of<uint>(n => n),
            TypeCode.Int64 => Of<long>(n => n),
            TypeCode.Single => Of<float>(n => (long)n),
            TypeCode.Double => Of<double>(n => (long)n),
            _ => throw new ArgumentException(NotIndices(column.Name, column.Type.ToString()!)),
        };

        Func<long[]> Of<T>(Func<T, long> widen)
        {
            if (isVector)
            {
                var vector = row.GetGetter<VBuffer<T>>(column);
                VBuffer<T> values = default;
                return () =>
                {
                    vector(ref values);
                    return [.. values.DenseValues().Select(widen)];
                };
            }
            var number = row.GetGetter<T>(column);
            T one = default!;
            return () =>
            {
                number(ref one);
                return [widen(one)];
            };
        }
    }

    private static bool IsVector(SchemaShape.Column column) => column.Kind != SchemaShape.Column.VectorKind.Scalar;

    private static string NotAnswers(string name, string type) => $"The column of answers '{name}' is of type {type}; it must be text, or a vector of text for several answers to a question. Set TrainingAnswerColumnName.";

    private static string NotIndices(string name, string type) => $"The column of answers' indices '{name}' is of type {type}; it must be a number, or a vector of numbers, one an answer. Set AnswerIndexColumnName.";

    private static string NotAlike(string answer, string index) => $"One of the columns '{answer}' and '{index}' is a vector and the other is not; give a vector of answers with a vector of indices, or one answer with one index.";
}

/// <summary>Where a question's answer is in its context.</summary>
/// <param name="Pieces">Its first and last piece; null where there is no answer, or where it is unknown.</param>
/// <param name="IsKnown">False where there are answers, but none is in the context.</param>
/// <param name="IsMoved">Whether it is elsewhere than the row says.</param>
internal readonly record struct AnswerPlace((int First, int Last)? Pieces, bool IsKnown, bool IsMoved)
{
    /// <summary>The place of the first of a row's answers that is in the context: where the row says or, where it is not there, at the nearest place.</summary>
    public static AnswerPlace Of(QuestionRow row, IReadOnlyList<Piece> context, OffsetUnit unit)
    {
        if (row.Answers.Count == 0) return new AnswerPlace(null, IsKnown: true, IsMoved: false);
        var offsets = new OffsetMap(row.Context, unit);
        for (int i = 0; i < row.Answers.Count; i++)
        {
            int said = offsets.ToUtf16((int)Math.Clamp(row.Starts[i], 0, offsets.Length)), start = Nearest(row.Context, row.Answers[i], said);
            if (start >= 0 && QuestionAnswering.PiecesOf(context, start, start + row.Answers[i].Length) is { } pieces)
                return new AnswerPlace(pieces, IsKnown: true, start != said || row.Starts[i] < 0);
        }
        return new AnswerPlace(null, IsKnown: false, IsMoved: false);
    }

    private static int Nearest(string context, string answer, int said)
    {
        if (string.CompareOrdinal(context, said, answer, 0, answer.Length) == 0) return said;
        int after = context.IndexOf(answer, said, StringComparison.Ordinal), lastStart = Math.Min(said + answer.Length - 1, context.Length);
        int before = context.AsSpan(0, lastStart).LastIndexOf(answer, StringComparison.Ordinal);
        return before < 0 || (after >= 0 && after - said <= said - before) ? after : before;
    }
}
