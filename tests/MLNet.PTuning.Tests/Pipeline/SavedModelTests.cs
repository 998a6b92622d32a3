// A saved model predicts the same after loading: in the process that saved it, in a new one, with its backbone in a folder or in the file.
using System.IO.Compression;
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class SavedModelTests(TrainedModel model) : IClassFixture<TrainedModel>, IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void A_loaded_model_predicts_the_same_to_the_last_bit()
    {
        using var loaded = Load(Save(model.Chain));
        Assert.Equal(Reviews.Scores(model.Chain, model.Rows), Reviews.Scores(loaded.Model, model.Rows));
    }

    [Fact]
    public void A_new_process_that_registers_nothing_predicts_the_same_to_the_last_bit()
    {
        string path = Save(model.Chain);
        var expected = OtherProcess.Lines(Reviews.Predict(model.Chain, model.Rows).Select(p => p.Score));
        Assert.Equal(expected, OtherProcess.Predict(path, model.Rows.Select(r => r.Text!)));
    }

    [Fact]
    public void A_loaded_model_keeps_its_report_classes_method_and_schema()
    {
        using var loaded = Load(Save(model.Chain));
        var classifier = ((IEnumerable<ITransformer>)loaded.Model).OfType<PTuningClassificationTransformer>().Single();
        Assert.Equal(model.Classifier.ClassNames, classifier.ClassNames);
        Assert.Equal(4, Assert.IsType<DeepPrompt>(classifier.Method).Length);
        Assert.Equal(model.BackboneFolder, classifier.BackboneFolder);
        Assert.Equal(model.Classifier.Report!.Epochs, classifier.Report!.Epochs);
        Assert.Equal(model.Classifier.Report.TrainedParameters, classifier.Report.TrainedParameters);
        Assert.Contains("Text", loaded.InputSchema.Select(c => c.Name));
    }

    [Fact]
    public void A_loaded_model_can_be_saved_again()
    {
        string first = Save(model.Chain), second = _folder.At("again.zip");
        using (var loaded = Load(first)) model.Context.Model.Save(loaded.Model, loaded.InputSchema, second);
        using var again = Load(second);
        Assert.Equal(Reviews.Scores(model.Chain, model.Rows), Reviews.Scores(again.Model, model.Rows));
    }

    [Fact]
    public void The_file_holds_what_was_trained_and_not_the_backbone()
    {
        using var zip = ZipFile.OpenRead(Save(model.Chain));
        long weights = zip.Entries.Single(e => e.Name == "Weights").Length;
        Assert.InRange(weights, model.Classifier.Report!.TrainedParameters * 4, model.Classifier.Report.TrainedParameters * 4 + 1000);
        Assert.DoesNotContain(zip.Entries, e => e.Name.StartsWith("Backbone."));
    }

    [Fact]
    public void Every_tuning_method_and_head_loads_to_the_same_predictions()
    {
        foreach (TuningMethod method in new TuningMethod[] { new DeepPrompt { Length = 3, Reparameterize = true, EncoderHiddenSize = 8 }, new HeadOnly(), new FullFineTuning() })
            foreach (bool hasPooler in new[] { true, false })
            {
                using var backbone = new TinyBackbone(hasPooler: hasPooler);
                var options = Reviews.Options(backbone);
                (options.Method, options.Epochs) = (method, 1);
                using var trained = Reviews.Train(options, Reviews.Rows(16));
                using var loaded = Load(Save(trained));
                Assert.Equal(Reviews.Scores(trained, model.Rows), Reviews.Scores(loaded.Model, model.Rows));
            }
    }

    [Fact]
    public void An_embedded_backbone_needs_no_folder()
    {
        var backbone = new TinyBackbone(seed: 2);
        var options = Reviews.Options(backbone);
        (options.EmbedBackbone, options.Epochs) = (true, 1);
        float[] expected;
        string path;
        using (var trained = Reviews.Train(options, model.Rows))
        {
            expected = Reviews.Scores(trained, model.Rows);
            path = Save(trained);
        }
        backbone.Dispose();
        using (var loaded = Load(path)) Assert.Equal(expected, Reviews.Scores(loaded.Model, model.Rows));

        // Unpacked files are reused, and replaced where they are damaged.
        string unpacked = Directory.GetDirectories(_folder.At("MLNet.PTuning")).Single();
        var unpackedAt = File.GetLastWriteTimeUtc(Path.Combine(unpacked, "model.safetensors"));
        using (Load(path)) Assert.Equal(unpackedAt, File.GetLastWriteTimeUtc(Path.Combine(unpacked, "model.safetensors")));
        File.WriteAllText(Path.Combine(unpacked, "vocab.txt"), string.Join('\n', TinyBackbone.Vocabulary.Reverse()));
        using (var loaded = Load(path)) Assert.Equal(expected, Reviews.Scores(loaded.Model, model.Rows));
        File.Delete(Path.Combine(unpacked, "config.json"));
        using (var loaded = Load(path)) Assert.Equal(expected, Reviews.Scores(loaded.Model, model.Rows));
        // And a loaded model still contains it.
        string again;
        using (var loaded = Load(path)) again = Save(loaded.Model, "again.zip");
        Directory.Delete(unpacked, recursive: true);
        using (var loaded = Load(again)) Assert.Equal(expected, Reviews.Scores(loaded.Model, model.Rows));
    }

    [Fact]
    public void A_backbone_that_changed_since_training_is_not_embedded()
    {
        using var backbone = new TinyBackbone(seed: 3);
        var options = Reviews.Options(backbone);
        (options.EmbedBackbone, options.Epochs) = (true, 1);
        using var trained = Reviews.Train(options, model.Rows);
        backbone.SetConfig("layer_norm_eps", 1e-3);
        Assert.Contains(backbone.Path, Assert.Throws<IOException>(() => Save(trained)).Message);
    }

    public void Dispose() => _folder.Dispose();

    private string Save(ITransformer trained, string name = "model.zip")
    {
        model.Context.Model.Save(trained, model.Data.Schema, _folder.At(name));
        return _folder.At(name);
    }

    private LoadedModel Load(string path)
    {
        var loaded = new MLContext { TempFilePath = _folder.Path }.Model.Load(path, out var schema);
        return new LoadedModel(loaded, schema);
    }

    private sealed record LoadedModel(ITransformer Model, DataViewSchema InputSchema) : IDisposable
    {
        public void Dispose() => (Model as IDisposable)?.Dispose();
    }
}
