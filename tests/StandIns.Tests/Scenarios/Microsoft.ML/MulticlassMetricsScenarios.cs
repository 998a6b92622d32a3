// Evaluation of multiclass predictions and the confusion matrix.
using Microsoft.ML;
using Microsoft.ML.Data;
using static StandIns.Tests.Observe;

namespace StandIns.Tests;

public static class MulticlassMetricsScenarios
{
    private static readonly MLContext Ml = new(seed: 1);

    private sealed class Scored
    {
        /// <summary>0-based class; 99 for none.</summary>
        [KeyType(3)]
        public uint Label { get; set; }

        [VectorType(3)]
        public float[] Score { get; set; } = [];

        [KeyType(3)]
        public uint PredictedLabel { get; set; }

        public float Weight { get; set; } = 1f;
        public string Text { get; set; } = "";
        public bool Flag { get; set; }
    }

    private static Scored Row(uint label, uint predicted, params float[] score) => new() { Label = label, PredictedLabel = predicted, Score = score };

    private static readonly Scored[] Rows =
    [
        Row(0, 0, 0.7f, 0.2f, 0.1f),
        Row(0, 1, 0.3f, 0.6f, 0.1f),
        Row(1, 1, 0.1f, 0.8f, 0.1f),
        Row(1, 1, 0.2f, 0.5f, 0.3f),
        Row(2, 0, 0.5f, 0.1f, 0.4f),
        Row(2, 2, 0.1f, 0.1f, 0.8f),
        Row(2, 2, 0.25f, 0.25f, 0.5f),
    ];

    private static object Describe(MulticlassClassificationMetrics metrics) => new
    {
        micro = Round(metrics.MicroAccuracy),
        macro = Round(metrics.MacroAccuracy),
        logLoss = Round(metrics.LogLoss),
        logLossReduction = Round(metrics.LogLossReduction),
        perClassLogLoss = Round(metrics.PerClassLogLoss),
        topK = Round(metrics.TopKAccuracy),
        metrics.TopKPredictionCount,
        topKForAllK = metrics.TopKAccuracyForAllK is { } all ? Round(all) : null,
        confusion = Describe(metrics.ConfusionMatrix),
    };

    private static object Describe(ConfusionMatrix matrix) => new
    {
        matrix.NumberOfClasses,
        counts = matrix.Counts,
        precision = Round(matrix.PerClassPrecision),
        recall = Round(matrix.PerClassRecall),
    };

    private static object? Evaluate(IEnumerable<Scored> rows, int topK = 0) =>
        Try(() => Describe(Ml.MulticlassClassification.Evaluate(Ml.Data.LoadFromEnumerable(rows), topKPredictionCount: topK)));

    public static object? AllMetrics() => Evaluate(Rows);

    public static object? ConfusionTableText() =>
        Ml.MulticlassClassification.Evaluate(Ml.Data.LoadFromEnumerable(Rows)).ConfusionMatrix.GetFormattedConfusionTable().ReplaceLineEndings("\n").Split('\n');

    public static object? ConfusionPairs()
    {
        ConfusionMatrix matrix = Ml.MulticlassClassification.Evaluate(Ml.Data.LoadFromEnumerable(Rows)).ConfusionMatrix;
        return new
        {
            trueZeroPredictedOne = matrix.GetCountForClassPair(1, 0),
            predictedZeroTrueTwo = matrix.GetCountForClassPair(0, 2),
            beyond = Try(() => matrix.GetCountForClassPair(3, 0)),
            negative = Try(() => matrix.GetCountForClassPair(0, -1)),
        };
    }

    public static object? TopK() => new { one = Evaluate(Rows, 1), two = Evaluate(Rows, 2), more = Evaluate(Rows, 5) };

    public static object? TopKWithTies() => Evaluate([Row(0, 0, 0.4f, 0.4f, 0.2f), Row(1, 0, 0.4f, 0.4f, 0.2f), Row(2, 0, 0.3f, 0.3f, 0.3f)], 2);

    public static object? MissingLabels() => new
    {
        some = Evaluate([.. Rows, Row(99, 0, 0.8f, 0.1f, 0.1f), Row(99, 1, 0.1f, 0.8f, 0.1f)]),
        all = Evaluate([Row(99, 0, 0.8f, 0.1f, 0.1f)]),
    };

    public static object? LabelsThatNeverOccur() => Evaluate([Row(0, 0, 0.7f, 0.2f, 0.1f), Row(0, 1, 0.3f, 0.6f, 0.1f)]);

    public static object? MissingPredictions() => Evaluate([.. Rows, Row(0, 99, 0.8f, 0.1f, 0.1f)]);

    public static object? NaNScores() => new
    {
        one = Evaluate([.. Rows, Row(0, 0, float.NaN, 0.1f, 0.1f)]),
        all = Evaluate([.. Rows, Row(0, 0, float.NaN, float.NaN, float.NaN)]),
    };

    public static object? ScoresThatAreNoProbabilities() => new
    {
        zeroForTruth = Evaluate([Row(0, 1, 0f, 1f, 0f), Row(1, 1, 0f, 1f, 0f)]),
        logits = Evaluate([Row(0, 0, 3f, -1f, 0f), Row(1, 0, 2f, -5f, 1f)]),
        notSummingToOne = Evaluate([Row(0, 0, 0.2f, 0.1f, 0.1f)]),
        infinite = Evaluate([Row(0, 0, float.PositiveInfinity, 0f, 0f), Row(1, 0, 1f, 0f, 0f)]),
    };

    public static object? PredictedLabelNeedNotBeTheArgMax() => Evaluate([Row(0, 2, 0.9f, 0.1f, 0f), Row(1, 1, 0.9f, 0.1f, 0f)]);

    public static object? NoRows() => Evaluate([]);

    public static object? ColumnNames()
    {
        IDataView data = Ml.Data.LoadFromEnumerable(Rows);
        IDataView renamed = Ml.Transforms.CopyColumns("L", "Label").Append(Ml.Transforms.CopyColumns("S", "Score")).Append(Ml.Transforms.CopyColumns("P", "PredictedLabel"))
            .Append(Ml.Transforms.SelectColumns("L", "S", "P")).Fit(data).Transform(data);
        return Round(Ml.MulticlassClassification.Evaluate(renamed, "L", "S", "P").MicroAccuracy);
    }

    public static object? WrongColumns()
    {
        IDataView data = Ml.Data.LoadFromEnumerable(Rows);
        object? With(string label = "Label", string score = "Score", string predicted = "PredictedLabel") =>
            Try(() => Round(Ml.MulticlassClassification.Evaluate(data, label, score, predicted).MicroAccuracy));
        return new
        {
            noLabel = With(label: "Nope"),
            noScore = With(score: "Nope"),
            noPrediction = With(predicted: "Nope"),
            textLabel = With(label: "Text"),
            boolLabel = With(label: "Flag"),
            floatLabel = With(label: "Weight"),
            scalarScore = With(score: "Weight"),
            textScore = With(score: "Text"),
            floatPrediction = With(predicted: "Weight"),
            textPrediction = With(predicted: "Text"),
            nullData = Try(() => Ml.MulticlassClassification.Evaluate(null!).MicroAccuracy),
            emptyName = With(label: ""),
        };
    }

    private sealed class FloatLabelled
    {
        public float Label { get; set; }

        [VectorType(2)]
        public float[] Score { get; set; } = [];

        public float PredictedLabel { get; set; }
    }

    public static object? FloatLabels() => Try(() => Describe(Ml.MulticlassClassification.Evaluate(Ml.Data.LoadFromEnumerable(new FloatLabelled[]
    {
        new() { Label = 0, Score = [0.9f, 0.1f], PredictedLabel = 0 },
        new() { Label = 1, Score = [0.8f, 0.2f], PredictedLabel = 0 },
        new() { Label = float.NaN, Score = [0.8f, 0.2f], PredictedLabel = 0 },
    }))));

    private sealed class TextLabelled
    {
        public string Label { get; set; } = "";

        [VectorType(3)]
        public float[] Score { get; set; } = [];

        [KeyType(3)]
        public uint PredictedLabel { get; set; }
    }

    private static readonly TextLabelled[] Named =
    [
        new() { Label = "positive", Score = [0.7f, 0.2f, 0.1f], PredictedLabel = 0 },
        new() { Label = "so, so", Score = [0.6f, 0.3f, 0.1f], PredictedLabel = 0 },
        new() { Label = "a very long negative name", Score = [0.1f, 0.1f, 0.8f], PredictedLabel = 2 },
        new() { Label = "", Score = [0.1f, 0.1f, 0.8f], PredictedLabel = 2 },
    ];

    public static object? NamesInConfusionTable()
    {
        SchemaDefinition definition = SchemaDefinition.Create(typeof(TextLabelled));
        VBuffer<ReadOnlyMemory<char>> names = new(3, ["positive".AsMemory(), "so, so".AsMemory(), "a very long negative name".AsMemory()]);
        definition["Score"].AddAnnotation("SlotNames", names, new VectorDataViewType(TextDataViewType.Instance, 3));
        string[] Table(SchemaDefinition? withDefinition)
        {
            IDataView data = Ml.Data.LoadFromEnumerable(Named, withDefinition);
            IDataView keyed = Ml.Transforms.Conversion.MapValueToKey("Label").Fit(data).Transform(data);
            return Ml.MulticlassClassification.Evaluate(keyed).ConfusionMatrix.GetFormattedConfusionTable().ReplaceLineEndings("\n").Split('\n');
        }
        return new { fromSlotNames = Table(definition), fromKeyValuesOnly = Table(null) };
    }

    private sealed class FewerScores
    {
        [KeyType(3)]
        public uint Label { get; set; }

        [VectorType(2)]
        public float[] Score { get; set; } = [];

        [KeyType(2)]
        public uint PredictedLabel { get; set; }
    }

    public static object? LabelsBeyondTheScores()
    {
        object? With(params FewerScores[] rows) => Try(() => Describe(Ml.MulticlassClassification.Evaluate(Ml.Data.LoadFromEnumerable(rows))));
        return new
        {
            inRange = With(new FewerScores { Label = 0, Score = [0.9f, 0.1f], PredictedLabel = 0 }, new FewerScores { Label = 1, Score = [0.9f, 0.1f], PredictedLabel = 0 }),
            beyond = With(new FewerScores { Label = 0, Score = [0.9f, 0.1f], PredictedLabel = 0 }, new FewerScores { Label = 2, Score = [0.9f, 0.1f], PredictedLabel = 0 }),
        };
    }

    private sealed class VariableScores
    {
        [KeyType(2)]
        public uint Label { get; set; }

        public float[] Score { get; set; } = [0.5f, 0.5f];

        [KeyType(2)]
        public uint PredictedLabel { get; set; }
    }

    public static object? ScoresOfUnknownSize() => Try(() => Describe(Ml.MulticlassClassification.Evaluate(Ml.Data.LoadFromEnumerable([new VariableScores()]))));

    public static object? LargerConfusionTable()
    {
        IEnumerable<Scored> many = Enumerable.Range(0, 1200).Select(i => Row((uint)(i % 3), (uint)(i % 3 == 0 ? 0 : i % 2 + 1), 0.4f, 0.3f, 0.3f));
        return Ml.MulticlassClassification.Evaluate(Ml.Data.LoadFromEnumerable(many)).ConfusionMatrix.GetFormattedConfusionTable().ReplaceLineEndings("\n").Split('\n');
    }

    private sealed class Raw
    {
        public string Label { get; set; } = "";
        public float X { get; set; }
    }

    private sealed class Outcome
    {
        [VectorType(2)]
        public float[] Score { get; set; } = [];

        [KeyType(2)]
        public uint PredictedLabel { get; set; }
    }

    public static object? CrossValidate()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 24).Select(i => new Raw { Label = i % 2 == 0 ? "even" : "odd", X = i % 3 == 0 ? 0.4f : 0.1f + 0.8f * (i % 2) }).ToArray());
        IDataView keyed = ml.Transforms.Conversion.MapValueToKey("Label").Fit(data).Transform(data);
        var pipeline = ml.Transforms.CustomMapping<Raw2, Outcome>((row, result) =>
        {
            result.Score = [1 - row.X, row.X];
            result.PredictedLabel = row.X > 0.5f ? 1u : 0u;
        }, null);
        IReadOnlyList<TrainCatalogBase.CrossValidationResult<MulticlassClassificationMetrics>> results = ml.MulticlassClassification.CrossValidate(keyed, pipeline, numberOfFolds: 3);
        return results.Select(r => new
        {
            r.Fold,
            micro = Round(r.Metrics.MicroAccuracy),
            model = r.Model.GetType().Name,
            rows = Show.Rows(r.ScoredHoldOutSet, "X").Length,
            columns = Show.Schema(r.ScoredHoldOutSet.Schema),
            table = r.Metrics.ConfusionMatrix.Counts,
        });
    }

    private sealed class Raw2
    {
        public float X { get; set; }
    }
}
