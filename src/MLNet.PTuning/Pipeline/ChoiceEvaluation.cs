// Reads labels and predictions of multiple choice from a data view for the metrics.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Pipeline;

/// <summary>Evaluation of predicted choices over a data view.</summary>
internal static class ChoiceEvaluation
{
    /// <summary>Scores predicted choices; rows whose label is missing are left out.</summary>
    /// <exception cref="ArgumentException">A column is missing or of another type, a label is outside the row's choices, or there are no rows with a label.</exception>
    public static ChoiceMetrics Evaluate(IDataView data, string labelName, string scoreName)
    {
        var label = TextRows.FindLabel(data.Schema, labelName);
        if (label.Type is not NumberDataViewType) throw new ArgumentException(ChoiceRows.NotAnIndex(labelName, label.Type.ToString()!));
        var score = TextRows.FindColumn(data.Schema, scoreName);
        if (score.Type is not VectorDataViewType { ItemType: NumberDataViewType { RawType: var item } } || item != typeof(float))
            throw new ArgumentException($"The column of probabilities '{scoreName}' is of type {score.Type}; it is a vector of Single, one for each choice, as PTuningV2Choose adds it.");
        using var cursor = data.GetRowCursor([label, score]);
        var index = NumberColumn.Reader(cursor, label);
        var probabilities = cursor.GetGetter<VBuffer<float>>(score);
        VBuffer<float> values = default;
        int rows = 0, right = 0;
        double loss = 0, chance = 0;
        while (cursor.MoveNext())
        {
            probabilities(ref values);
            float[] ofChoices = [.. values.DenseValues()];
            if (ChoiceRows.Target(index(), ofChoices.Length, cursor.Position, labelName, scoreName) is not { } target) continue;
            rows++;
            if (TextClassification.IndexOfMax(ofChoices) == target) right++;
            loss -= CrossEntropy.Log(ofChoices[target]);
            chance += 1.0 / ofChoices.Length;
        }
        return rows > 0 ? new ChoiceMetrics(rows, (double)right / rows, loss / rows, chance / rows) : throw new ArgumentException($"There are no rows with a label in '{labelName}' to evaluate.");
    }
}
