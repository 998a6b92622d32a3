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

    // The values were computed by a separate script, which reads tags as conlleval does, and BILOU strictly.
    [Theory]
    [InlineData("B I I", "B I O", 0, 0, 0)]
    [InlineData("O O O B I I O | B I O", "O O B I I I O | B I O", 1 / 2.0, 1 / 2.0, 1 / 2.0)]
    [InlineData("B E S B M E", "B E S B E S", 2 / 4.0, 2 / 3.0, 4 / 7.0)]
    [InlineData("U-ORG B-PER I-PER L-PER O | U-ORG", "U-ORG B-PER I-PER I-PER O | U-ORG", 1, 2 / 3.0, 4 / 5.0)]
    [InlineData("B-PER L-PER O U-MISC", "I-PER L-PER O U-MISC", 1, 1 / 2.0, 2 / 3.0)]
    [InlineData("PER-B PER-I O", "PER-B O O", 0, 0, 0)]
    [InlineData("B_PER I_PER O", "B_PER O O", 0, 0, 0)]
    [InlineData("b-per i-per o", "b-per o o", 0, 0, 0)]
    [InlineData("B-PER I-PER 0", "B-PER 0 0", 0, 0, 0)]
    [InlineData("B-PER I-PER O X", "B-PER O O X", 1 / 2.0, 1 / 2.0, 1 / 2.0)]
    public void Chunk_tags_are_recognized_however_they_are_written(string gold, string predicted, double precision, double recall, double f1)
    {
        var micro = Evaluate(gold, predicted).Micro;
        Assert.Equal((precision, recall, f1), (micro.Precision, micro.Recall, micro.F1));
    }

    [Fact]
    public void Gold_labels_that_were_not_seen_in_training_are_counted_and_warned_of_and_as_text_they_are_errors()
    {
        var keys = _ml.Transforms.CopyColumns("Gold", "Label").Append(_ml.Transforms.Conversion.MapValueToKey("Label"))
            .Fit(_ml.Data.LoadFromEnumerable([new Row { Label = ["B-A", "O"] }]));
        var data = keys.Transform(_ml.Data.LoadFromEnumerable([new Row { Label = ["B-A", "O", "B-B"], PredictedLabel = ["B-A", "O", "O"] }]));
        var warnings = new List<string>();
        _ml.Log += (_, e) =>
        {
            if (e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning) warnings.Add(e.Message);
        };
        var leftOut = _ml.MulticlassClassification.EvaluateTokenLabels(data);
        Assert.Equal((1.0, 2, 1), (leftOut.Micro.F1, leftOut.Words, leftOut.WordsLeftOut));
        Assert.Contains("1 words without a gold label left out", leftOut.GetFormattedTable());
        Assert.Contains(warnings, w => w.Contains("1 of 3 words have no gold label") && w.Contains("CopyColumns"));

        warnings.Clear();
        var counted = _ml.MulticlassClassification.EvaluateTokenLabels(data, "Gold");
        Assert.Equal((0.5, 3, 0), (counted.Micro.Recall, counted.Words, counted.WordsLeftOut));
        Assert.DoesNotContain("left out", counted.GetFormattedTable());
        Assert.DoesNotContain(warnings, w => w.Contains("gold label"));
    }

    [Fact]
    public void Missing_gold_keys_are_left_out()
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

    [Theory]
    [InlineData("B-PER I-PER O X", "'X'", "Iob2", "TagScheme.Plain")]
    [InlineData("B-PER I-PER B O", "'B'", "no type")]
    [InlineData("B-PER W-PER M-PER O", "'W-PER'", "no known scheme", "plain labels")]
    [InlineData("B-PER I-PER B-LOC I-LOC", "No label is O", "OutsideLabel")]
    [InlineData("PER-B PER-I O", "'PER-B'", "Iob2")]
    [InlineData("B-PER L-PER O B-MISC", "1 of 3 gold tags", "Bilou")]
    [InlineData("(PERSON* *) * (GPE)", "'(PERSON*'", "CoNLL-2012")]
    [InlineData("B-ORG I-ORG L-ORG U-ORG O [CLS] [SEP]", "'[CLS]', '[SEP]'", "Bilou", "no entity")]
    [InlineData("U-ORG - O B-PER L-PER", "'-'", "Bilou")]
    [InlineData("B_ART ART ART CITY PERSON", "'B_ART'", "plain labels")]
    public void A_doubtful_guess_is_warned_of_with_what_to_do(string labels, params string[] named)
    {
        var warnings = Warnings();
        Evaluate(labels, labels);
        string warning = Assert.Single(warnings);
        Assert.All(named, n => Assert.Contains(n, warning));
    }

    [Theory]
    [InlineData("B-PER I-PER O")]
    [InlineData("B I O")]
    [InlineData("B M E S")]
    [InlineData("U-ORG B-PER L-PER O")]
    [InlineData("NOUN VERB O")]
    [InlineData("ARG0 C-ARG0 V")]
    [InlineData("PERSON CITY 0")]
    [InlineData("Caption Section-header List-item Page-footer Text")]
    [InlineData("ADJ CONJ VERB AUX NOUN SCONJ X")]
    [InlineData("VER:pres PRO:DEM PUN SENT")]
    [InlineData("B-PER.NAM I-PER.NAM O B-creative-work")]
    public void Unambiguous_labels_are_not_warned_of(string labels)
    {
        var warnings = Warnings();
        Evaluate(labels, labels);
        Assert.Empty(warnings);
    }

    [Fact]
    public void Data_without_rows_is_named()
    {
        var data = _ml.Data.LoadFromEnumerable(Array.Empty<Row>());
        var keys = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(data).Transform(data);
        Assert.Contains("has no rows", Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.EvaluateTokenLabels(keys)).Message);
    }

    private List<string> Warnings()
    {
        var warnings = new List<string>();
        _ml.Log += (_, e) =>
        {
            if (e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning) warnings.Add(e.Message);
        };
        return warnings;
    }

    private TokenLabelMetrics Evaluate(string gold, string predicted) => _ml.MulticlassClassification.EvaluateTokenLabels(_ml.Data.LoadFromEnumerable(
        gold.Split(" | ").Zip(predicted.Split(" | "), (g, p) => new Row { Label = g.Split(' '), PredictedLabel = p.Split(' ') })));
}
