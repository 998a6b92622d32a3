// What the estimator promises is what its transformer gives: columns, types, keys and annotations.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tests.Backbones;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class SchemaTests(TrainedModel model) : IClassFixture<TrainedModel>
{
    [Theory]
    [InlineData("Label", "PredictedLabel", "Score")]
    [InlineData("Number", "PredictedLabel", "Score")]
    [InlineData("When", "Guess", "Probabilities")]
    public void The_promised_schema_is_the_one_that_the_transformer_gives(string label, string predictedLabel, string score)
    {
        using var backbone = new TinyBackbone();
        var options = Reviews.Options(backbone);
        (options.LabelColumnName, options.PredictedLabelColumnName, options.ScoreColumnName, options.Epochs) = (label, predictedLabel, score, 1);
        var promised = new ShapeSpy();
        var ml = new MLContext(seed: 1);
        var data = ml.Data.LoadFromEnumerable(Reviews.Rows(8));
        using var chain = Reviews.Pipeline(ml, options).Append(promised).Fit(data);
        Assert.Equal(ShapeSpy.Described(ShapeSpy.ShapeOf(ml, chain.Transform(data))), ShapeSpy.Described(promised.Seen!));
    }

    [Fact]
    public void Score_is_a_vector_of_probabilities_whose_slots_are_named_after_the_classes()
    {
        var score = model.Classifier.Transform(model.Data).Schema["Score"];
        Assert.Equal(new VectorDataViewType(NumberDataViewType.Single, 2), score.Type);
        Assert.Equal(["positive", "negative"], Annotation(score, "SlotNames"));
        Assert.Equal(["positive", "negative"], Annotation(score, "TrainingLabelValues"));
        Assert.Equal(["positive", "negative"], model.Classifier.ClassNames);
    }

    [Fact]
    public void PredictedLabel_is_a_key_with_the_labels_key_values()
    {
        var predicted = model.Classifier.Transform(model.Data).Schema["PredictedLabel"];
        Assert.Equal(new KeyDataViewType(typeof(uint), 2), predicted.Type);
        Assert.Equal(["positive", "negative"], Annotation(predicted, "KeyValues"));
    }

    [Fact]
    public void Key_values_keep_their_own_type()
    {
        using var backbone = new TinyBackbone();
        var options = Reviews.Options(backbone);
        (options.LabelColumnName, options.Epochs) = ("When", 1);
        var ml = new MLContext(seed: 1);
        var rows = Reviews.Rows(4);
        var data = ml.Data.LoadFromEnumerable(rows);
        using var chain = Reviews.Pipeline(ml, options).Append(ml.Transforms.Conversion.MapKeyToValue("Day", "PredictedLabel")).Fit(data);
        VBuffer<DateTime> values = default;
        chain.Transform(data).Schema["PredictedLabel"].Annotations.GetValue("KeyValues", ref values);
        Assert.Equal(rows.Select(r => r.When), values.DenseValues());
        Assert.Equal(DateTimeDataViewType.Instance, chain.Transform(data).Schema["Day"].Type);
    }

    [Fact]
    public void Added_columns_come_last_and_hide_older_ones_of_their_names()
    {
        var once = model.Classifier.Transform(model.Data);
        var twice = model.Classifier.Transform(once);
        Assert.Equal(once.Schema.Select(c => c.Name).Concat(["PredictedLabel", "Score"]), twice.Schema.Select(c => c.Name));
        Assert.True(once.Schema["Score"].Index < twice.Schema["Score"].Index);
        Assert.Equal(Values.Rows(once, "Score"), Values.Rows(twice, "Score"));
    }

    [Fact]
    public void The_output_schema_is_known_without_data()
    {
        var schema = model.Classifier.GetOutputSchema(model.Data.Schema);
        Assert.Equal(model.Classifier.Transform(model.Data).Schema.Select(c => (c.Name, c.Type)), schema.Select(c => (c.Name, c.Type)));
    }

    private static IEnumerable<string> Annotation(DataViewSchema.Column column, string name)
    {
        VBuffer<ReadOnlyMemory<char>> values = default;
        column.Annotations.GetValue(name, ref values);
        return values.DenseValues().Select(v => v.ToString());
    }
}
