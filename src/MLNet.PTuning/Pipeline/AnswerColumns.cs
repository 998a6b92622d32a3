// The output columns of question answering: answers with their probabilities and places, and the probability of no answer.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Pipeline;

/// <summary>Settings in the file of a model that answers questions, in addition to those of every model.</summary>
internal sealed record AnsweringSettings(int DocumentStride, int MaxAnswerLength, int TopK, double? NullThreshold, OffsetUnit OffsetUnit)
{
    /// <param name="options">What the app set.</param>
    /// <param name="abstains">Whether a context may have no answer where the options do not say.</param>
    public static AnsweringSettings Of(QuestionAnsweringOptions options, bool abstains) =>
        new(options.DocumentStride, options.MaxAnswerLength, options.TopK, options.NullThreshold ?? (abstains ? 0 : null), options.OffsetUnit);
}

/// <summary>A row with its answers.</summary>
/// <param name="Context">Its text.</param>
/// <param name="Offsets">Offsets in the text in the unit of the options.</param>
/// <param name="Answers">The answers.</param>
internal sealed record AnsweredRow(string Context, OffsetMap Offsets, AnswerSpans Answers);

/// <summary>The columns' types and values.</summary>
internal static class AnswerColumns
{
    public const string AnswerStart = "AnswerStart", AnswerEnd = "AnswerEnd", NoAnswerProbability = "NoAnswerProbability";

    /// <summary>Those after the answers and their scores.</summary>
    public static readonly string[] Further = [AnswerStart, AnswerEnd, NoAnswerProbability];

    private static readonly PrimitiveDataViewType[] Items = [TextDataViewType.Instance, NumberDataViewType.Single, NumberDataViewType.Int32, NumberDataViewType.Int32];

    /// <summary>The columns that a transformer adds, in order.</summary>
    public static IReadOnlyList<DataViewSchema.DetachedColumn> Of(ModelSettings settings)
    {
        string[] names = [settings.PredictedLabelColumn, settings.ScoreColumn, .. Further];
        return [.. names.Select((name, i) => new DataViewSchema.DetachedColumn(name, i < Items.Length ? new VectorDataViewType(Items[i]) : NumberDataViewType.Single))];
    }

    /// <summary>The same columns as <c>GetOutputSchema</c> promises them.</summary>
    public static IEnumerable<SchemaShape.Column> Promises(QuestionAnsweringOptions options)
    {
        string[] names = [options.PredictedAnswerColumnName, options.ScoreColumnName, .. Further];
        return names.Select((name, i) => i < Items.Length ? MLNetInternals.PromiseVector(name, Items[i]) : MLNetInternals.PromiseScalar(name, NumberDataViewType.Single, []));
    }

    /// <summary>The getter of output column <paramref name="index"/>.</summary>
    public static Delegate Getter(int index, Func<AnsweredRow> result) => index switch
    {
        0 => Vector(result, (row, answer) => row.Context.AsMemory(answer.Start, answer.End - answer.Start)),
        1 => Vector(result, (_, answer) => answer.Probability),
        2 => Vector(result, (row, answer) => row.Offsets.FromUtf16(answer.Start)),
        3 => Vector(result, (row, answer) => row.Offsets.FromUtf16(answer.End)),
        _ => (ValueGetter<float>)((ref float probability) => probability = result().Answers.NoAnswerProbability),
    };

    private static ValueGetter<VBuffer<T>> Vector<T>(Func<AnsweredRow> result, Func<AnsweredRow, AnswerSpan, T> value) => VectorGetter.Of(() =>
    {
        var row = result();
        return [.. row.Answers.Best.Select(answer => value(row, answer))];
    }, (T item) => item);
}
