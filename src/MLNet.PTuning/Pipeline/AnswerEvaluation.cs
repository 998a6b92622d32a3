// Reads gold and predicted answers from a data view for the metrics.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Pipeline;

/// <summary>Evaluation of predicted answers over a data view.</summary>
internal static class AnswerEvaluation
{
    /// <summary>Scores predicted answers; the best threshold of no answer is found where the data have the model's other columns.</summary>
    /// <exception cref="ArgumentException">A column is missing or of another type, or there are no rows.</exception>
    public static AnswerMetrics Evaluate(IDataView data, string answersName, string predictedName, string scoreName, AnswerComparison? comparison)
    {
        var gold = TextsColumn(data.Schema, answersName, "answers");
        var predicted = TextsColumn(data.Schema, predictedName, "answers");
        var score = data.Schema.GetColumnOrNull(scoreName);
        var none = data.Schema.GetColumnOrNull(AnswerColumns.NoAnswerProbability);
        bool hasProbabilities = score?.Type is VectorDataViewType { ItemType: NumberDataViewType { RawType: var item } } && item == typeof(float) && none?.Type == NumberDataViewType.Single;
        using var cursor = data.GetRowCursor(hasProbabilities ? [gold, predicted, score!.Value, none!.Value] : [gold, predicted]);
        var readGold = AnswerRows.Answers(cursor, gold);
        var readPredicted = AnswerRows.Answers(cursor, predicted);
        var readScores = hasProbabilities ? cursor.GetGetter<VBuffer<float>>(score!.Value) : null;
        var readNone = hasProbabilities ? cursor.GetGetter<float>(none!.Value) : null;
        var rows = new List<AnswerPrediction>();
        VBuffer<float> scores = default;
        float ofNone = 0;
        bool considersNone = false;
        while (cursor.MoveNext())
        {
            string[] answers = readPredicted();
            readScores?.Invoke(ref scores);
            readNone?.Invoke(ref ofNone);
            int best = Array.FindIndex(answers, answer => answer.Length > 0);
            float ofBest = best >= 0 && best < scores.Length ? scores.GetItemOrDefault(best) : 0;
            considersNone |= ofNone > 0;
            rows.Add(new AnswerPrediction([.. readGold().Where(answer => answer.Length > 0)], answers.FirstOrDefault() ?? "", best < 0 ? "" : answers[best],
                CrossEntropy.Log(ofNone) - CrossEntropy.Log(ofBest)));
        }
        // A model that answers every question gives no probability of no answer at all.
        if (!considersNone) rows = rows.ConvertAll(row => row with { NullScore = null });
        return rows.Count > 0 ? AnswerMetrics.Of(rows, comparison) : throw new ArgumentException("There are no rows to evaluate.");
    }

    /// <summary>A column of text, or of a vector of text.</summary>
    /// <param name="schema">The data's.</param>
    /// <param name="name">Its name.</param>
    /// <param name="what">What it holds, for the message.</param>
    /// <exception cref="ArgumentException">It is absent or of another type.</exception>
    public static DataViewSchema.Column TextsColumn(DataViewSchema schema, string name, string what)
    {
        var column = TextRows.FindColumn(schema, name);
        return column.Type is TextDataViewType or VectorDataViewType { ItemType: TextDataViewType } ? column
            : throw new ArgumentException($"The column '{name}' is of type {column.Type}; {what} are text, or a vector of text.");
    }
}
