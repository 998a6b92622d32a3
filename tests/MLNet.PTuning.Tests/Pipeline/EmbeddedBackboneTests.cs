// A backbone inside a model file is unpacked into a private folder of the user, once for all processes, and what prevents that is named in the error.
using System.Diagnostics;
using System.Runtime.Versioning;
using Microsoft.ML;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class EmbeddedBackboneTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<Review> _rows = Reviews.Rows(8);
    private readonly string[] _expected;
    private readonly string[] _texts;

    public EmbeddedBackboneTests()
    {
        _texts = [.. _rows.Select(r => r.Text!)];
        _expected = TrainAndSave(ModelPath, seed: 1);
    }

    private string ModelPath => _folder.At("model.zip");

    private string Backbones => _folder.At("data/MLNet.PTuning/backbones");

    [LinuxFact]
    [UnsupportedOSPlatform("windows")]
    public void It_is_in_the_user_s_folder_closed_to_other_users_and_later_processes_find_it()
    {
        Assert.Equal(_expected, OtherProcess.Predict(ModelPath, _texts, WithOwnFolders));
        string unpacked = Assert.Single(Directory.GetDirectories(Backbones));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Backbones));
        string weights = Path.Combine(unpacked, "model.safetensors");
        var unpackedAt = File.GetLastWriteTimeUtc(weights);

        File.SetUnixFileMode(Backbones, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite);
        Assert.Equal(_expected, OtherProcess.Predict(ModelPath, _texts, WithOwnFolders));
        Assert.Equal(unpackedAt, File.GetLastWriteTimeUtc(weights));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Backbones));

        // A changed file is not used.
        byte[] changed = File.ReadAllBytes(weights);
        changed[^1] ^= 1;
        File.WriteAllBytes(weights, changed);
        Assert.Equal(_expected, OtherProcess.Predict(ModelPath, _texts, WithOwnFolders));
        Assert.NotEqual(changed, File.ReadAllBytes(weights));
        Assert.Equal([unpacked], Directory.GetFileSystemEntries(Backbones));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.At("tmp")));
    }

    [LinuxFact]
    public async Task Two_processes_at_once_unpack_it_once()
    {
        var both = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => OtherProcess.Predict(ModelPath, _texts, WithOwnFolders))));
        Assert.All(both, lines => Assert.Equal(_expected, lines));
        Assert.Single(Directory.GetFileSystemEntries(Backbones));
    }

    [LinuxFact]
    public void Where_the_user_has_no_folder_the_process_has_one_until_it_ends()
    {
        // A path in which nobody, an administrator included, can make a folder.
        File.WriteAllText(_folder.At("data"), "");
        Assert.Equal(_expected, OtherProcess.Predict(ModelPath, _texts, WithOwnFolders));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.At("tmp")));
    }

    [SecondUserFact]
    [UnsupportedOSPlatform("windows")]
    public void Another_user_of_the_machine_loads_it_too()
    {
        // The first user has a backbone unpacked already; the second brings another one.
        string[] expected = TrainAndSave(_folder.At("other.zip"), seed: 2);
        Assert.Equal(_expected, OtherProcess.Predict(ModelPath, _texts, start => start.Environment["XDG_DATA_HOME"] = _folder.At("data")));
        File.SetUnixFileMode(_folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        Assert.Equal(expected, OtherProcess.Predict(_folder.At("other.zip"), _texts, SecondUserFactAttribute.Become));
    }

    [Fact]
    public void Every_folder_that_cannot_be_used_is_named()
    {
        File.WriteAllText(_folder.At("first"), "");
        File.WriteAllText(_folder.At("second"), "");
        string[] folders = [_folder.At("first/MLNet.PTuning"), _folder.At("second/MLNet.PTuning")];
        string message = Assert.Throws<IOException>(() => EmbeddedBackbone.Extract(new() { ["config.json"] = "" }, folders, (_, _) => false)).Message;
        Assert.All(folders, folder => Assert.Contains(folder, message));
        Assert.Contains("MLContext.TempFilePath", message);
    }

    [Fact]
    public void What_is_saved_of_a_loaded_model_names_the_backbone_and_not_where_it_was_unpacked()
    {
        var ml = new MLContext { TempFilePath = _folder.Path };
        var model = (PTuningClassificationTransformer)ml.Model.Load(ModelPath, out _);
        using (model)
        {
            Assert.StartsWith(_folder.Path, model.BackboneFolder);
            PeftFolder.Save(model, _folder.At("adapter"));
        }
        Assert.DoesNotContain(_folder.Path, PeftFolder.Load(_folder.At("adapter")).BaseModel);
    }

    public void Dispose() => _folder.Dispose();

    // A model with its backbone inside, and the scores that it gives.
    private string[] TrainAndSave(string path, int seed)
    {
        using var backbone = new TinyBackbone(seed);
        var options = Reviews.Options(backbone);
        (options.EmbedBackbone, options.Epochs) = (true, 1);
        using var model = Reviews.Train(options, _rows);
        new MLContext().Model.SaveSafely(model, null, path);
        return [.. OtherProcess.Lines(Reviews.Predict(model, _rows).Select(p => p.Score))];
    }

    private void WithOwnFolders(ProcessStartInfo start)
    {
        Directory.CreateDirectory(_folder.At("tmp"));
        (start.Environment["XDG_DATA_HOME"], start.Environment["TMPDIR"]) = (_folder.At("data"), _folder.At("tmp"));
    }
}

/// <summary>A test of where Linux keeps a user's files.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute() => Skip = OperatingSystem.IsLinux() ? null : "needs Linux";
}

/// <summary>A test that starts a process of another user, which the administrator alone may.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SecondUserFactAttribute : FactAttribute
{
    private static readonly string[] Options = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];

    public SecondUserFactAttribute() => Skip = IsPossible() ? null : "needs Linux, an administrator, and another user who may read the program";

    /// <summary>Has a process run as a user that has no home.</summary>
    public static void Become(ProcessStartInfo start)
    {
        string[] command = [start.FileName, .. start.ArgumentList];
        start.FileName = "setpriv";
        start.ArgumentList.Clear();
        foreach (string argument in Options.Concat(command)) start.ArgumentList.Add(argument);
        foreach (string name in new[] { "HOME", "XDG_DATA_HOME", "TMPDIR" }) start.Environment.Remove(name);
    }

    private static bool IsPossible()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess) return false;
        var start = new ProcessStartInfo("test", ["-r", Path.Combine(OtherProcess.ProgramFolder, "LoadModel.dll")]);
        Become(start);
        try
        {
            using var process = Process.Start(start)!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
