// Rows held out for validation: a fraction of the training rows, after the pipeline's earlier steps, or a view that has gone through them.
using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tests.Backbones;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class HeldOutRowsTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly MLContext _ml = new(seed: 1);

    [Theory]
    [InlineData(10, 0.2, 2)]
    [InlineData(10, 0.01, 1)]
    [InlineData(10, 0.99, 9)]
    [InlineData(2, 0.5, 1)]
    public void A_fraction_of_the_rows_is_held_out_and_each_part_keeps_their_order(int count, double fraction, int expected)
    {
        var rows = Enumerable.Range(0, count).ToList();
        for (int seed = 0; seed < 50; seed++)
        {
            var (training, heldOut) = HeldOutRows.Split(rows, fraction, seed);
            Assert.Equal(expected, heldOut!.Count);
            Assert.Equal(rows, training.Concat(heldOut).Order());
            Assert.Equal(training.Order(), training);
            Assert.Equal(heldOut.Order(), heldOut);
            Assert.Equal(heldOut, HeldOutRows.Split(rows, fraction, seed).HeldOut);
        }
        Assert.True(Enumerable.Range(0, 50).Select(seed => string.Join(' ', HeldOutRows.Split(rows, fraction, seed).HeldOut!)).Distinct().Count() > 1);
    }

    [Fact]
    public void A_classifier_is_scored_on_held_out_rows_after_the_earlier_steps()
    {
        var options = Reviews.Options(_backbone);
        (options.ValidationShare, options.TextColumnName) = (0.25, "Lower");
        using var model = _ml.Transforms.Text.NormalizeText("Lower", "Text").Append(Reviews.Pipeline(_ml, options)).Fit(_ml.Data.LoadFromEnumerable(Shouted(40)));
        var report = model.LastTransformer.LastTransformer.Report!;
        Assert.Equal(30, report.Rows);
        Assert.All(report.Epochs, e => Assert.NotNull(e.ValidationScore));
        Assert.InRange(report.Epochs[report.BestEpoch - 1].ValidationScore!.Value, 0.7, 1);
    }

    [Fact]
    public void A_labeler_is_scored_on_held_out_rows()
    {
        var options = Sentences.Options(_backbone);
        options.ValidationShare = 0.25;
        using var model = Sentences.Train(options, Sentences.Rows(48));
        Assert.Equal(36, model.Report!.Rows);
        Assert.InRange(model.Report.Epochs[model.Report.BestEpoch - 1].ValidationScore!.Value, 0.5, 1);
    }

    [Fact]
    public void Training_with_patience_ends_early_on_held_out_rows()
    {
        var options = Reviews.Options(_backbone);
        (options.ValidationShare, options.Patience, options.Epochs, options.LearningRate) = (0.25, 1, 20, 1e-9);
        using var model = Reviews.Train(options, Reviews.Rows(40));
        Assert.InRange(model.Report!.Epochs.Count, 2, 19);
    }

    [Fact]
    public void A_validation_set_that_the_earlier_steps_have_not_touched_is_warned_of()
    {
        var options = Reviews.Options(_backbone);
        (options.Epochs, options.TextColumnName, options.ValidationSet) = (1, "Lower", _ml.Data.LoadFromEnumerable(Shouted(20).Select(r => new { Lower = r.Text, r.Label })));
        Assert.Contains(Warnings(Lowered), w => w.Contains("20 of 20 texts of ValidationSet have upper-case letters"));
        // The same view through the same steps is not.
        options.ValidationSet = _ml.Transforms.Text.NormalizeText("Lower", "Text").Fit(Data(20)).Transform(Data(20));
        Assert.DoesNotContain(Warnings(Lowered), w => w.Contains("ValidationSet"));

        void Lowered() => _ml.Transforms.Text.NormalizeText("Lower", "Text").Append(Reviews.Pipeline(_ml, options)).Fit(Data(40)).Dispose();
    }

    [Fact]
    public void What_is_wrong_with_a_validation_set_names_it()
    {
        var options = Reviews.Options(_backbone);
        (options.TextColumnName, options.ValidationSet) = ("Lower", Data(8));
        string message = Assert.Throws<ArgumentException>(() => _ml.Transforms.Text.NormalizeText("Lower", "Text").Append(Reviews.Pipeline(_ml, options)).Fit(Data(16))).Message;
        Assert.Contains("ValidationSet: ", message);
        Assert.Contains("no column 'Lower'", message);
        Assert.Contains("ValidationShare", message);
    }

    public void Dispose() => _backbone.Dispose();

    private static List<Review> Shouted(int count) => [.. Reviews.Rows(count).Select(r => new Review { Text = r.Text!.ToUpperInvariant(), Label = r.Label })];

    private IDataView Data(int count) => _ml.Data.LoadFromEnumerable(Shouted(count));

    private List<string> Warnings(Action action)
    {
        var warnings = new List<string>();
        void Note(object? sender, LoggingEventArgs e)
        {
            if (e.Kind == ChannelMessageKind.Warning) warnings.Add(e.Message);
        }
        _ml.Log += Note;
        action();
        _ml.Log -= Note;
        return warnings;
    }
}
