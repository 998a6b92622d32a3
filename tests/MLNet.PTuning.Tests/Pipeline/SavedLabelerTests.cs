// A saved labeler gives the same labels after loading, with all its settings.
using Microsoft.ML;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class SavedLabelerTests(TrainedLabeler model) : IClassFixture<TrainedLabeler>, IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void A_loaded_labeler_gives_the_same_labels_scores_and_entities()
    {
        model.Context.Model.Save(model.Chain, model.Data.Schema, _folder.At("model.zip"));
        var loaded = new MLContext().Model.Load(_folder.At("model.zip"), out var schema);
        using var owned = (IDisposable)loaded;
        Assert.Equal(model.Data.Schema.Select(c => (c.Name, c.Type)), schema.Select(c => (c.Name, c.Type)));
        string[] columns = ["PredictedLabel", "Score", "EntityType", "EntityText", "EntityStart", "EntityEnd", "EntityProbability", "WordStart", "WordEnd"];
        Assert.Equal(Values.Rows(model.Chain.Transform(model.Data), columns), Values.Rows(loaded.Transform(model.Data), columns));
        var labeler = ((IEnumerable<ITransformer>)loaded).OfType<PTuningTokenLabelingTransformer>().Single();
        Assert.Equal(model.Labeler.ClassNames, labeler.ClassNames);
        Assert.Equal(TagScheme.Iob2, labeler.Scheme);
        Assert.IsType<FullFineTuning>(labeler.Method);
        Assert.Equal(model.Labeler.Report!.Epochs, labeler.Report!.Epochs);
    }

    [Fact]
    public void Settings_that_change_predictions_are_saved()
    {
        using var backbone = new TinyBackbone();
        var options = Sentences.Options(backbone);
        (options.Constrained, options.WindowOverlap, options.MaxSequenceLength, options.PredicateColumnName, options.Epochs) = (true, 3, 8, "Predicate", 1);
        options.Method = new DeepPrompt { Length = 4 };
        using var trained = Sentences.Train(options, model.Rows);
        model.Context.Model.Save(trained, model.Data.Schema, _folder.At("model.zip"));
        using var loaded = (PTuningTokenLabelingTransformer)new MLContext().Model.Load(_folder.At("model.zip"), out _);
        Assert.Equal(Values.Rows(trained.Transform(model.Data), "PredictedLabel", "Score"), Values.Rows(loaded.Transform(model.Data), "PredictedLabel", "Score"));
        Assert.Contains("'Predicate'", Assert.Throws<ArgumentException>(() => loaded.Transform(model.Context.Data.LoadFromEnumerable([new { Words = new[] { "a" } }]))).Message);
    }

    [Fact]
    public void Settings_of_a_file_from_before_there_were_splittings_and_units_have_what_was_used_then()
    {
        var settings = System.Text.Json.JsonSerializer.Deserialize<LabelingSettings>("""{"Scheme":4,"Constrained":true,"WindowOverlap":32,"Entities":false,"WordOffsets":true}""")!;
        Assert.Equal(new LabelingSettings(TagScheme.Bmes, true, 32, false, true, null, WordSplitting.Punctuation, OffsetUnit.Utf16), settings);
    }

    [Fact]
    public void A_new_process_that_registers_nothing_labels_plain_text_the_same()
    {
        using var backbone = new TinyBackbone();
        var options = Sentences.Options(backbone);
        (options.WordsColumnName, options.LabelColumnName, options.Method, options.Epochs) = ("Text", "Spans", new DeepPrompt { Length = 4 }, 1);
        var ml = new MLContext(seed: 1);
        using var trained = ml.Transforms.PTuningV2LabelTokens(options).Fit(ml.Data.LoadFromEnumerable(model.Rows));
        ml.Model.Save(trained, ml.Data.LoadFromEnumerable(model.Rows).Schema, _folder.At("model.zip"));
        var expected = OtherProcess.Lines(Sentences.Predict<LabeledSentence>(trained, model.Rows).Select(p => p.Score));
        Assert.Equal(expected, OtherProcess.Predict(_folder.At("model.zip"), model.Rows.Select(r => r.Text)));
    }

    public void Dispose() => _folder.Dispose();
}
