// Model files that a server is given from elsewhere: only the trained step is read, and its backbone only from the folders that the options name.
using System.IO.Compression;
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tests.Pipeline;

namespace MLNet.PTuning.Tests.Serving;

public sealed class ServedFileTests(TrainedTasks tasks) : IClassFixture<TrainedTasks>, IDisposable
{
    private readonly TempFolder _folder = new();

    private string ModelPath => _folder.At("model.zip");

    [Fact]
    public async Task A_backbone_is_taken_from_the_named_folders_alone()
    {
        // The file records the absolute path of a backbone that is there.
        Save(tasks.Models["SST-2"]);
        await using var none = new PromptServer(new() { BackboneFolders = [] });
        Assert.Contains("there are none", Assert.Throws<FileNotFoundException>(() => none.Add("SST-2", ModelPath)).Message);
        await using var server = new PromptServer(new() { BackboneFolders = [_folder.Path] });
        string message = Assert.Throws<FileNotFoundException>(() => server.Add("SST-2", ModelPath)).Message;
        Assert.Contains($"not in the folders where backbones may be ({_folder.Path})", message);
        Assert.Empty(server.Tasks);

        Copy(tasks.BackboneFolder, _folder.At("any-name"));
        server.Add("SST-2", ModelPath);
        Assert.NotEmpty((await server.PredictAsync("SST-2", "good")).Label);
    }

    [Fact]
    public async Task A_relative_path_does_not_lead_out_of_the_named_folders()
    {
        using var backbone = new TinyBackbone(seed: 3);
        // "../../x", as seen from the current directory.
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, backbone.Path);
        Assert.StartsWith("..", relative);
        using (var chain = tasks.Classifier("SST-2", new(relative) { Method = new DeepPrompt { Length = 2 } })) Save(chain);
        await using var anywhere = new PromptServer();
        anywhere.Add("SST-2", ModelPath);
        await using var server = new PromptServer(new() { BackboneFolders = [_folder.Path] });
        Assert.Throws<FileNotFoundException>(() => server.Add("SST-2", ModelPath));
    }

    [Fact]
    public async Task A_file_that_holds_its_backbone_is_refused_where_folders_are_named()
    {
        using var backbone = new TinyBackbone(seed: 4);
        using (var chain = tasks.Classifier("SST-2", new(backbone.Path) { Method = new DeepPrompt { Length = 2 }, EmbedBackbone = true })) Save(chain);
        await using var server = new PromptServer(new() { BackboneFolders = [Path.GetDirectoryName(backbone.Path)!] });
        Assert.Contains("EmbedBackbone", Assert.Throws<InvalidDataException>(() => server.Add("SST-2", ModelPath)).Message);
    }

    [Fact]
    public async Task Files_of_several_tasks_and_of_no_trained_step_are_refused()
    {
        await using var server = new PromptServer();
        Save(tasks.Model);
        Assert.Contains("several tasks", Assert.Throws<ArgumentException>(() => server.Add("all", ModelPath)).Message);
        var ml = tasks.Context;
        Save(ml.Transforms.Conversion.MapValueToKey("Label").Fit(tasks.Data));
        Assert.Contains("holds 0 trained models", Assert.Throws<ArgumentException>(() => server.Add("keys", ModelPath)).Message);
        Assert.Empty(server.Tasks);
    }

    [Fact]
    public async Task A_file_that_is_no_zip_or_unpacks_to_far_more_than_a_model_is_refused()
    {
        await using var server = new PromptServer();
        await File.WriteAllTextAsync(ModelPath, "no zip");
        Assert.Throws<InvalidDataException>(() => server.Add("SST-2", ModelPath));
        await using (var file = File.Create(ModelPath))
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create))
        await using (var entry = await zip.CreateEntry("TransformerChain/Model.key").OpenAsync())
            for (int i = 0; i < 80; i++) await entry.WriteAsync(new byte[1 << 20]);
        Assert.Contains("unpacks to far more", Assert.Throws<InvalidDataException>(() => server.Add("SST-2", ModelPath)).Message);
    }

    [Fact]
    public async Task A_file_whose_parts_are_together_longer_than_a_number_holds_is_refused()
    {
        using var directory = new MemoryStream();
        using (var writer = new BinaryWriter(directory))
        {
            for (int part = 0; part < 2; part++)
            {
                // An entry of the archive's directory, whose length is in a field of its own (ZIP64).
                writer.Write([0x50, 0x4B, 1, 2, 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
                writer.Write([1, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte)('a' + part), 1, 0, 8, 0]);
                writer.Write(long.MaxValue);
            }
            int length = (int)directory.Length;
            writer.Write([0x50, 0x4B, 5, 6, 0, 0, 0, 0, 2, 0, 2, 0]);
            writer.Write(length);
            writer.Write([0, 0, 0, 0, 0, 0]);
        }
        await File.WriteAllBytesAsync(ModelPath, directory.ToArray());
        await using var server = new PromptServer();
        Assert.Contains("unpacks to far more", Assert.Throws<InvalidDataException>(() => server.Add("SST-2", ModelPath)).Message);
    }

    public void Dispose() => _folder.Dispose();

    private void Save(ITransformer model) => tasks.Context.Model.SaveSafely(model, tasks.Data.Schema, ModelPath);

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }
}
