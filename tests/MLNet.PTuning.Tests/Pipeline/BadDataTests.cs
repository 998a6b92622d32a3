// Data that cannot be learned from is refused with an error that names the column, the row's fault, and what to do.
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class BadDataTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly MLContext _ml = new(seed: 1);

    [Theory]
    [InlineData("Absent", "'Absent'", "it has ")]
    [InlineData("Number", "'Number'", "not text")]
    [InlineData("Three", "'Three'", "not text")]
    [InlineData("Tags", "'Tags'", "not text")]
    public void A_text_column_that_is_absent_or_no_text_is_named(string column, params string[] named)
    {
        var options = Reviews.Options(_backbone);
        options.TextColumnName = column;
        RefusedByPipelineAndByFit(options, Reviews.Rows(8), named);
    }

    [Fact]
    public void A_second_text_column_that_is_no_text_is_named()
    {
        var options = Reviews.Options(_backbone);
        options.TextPairColumnName = "Number";
        RefusedByPipelineAndByFit(options, Reviews.Rows(8), "'Number'", "not text");
    }

    [Fact]
    public void A_float_column_given_as_text_to_a_trained_model_is_named_when_it_transforms()
    {
        using var model = Reviews.Train(Reviews.Options(_backbone), Reviews.Rows(8));
        var data = _ml.Data.LoadFromEnumerable([new { Text = float.NaN }]);
        Mentions(Assert.Throws<ArgumentException>(() => model.Transform(data)), "'Text'", "not text");
        Mentions(Assert.Throws<ArgumentException>(() => model.GetOutputSchema(data.Schema)), "'Text'", "not text");
    }

    [Fact]
    public void A_label_that_is_no_key_says_to_add_MapValueToKey()
    {
        var classify = _ml.Transforms.PTuningV2Classify(Reviews.Options(_backbone));
        var data = _ml.Data.LoadFromEnumerable(Reviews.Rows(8));
        Mentions(Assert.Throws<ArgumentException>(() => classify.Fit(data)), "'Label'", "MapValueToKey(\"Label\")");
        Mentions(Assert.Throws<ArgumentException>(() => _ml.Transforms.CopyColumns("Copy", "Text").Append(classify).Fit(data)), "'Label'", "MapValueToKey(\"Label\")");
    }

    [Fact]
    public void A_label_of_several_keys_a_row_is_named()
    {
        var options = Reviews.Options(_backbone);
        options.LabelColumnName = "Tags";
        RefusedByPipelineAndByFit(options, Reviews.Rows(8), "'Tags'");
    }

    [Fact]
    public void An_absent_label_column_is_named()
    {
        var options = Reviews.Options(_backbone);
        options.LabelColumnName = "Absent";
        var classify = _ml.Transforms.PTuningV2Classify(options);
        var data = _ml.Data.LoadFromEnumerable(Reviews.Rows(8));
        Mentions(Assert.Throws<ArgumentException>(() => classify.Fit(data)), "'Absent'", "Label");
        Mentions(Assert.Throws<ArgumentException>(() => _ml.Transforms.CopyColumns("Copy", "Text").Append(classify).Fit(data)), "'Absent'");
    }

    [Fact]
    public void An_empty_training_set_is_refused() => Mentions(Refused(Reviews.Options(_backbone), []), "'Label'", "no rows");

    [Fact]
    public void Rows_without_any_label_are_refused() => Mentions(Refused(Reviews.Options(_backbone), Unlabeled(4)), "None of the 4 training rows has a label", "'Label'");

    [Fact]
    public void Rows_without_any_label_under_keys_of_other_rows_are_refused()
    {
        var keys = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(_ml.Data.LoadFromEnumerable(Reviews.Rows(4)));
        var data = keys.Transform(_ml.Data.LoadFromEnumerable(Unlabeled(4)));
        Mentions(Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2Classify(Reviews.Options(_backbone)).Fit(data)), "None of the 4 training rows has a label");
    }

    [Fact]
    public void A_training_set_of_one_class_is_refused_by_the_classs_name() => Mentions(Refused(Reviews.Options(_backbone), Reviews.Rows(6, classes: 1)), "'positive'", "two classes");

    [Fact]
    public void A_validation_label_that_no_training_row_has_is_named()
    {
        var options = Reviews.Options(_backbone);
        options.ValidationSet = _ml.Data.LoadFromEnumerable(Reviews.Rows(6, classes: 3));
        Mentions(Refused(options, Reviews.Rows(8)), "'strange'", "positive, negative");
    }

    [Fact]
    public void A_validation_key_that_no_training_row_has_is_named()
    {
        var options = Reviews.Options(_backbone);
        var rows = _ml.Data.LoadFromEnumerable(Reviews.Rows(6, classes: 3));
        options.ValidationSet = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(rows).Transform(rows);
        Mentions(Refused(options, Reviews.Rows(8)), "'strange'", "positive, negative");
    }

    [Fact]
    public void A_validation_set_without_rows_or_without_the_columns_is_refused()
    {
        var options = Reviews.Options(_backbone);
        options.ValidationSet = _ml.Data.LoadFromEnumerable(Array.Empty<Review>());
        Mentions(Refused(options, Reviews.Rows(8)), "validation set");
        options.ValidationSet = _ml.Data.LoadFromEnumerable([new { Text = "good" }]);
        Mentions(Refused(options, Reviews.Rows(8)), "'Label'", "Text");
        options.ValidationSet = _ml.Data.LoadFromEnumerable([new { Label = "positive" }]);
        Mentions(Refused(options, Reviews.Rows(8)), "'Text'", "Label");
    }

    [Fact]
    public void Class_weights_that_are_not_one_a_class_are_counted()
    {
        var options = Reviews.Options(_backbone);
        options.ClassWeights = [1, 2, 3];
        Mentions(Refused(options, Reviews.Rows(8)), "3 values for 2 classes", "positive, negative");
    }

    [Theory]
    [InlineData(TinyBackbone.Positions, null)]
    [InlineData(TinyBackbone.Positions - 2, null)]
    [InlineData(30, 11)]
    public void A_prompt_that_leaves_too_few_positions_is_refused(int length, int? maxSequenceLength)
    {
        var options = Reviews.Options(_backbone);
        options.Method = new DeepPrompt { Length = length };
        options.MaxSequenceLength = maxSequenceLength;
        Mentions(Refused(options, Reviews.Rows(8)), $"rompt length {length}", $"{TinyBackbone.Positions} positions", maxSequenceLength is null ? "shorten the prompt" : "MaxSequenceLength to at most 10");
    }

    [Fact]
    public void A_row_that_a_long_prompt_leaves_no_room_for_is_refused_unless_a_length_is_chosen()
    {
        var options = Reviews.Options(_backbone);
        options.Method = new DeepPrompt { Length = 32 };
        options.Epochs = 1;
        var rows = Reviews.Rows(8).Append(new Review { Text = "good film good film good film", Label = "positive" });
        Mentions(Refused(options, rows), "Prompt length 32", "MaxSequenceLength");
        options.MaxSequenceLength = 8;
        Reviews.Train(options, rows).Dispose();
    }

    [Fact]
    public void Null_empty_and_endless_texts_are_learned_from_and_predicted()
    {
        string endless = string.Concat(Enumerable.Repeat("good ", 20_000));
        Review[] odd = [new() { Text = null, Label = "positive" }, new() { Text = "", Label = "negative" }, new() { Text = endless, Label = "positive" }, new() { Text = new string('x', 100_000), Label = "negative" }];
        using var model = Reviews.Train(Reviews.Options(_backbone), Reviews.Rows(8).Concat(odd));
        var predicted = Reviews.Predict(model, odd);
        Assert.Equal(4, predicted.Count);
        Assert.All(predicted, p => Assert.Equal(1, p.Score.Sum(), 1e-4));
        // No text is no text, however it is written.
        Assert.Equal(predicted[0].Score, predicted[1].Score);
    }

    public void Dispose() => _backbone.Dispose();

    private static IEnumerable<Review> Unlabeled(int count) => Reviews.Rows(count).Select(r => new Review { Text = r.Text });

    private ArgumentException Refused(TextClassificationOptions options, IEnumerable<Review> rows) =>
        Assert.Throws<ArgumentException>(() => Reviews.Pipeline(_ml, options).Fit(_ml.Data.LoadFromEnumerable(rows)));

    // A chain asks for the output schema first; an estimator may also be fitted by itself.
    private void RefusedByPipelineAndByFit(TextClassificationOptions options, IEnumerable<Review> rows, params string[] named)
    {
        Mentions(Refused(options, rows), named);
        var data = _ml.Data.LoadFromEnumerable(rows);
        var keyed = _ml.Transforms.Conversion.MapValueToKey(options.LabelColumnName).Fit(data).Transform(data);
        Mentions(Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2Classify(options).Fit(keyed)), named);
    }

    private static void Mentions(Exception error, params string[] named) => Assert.All(named, n => Assert.Contains(n, error.Message));
}
