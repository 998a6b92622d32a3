// Evaluation over a data view: labels are compared by name, whatever their columns' types and numbering.
using Microsoft.ML;
using Microsoft.ML.Transforms;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class LabelEvaluationTests
{
    private readonly MLContext _ml = new();

    private sealed class Row
    {
        public string[] Label { get; set; } = [];
        public string[] PredictedLabel { get; set; } = [];
        public float Number { get; set; }
    }

    private static readonly Row[] Rows =
    [
        new() { Label = ["B-A", "I-A", "O"], PredictedLabel = ["B-A", "I-A", "O"] },
        new() { Label = ["O", "B-B"], PredictedLabel = ["B-A", "B-B"] },
        new(),
    ];

    [Fact]
    public void Text_and_keys_of_different_numbering_give_the_same_metrics()
    {
        var text = _ml.Data.LoadFromEnumerable(Rows);
        var keys = _ml.Transforms.Conversion.MapValueToKey("Label", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
            .Append(_ml.Transforms.Conversion.MapValueToKey("PredictedLabel")).Fit(text).Transform(text);
        Assert.All([text, keys], data =>
        {
            var metrics = _ml.MulticlassClassification.EvaluateTokenLabels(data);
            Assert.Equal((2, 3, 2), (metrics.Micro.Gold, metrics.Micro.Predicted, metrics.Micro.Correct));
            Assert.Equal((3, 5, 0.8), (metrics.Rows, metrics.Words, metrics.TokenAccuracy));
        });
    }

    [Fact]
    public void Missing_wanted_keys_are_left_out()
    {
        var data = _ml.Data.LoadFromEnumerable([new Row { Label = ["B-A", ""], PredictedLabel = ["B-A", "B-A"] }]);
        var keys = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(data).Transform(data);
        Assert.Equal((1, 1.0), (_ml.MulticlassClassification.EvaluateTokenLabels(keys).Words, _ml.MulticlassClassification.EvaluateTokenLabels(keys).Micro.F1));
    }

    [Fact]
    public void A_given_scheme_says_how_tags_are_read()
    {
        var data = _ml.Data.LoadFromEnumerable([new Row { Label = ["NOUN", "NOUN"], PredictedLabel = ["NOUN", "VERB"] }]);
        Assert.Equal(0, _ml.MulticlassClassification.EvaluateTokenLabels(data, scheme: TagScheme.Plain).Micro.Correct);
        Assert.Contains("'NOUN'", Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.EvaluateTokenLabels(data, scheme: TagScheme.Iob2)).Message);
    }

    [Fact]
    public void What_cannot_be_compared_is_named()
    {
        var data = _ml.Data.LoadFromEnumerable([Rows[0], new Row { Label = ["O", "O"], PredictedLabel = ["O"] }]);
        string message = Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.EvaluateTokenLabels(data)).Message;
        Assert.Contains("Row 2 has 2 labels in 'Label', but 1 in 'PredictedLabel'", message);
        Assert.Contains("'Absent'", Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.EvaluateTokenLabels(data, "Absent")).Message);
        Assert.Contains("'Number'", Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.EvaluateTokenLabels(data, "Number")).Message);
    }
}
