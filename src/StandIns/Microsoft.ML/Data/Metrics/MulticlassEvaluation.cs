// Computes the metrics of scored rows with several classes: one pass, class i being label key i + 1.
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal sealed class MulticlassEvaluation
{
    /// <summary>Probabilities below this one count as it, so that one certain mistake does not make the loss infinite.</summary>
    private const double SmallestProbability = 1e-15;

    private readonly int _topK;
    private readonly double[][] _counts;
    private readonly double[] _rowsPerClass;
    private readonly double[] _lossPerClass;
    private readonly double[] _rowsPerRank;
    private double _rows;
    private double _loss;

    private MulticlassEvaluation(int classes, int topK)
    {
        _topK = topK;
        _counts = Enumerable.Range(0, classes).Select(_ => new double[classes]).ToArray();
        _rowsPerClass = new double[classes];
        _lossPerClass = new double[classes];
        _rowsPerRank = new double[classes];
    }

    internal static MulticlassClassificationMetrics Evaluate(IDataView data, string labelColumn, string scoreColumn, string predictedLabelColumn, int topK)
    {
        DataViewSchema.Column label = EvaluatedColumn.Find(data.Schema, labelColumn, "Label");
        DataViewSchema.Column score = EvaluatedColumn.Find(data.Schema, scoreColumn, "Score");
        EvaluatedColumn.Find(data.Schema, predictedLabelColumn, "PredictedLabel");
        EvaluatedColumn.Check(label, "label", "Single or Key", label.Type is KeyDataViewType || label.Type == NumberDataViewType.Single);
        bool isScores = score.Type is VectorDataViewType { Size: > 1 } scores && scores.ItemType == NumberDataViewType.Single;
        EvaluatedColumn.Check(score, "score", "vector of two or more items of type Single", isScores);

        int classes = ((VectorDataViewType)score.Type).Size;
        var evaluation = new MulticlassEvaluation(classes, topK);
        using (DataViewRowCursor cursor = data.GetRowCursor([label, score]))
        {
            Func<double> readLabel = EvaluatedColumn.NumberGetter(cursor, label);
            ValueGetter<VBuffer<float>> readScores = cursor.GetGetter<VBuffer<float>>(score);
            VBuffer<float> buffer = default;
            var values = new float[classes];
            while (cursor.MoveNext())
            {
                double truth = readLabel();
                if (double.IsNaN(truth) || truth < 0)
                    continue;
                readScores(ref buffer);
                buffer.CopyTo(values);
                if (values.All(float.IsFinite))
                    evaluation.Add((int)truth, values);
            }
        }
        return evaluation.Metrics(EvaluatedColumn.SlotNames(score, classes));
    }

    private void Add(int truth, float[] scores)
    {
        _rows++;
        if (truth >= scores.Length)
        {
            // A class that the model does not know: its probability is none.
            _loss -= Math.Log(SmallestProbability);
            return;
        }
        double loss = -Math.Log(Math.Clamp(scores[truth], SmallestProbability, 1));
        _loss += loss;
        _lossPerClass[truth] += loss;
        _rowsPerClass[truth]++;
        _counts[truth][Array.IndexOf(scores, scores.Max())]++;
        int rank = scores.Where((s, i) => s > scores[truth] || (s == scores[truth] && i < truth)).Count();
        _rowsPerRank[rank]++;
    }

    private MulticlassClassificationMetrics Metrics(IReadOnlyList<ReadOnlyMemory<char>> names)
    {
        var confusion = new ConfusionMatrix(_counts, names, isBinary: false);
        var classes = Enumerable.Range(0, names.Count);
        double right = classes.Sum(c => _counts[c][c]);
        var occurring = classes.Where(c => _rowsPerClass[c] > 0).ToList();
        double logLoss = _rows > 0 ? _loss / _rows : 0;
        // The entropy of the labels; where one class is all there is, it is minus zero, and the reduction infinite.
        double prior = -occurring.Sum(c => _rowsPerClass[c] / _rows * Math.Log(_rowsPerClass[c] / _rows));
        var topK = new double[_topK];
        double within = 0;
        for (int k = 0; k < _topK; k++)
            topK[k] = (within += _rowsPerRank[k]) / _rows;
        return new MulticlassClassificationMetrics(
            accuracyMicro: _rows > 0 ? right / _rows : 0,
            accuracyMacro: occurring.Count > 0 ? occurring.Average(c => confusion.PerClassRecall[c]) : 0,
            logLoss,
            logLossReduction: (prior - logLoss) / prior,
            _topK,
            _topK > 0 ? topK : null,
            perClassLogLoss: classes.Select(c => _rowsPerClass[c] > 0 ? _lossPerClass[c] / _rowsPerClass[c] : 0).ToArray(),
            confusion);
    }
}
