// Computes the metrics of scored rows with two classes; a score above zero predicts the positive one.
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal sealed class BinaryEvaluation
{
    private readonly List<(float Score, bool IsPositive)> _rows = [];
    private readonly double[][] _counts = [new double[2], new double[2]];
    private double _loss;

    private double Positives => _counts[0].Sum();

    private double Negatives => _counts[1].Sum();

    /// <param name="data">The scored rows.</param>
    /// <param name="labelColumn">A truth value, a number (positive where above 0) or a key of two.</param>
    /// <param name="scoreColumn">A Single; rows whose score is NaN are left out.</param>
    /// <param name="probabilityColumn">A Single, or null where the scores are not calibrated.</param>
    /// <param name="predictedLabelColumn">A column that must be there.</param>
    internal static BinaryEvaluation Of(IDataView data, string labelColumn, string scoreColumn, string probabilityColumn, string predictedLabelColumn)
    {
        DataViewSchema.Column label = EvaluatedColumn.Find(data.Schema, labelColumn, "Label");
        DataViewSchema.Column score = EvaluatedColumn.Find(data.Schema, scoreColumn, "Score");
        DataViewSchema.Column? probability = probabilityColumn is null ? null : EvaluatedColumn.Find(data.Schema, probabilityColumn, "Probability");
        EvaluatedColumn.Find(data.Schema, predictedLabelColumn, "PredictedLabel");
        bool isLabel = label.Type is BooleanDataViewType or KeyDataViewType { Count: 2 } || label.Type == NumberDataViewType.Single || label.Type == NumberDataViewType.Double;
        EvaluatedColumn.Check(label, "label", "Single, Double, Boolean, or a Key with cardinality 2", isLabel);
        EvaluatedColumn.Check(score, "score", "Single", score.Type == NumberDataViewType.Single);
        if (probability is { } checkedProbability)
            EvaluatedColumn.Check(checkedProbability, "probability", "Single", checkedProbability.Type == NumberDataViewType.Single);

        var evaluation = new BinaryEvaluation();
        List<DataViewSchema.Column> needed = probability is { } p ? [label, score, p] : [label, score];
        using DataViewRowCursor cursor = data.GetRowCursor(needed);
        Func<double> readLabel = EvaluatedColumn.NumberGetter(cursor, label);
        Func<double> readScore = EvaluatedColumn.NumberGetter(cursor, score);
        Func<double> readProbability = probability is { } column ? EvaluatedColumn.NumberGetter(cursor, column) : null;
        while (cursor.MoveNext())
        {
            double truth = readLabel(), value = readScore();
            if (!double.IsNaN(truth) && !double.IsNaN(value))
                evaluation.Add(truth > 0, (float)value, readProbability?.Invoke() ?? 0);
        }
        return evaluation;
    }

    internal BinaryClassificationMetrics Metrics()
    {
        Contracts.CheckParam(Positives > 0, "PosSample", "AUC is not defined when there is no positive class in the data");
        Contracts.CheckParam(Negatives > 0, "NegSample", "AUC is not defined when there is no negative class in the data");
        var confusion = new ConfusionMatrix(_counts, ["positive".AsMemory(), "negative".AsMemory()], isBinary: true);
        double precision = confusion.PerClassPrecision[0], recall = confusion.PerClassRecall[0];
        // LINQ's sort is stable: rows of one score keep their order, which the precision-recall curve depends on.
        var ranked = _rows.OrderByDescending(r => r.Score).ToList();
        return new BinaryClassificationMetrics(
            AreaUnderRoc(ranked),
            (_counts[0][0] + _counts[1][1]) / _rows.Count,
            precision,
            recall,
            confusion.PerClassPrecision[1],
            confusion.PerClassRecall[1],
            2 * precision * recall / (precision + recall),
            AreaUnderPrecisionRecall(ranked),
            confusion);
    }

    internal CalibratedBinaryClassificationMetrics CalibratedMetrics()
    {
        BinaryClassificationMetrics metrics = Metrics();
        double share = Positives / _rows.Count;
        return new CalibratedBinaryClassificationMetrics(metrics, _loss / _rows.Count, -(share * Math.Log2(share)) - (1 - share) * Math.Log2(1 - share));
    }

    private void Add(bool isPositive, float score, double probability)
    {
        _rows.Add((score, isPositive));
        _counts[isPositive ? 0 : 1][score > 0 ? 0 : 1]++;
        _loss -= Math.Log2(isPositive ? probability : 1 - probability);
    }

    /// <summary>The share of pairs of a positive and a negative row that the scores order; a tie counts half.</summary>
    private double AreaUnderRoc(List<(float Score, bool IsPositive)> ranked)
    {
        double above = 0, area = 0;
        foreach (var tied in ranked.GroupBy(r => r.Score))
        {
            double positives = tied.Count(r => r.IsPositive), negatives = tied.Count() - positives;
            area += negatives * (above + positives / 2);
            above += positives;
        }
        return area / (Positives * Negatives);
    }

    /// <summary>By trapezoids between the points that one row after the other gives.</summary>
    private double AreaUnderPrecisionRecall(List<(float Score, bool IsPositive)> ranked)
    {
        double found = 0, area = 0, lastPrecision = 1;
        for (int i = 0; i < ranked.Count; i++)
        {
            double precision = (found + (ranked[i].IsPositive ? 1 : 0)) / (i + 1);
            if (ranked[i].IsPositive)
            {
                found++;
                area += (precision + lastPrecision) / 2 / Positives;
            }
            lastPrecision = precision;
        }
        return area;
    }
}
