// Models of several tasks in one file: each task once, an embedded backbone once, and what is damaged is refused.
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class SavedByTaskTests(TrainedTasks tasks) : IClassFixture<TrainedTasks>, IDisposable
{
    private static readonly string[] Columns = ["PredictedLabel", "Score", "SST-2.PredictedLabel", "MRPC.Score", "NER.EntityText"];

    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = tasks.Context;

    [Fact]
    public void A_loaded_model_predicts_the_same_to_the_last_bit()
    {
        var expected = Values.Rows(tasks.Model.Transform(tasks.Data), Columns);
        _ml.Model.SaveSafely(tasks.Model, tasks.Data.Schema, _folder.At("tasks.zip"));
        using var loaded = Assert.IsType<PTuningByTaskTransformer>(_ml.Model.Load(_folder.At("tasks.zip"), out var schema));
        Assert.Contains("Task", schema.Select(c => c.Name));
        Assert.Equal(expected, Values.Rows(loaded.Transform(tasks.Data), Columns));
        Assert.Equal(tasks.Model.Transformers.Keys, loaded.Transformers.Keys);
        Assert.Equal(tasks.Model.GetOutputSchema(tasks.Data.Schema).Select(c => (c.Name, c.Type)), loaded.GetOutputSchema(tasks.Data.Schema).Select(c => (c.Name, c.Type)));
        Assert.DoesNotContain(ModelZip.Paths(File.ReadAllBytes(_folder.At("tasks.zip"))), path => path.Contains("Backbone."));
    }

    [Fact]
    public void It_is_saved_as_a_step_of_a_chain_with_its_settings()
    {
        using var chain = _ml.Transforms.CopyColumns("Kind", "Task").Append(_ml.Transforms.PTuningV2ByTask("Kind", tasks.Models, "Guess", "Sure", UnknownTask.Missing)).Fit(tasks.Data);
        var rows = _ml.Data.LoadFromEnumerable(tasks.Rows.Append(new TaskText { Task = "MNLI" }));
        _ml.Model.Save(chain, tasks.Data.Schema, _folder.At("chain.zip"));
        var loaded = _ml.Model.Load(_folder.At("chain.zip"), out _);
        using (loaded as IDisposable) Assert.Equal(Values.Rows(chain.Transform(rows), "Guess", "Sure"), Values.Rows(loaded.Transform(rows), "Guess", "Sure"));
    }

    [Fact]
    public void An_embedded_backbone_is_in_the_file_once_for_all_tasks_on_it()
    {
        var (file, expected) = Embedded();
        // The second task has not asked for it, but is on the same backbone.
        Assert.Equal(["Task_000/Backbone.model.safetensors", "Task_002/Backbone.model.safetensors"], ModelZip.Paths(file).Where(p => p.EndsWith(".safetensors")).Select(p => p[p.IndexOf("Task_")..]));
        byte[] again;
        using (var loaded = Load(file))
        {
            Assert.Equal(expected, Values.Rows(loaded.Transform(tasks.Data), "Score"));
            var stream = new MemoryStream();
            _ml.Model.Save(loaded, null, stream);
            again = stream.ToArray();
            // A task's own transformer has it too.
            stream = new MemoryStream();
            _ml.Model.Save(((PTuningByTaskTransformer)loaded).Transformers["MRPC"], null, stream);
            Assert.Single(ModelZip.Paths(stream.ToArray()), p => p.EndsWith(".safetensors"));
        }
        Assert.Equal(ModelZip.Paths(file).Order(), ModelZip.Paths(again).Order());
        using (var loaded = Load(again)) Assert.Equal(expected, Values.Rows(loaded.Transform(tasks.Data), "Score"));
    }

    [Fact]
    public void What_is_changed_or_missing_in_the_file_is_called_damage()
    {
        var (file, _) = Embedded();
        string[] paths = [.. ModelZip.Paths(file).Where(p => Path.GetFileName(p) is "Settings" or "Seal" or "KeyValues" or "Weights" or "Backbone.vocab.txt" or "Backbone.model.safetensors")];
        Assert.Equal(2 + 4 * 4 + 2 * 2, paths.Length);
        foreach (string path in paths)
        {
            Refused(path, bytes => [.. bytes[..^1], (byte)(bytes[^1] ^ 1)]);
            Refused(path, _ => null);
        }
        foreach (int length in new[] { 0, 30, file.Length / 2, file.Length - 1 }) Assert.NotNull(LoadErrors.Of(() => Load(file[..length])));
        foreach (string path in ModelZip.Paths(file).Where(p => p.EndsWith("Model.key"))) Assert.NotNull(LoadErrors.Of(() => Load(ModelZip.Rewrite(file, (p, bytes) => p == path ? null : bytes))));

        void Refused(string changed, Func<byte[], byte[]?> change)
        {
            var error = LoadErrors.Of(() => Load(ModelZip.Rewrite(file, (path, bytes) => path == changed ? change(bytes) : bytes)));
            Assert.True(error is InvalidDataException && error.Message.Contains("damaged"), $"{changed}: {error?.ToString() ?? "it loads"}");
        }
    }

    [Fact]
    public void A_backbone_that_changed_since_training_is_found_before_any_file_is_touched()
    {
        using var backbone = new TinyBackbone(seed: 3);
        using var chain = tasks.Classifier("SST-2", new(backbone.Path) { Method = new DeepPrompt { Length = 2 }, EmbedBackbone = true });
        using var model = _ml.Transforms.PTuningV2ByTask("Task", new Dictionary<string, ITransformer> { ["NER"] = tasks.Models["NER"], ["SST-2"] = chain }).Fit(tasks.Data);
        backbone.SetConfig("layer_norm_eps", 1e-3);
        Assert.Contains(backbone.Path, Assert.Throws<IOException>(() => _ml.Model.SaveSafely(model, null, _folder.At("tasks.zip"))).Message);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
        Assert.Contains(backbone.Path, Assert.Throws<IOException>(() => _ml.Transforms.PTuningV2ByTask("Task", new Dictionary<string, ITransformer> { ["SST-2"] = chain }).Fit(tasks.Data)).Message);
    }

    public void Dispose() => _folder.Dispose();

    // A file of four tasks on two backbones, whose folders are gone, and the scores of all rows.
    private (byte[] File, List<string[]> Expected) Embedded()
    {
        using var first = new TinyBackbone(seed: 4);
        using var second = new TinyBackbone(seed: 5);
        using var sst2 = tasks.Classifier("SST-2", new(first.Path) { Method = new DeepPrompt { Length = 2 }, EmbedBackbone = true });
        using var mrpc = tasks.Classifier("MRPC", new(first.Path) { Method = new DeepPrompt { Length = 3 }, TextPairColumnName = "Other" });
        using var wic = tasks.Classifier("WiC", new(second.Path) { Method = new DeepPrompt { Length = 2 }, EmbedBackbone = true });
        using var ner = tasks.Labeler(new(second.Path) { Method = new DeepPrompt { Length = 2 }, EmbedBackbone = true });
        using var model = _ml.Transforms.PTuningV2ByTask("Task", new Dictionary<string, ITransformer> { ["SST-2"] = sst2, ["MRPC"] = mrpc, ["WiC"] = wic, ["NER"] = ner }).Fit(tasks.Data);
        var stream = new MemoryStream();
        _ml.Model.Save(model, null, stream);
        return (stream.ToArray(), Values.Rows(model.Transform(tasks.Data), "Score"));
    }

    // Loads from nowhere but the file.
    private PTuningByTaskTransformer Load(byte[] file)
    {
        string unpacked = _folder.At("MLNet.PTuning");
        if (Directory.Exists(unpacked)) Directory.Delete(unpacked, recursive: true);
        return (PTuningByTaskTransformer)new MLContext { TempFilePath = _folder.Path }.Model.Load(new MemoryStream(file), out _);
    }
}
