// EvaluateCalibration reads labels and probabilities in every form, by name, and says what is wrong with others.
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class CalibrationEvaluationTests
{
    private readonly MLContext _ml = new(seed: 1);

    private sealed class Row
    {
        public string Name { get; set; } = "";
        public bool Yes { get; set; }
        public float Number { get; set; }
        [VectorType(2)]
        public float[] Score { get; set; } = [];
        public float[] Choices { get; set; } = [];
        public float Probability { get; set; }
    }

    // A's probability and the right class.
    private static readonly Row[] Rows = [Of(0.9f, "A"), Of(0.7f, "B"), Of(0.2f, "B"), Of(0.4f, "A"), Of(0.6f, "")];

    [Theory]
    [InlineData("Name", "Score")]
    [InlineData("Key", "Score")]
    [InlineData("Reversed", "Score")]
    [InlineData("Yes", "Probability")]
    [InlineData("Key", "Probability")]
    [InlineData("Number", "Choices")]
    public void Every_form_of_labels_and_probabilities_has_the_same_scores(string label, string probabilities)
    {
        var rows = label is "Name" or "Key" or "Number" or "Reversed" ? Rows : Rows[..4];
        var metrics = _ml.MulticlassClassification.EvaluateCalibration(Data(rows), label, probabilities, bins: 10);
        Assert.Equal((4, 0.5), (metrics.Predictions, metrics.Accuracy));
        Assert.Equal((0.1 + 0.7 + 0.2 + 0.6) / 4, metrics.ExpectedCalibrationError, 1e-6);
        Assert.Equal(-(Math.Log(0.9) + Math.Log(0.3) + Math.Log(0.8) + Math.Log(0.4)) / 4, metrics.LogLoss, 1e-6);
        Assert.Equal(10, metrics.Bins.Count);
    }

    [Fact]
    public void The_output_of_MLNETs_own_trainers_is_taken()
    {
        var rows = _ml.Data.LoadFromEnumerable(Reviews.Rows(40));
        var model = _ml.Transforms.Conversion.MapValueToKey("Label").Append(_ml.Transforms.Text.FeaturizeText("Features", "Text")).Append(_ml.MulticlassClassification.Trainers.SdcaMaximumEntropy()).Fit(rows);
        var scored = model.Transform(rows);
        Assert.Equal(_ml.MulticlassClassification.Evaluate(scored).LogLoss, _ml.MulticlassClassification.EvaluateCalibration(scored).LogLoss, 1e-4);
    }

    [Fact]
    public void A_label_that_is_no_class_is_a_wrong_prediction()
    {
        var metrics = _ml.MulticlassClassification.EvaluateCalibration(Data([Of(0.9f, "A"), Of(0.9f, "C")]), "Name");
        Assert.Equal((2, 0.5), (metrics.Predictions, metrics.Accuracy));
    }

    [Theory]
    [InlineData("Name", "Probability", "the label column 'Name' is of type String")]
    [InlineData("Name", "Name", "The column of probabilities 'Name' is of type String")]
    [InlineData("Name", "Choices", "does not name its classes")]
    [InlineData("Other", "Score", "no label column 'Other'")]
    [InlineData("Name", "Other", "no column 'Other'")]
    [InlineData("Score", "Score", "labels of words are a vector of keys")]
    public void Columns_of_other_types_are_errors_that_name_them(string label, string probabilities, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.EvaluateCalibration(Data(Rows), label, probabilities)).Message);

    [Fact]
    public void Values_that_are_no_probabilities_and_rows_without_labels_are_errors()
    {
        Assert.Contains("Row 2 has in 'Score' values that are no probabilities", Error([Of(0.5f, "A"), Of(1.5f, "A")]));
        Assert.Contains("Row 1 has in 'Score' values that are no probabilities", Error([Of(float.NaN, "A")]));
        Assert.Contains("no rows with a label in 'Name'", Error([Of(0.5f, "")]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ml.MulticlassClassification.EvaluateCalibration(Data(Rows), "Name", bins: 0));

        string Error(Row[] rows) => Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.EvaluateCalibration(Data(rows), "Name")).Message;
    }

    private static Row Of(float a, string name) => new() { Name = name, Yes = name == "B", Number = name switch { "A" => 0, "B" => 1, _ => -1 }, Score = [a, 1 - a], Choices = [a, 1 - a], Probability = 1 - a };

    // With names of the classes on Score, and keys in their order and in the other.
    private IDataView Data(Row[] rows)
    {
        var data = _ml.Data.LoadFromEnumerable(rows, Schema());
        return _ml.Transforms.Conversion.MapValueToKey("Key", "Name", keyData: Names("A", "B")).Append(_ml.Transforms.Conversion.MapValueToKey("Reversed", "Name", keyData: Names("B", "A"))).Fit(data).Transform(data);
    }

    private static SchemaDefinition Schema()
    {
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Score)].AddAnnotation("SlotNames", new VBuffer<ReadOnlyMemory<char>>(2, ["A".AsMemory(), "B".AsMemory()]), new VectorDataViewType(TextDataViewType.Instance, 2));
        return schema;
    }

    private IDataView Names(params string[] names) => _ml.Data.LoadFromEnumerable(names.Select(name => new { Name = name }));
}
