// A model file that was cut or changed either loads to the same predictions or is refused with an error; never something in between.
using System.IO.Compression;
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class DamagedModelTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _backbone = new();
    private readonly MLContext _ml;
    private readonly List<Review> _rows = Reviews.Rows(8);
    private readonly float[] _scores;
    private readonly byte[] _file;

    public DamagedModelTests()
    {
        _ml = new MLContext(seed: 1) { TempFilePath = _folder.Path };
        var options = Reviews.Options(_backbone);
        (options.EmbedBackbone, options.Epochs, options.Method) = (true, 1, new DeepPrompt { Length = 2 });
        var data = _ml.Data.LoadFromEnumerable(_rows);
        using var model = Reviews.Pipeline(_ml, options).Fit(data);
        _scores = Reviews.Scores(model, _rows);
        var stream = new MemoryStream();
        _ml.Model.Save(model, data.Schema, stream);
        _file = stream.ToArray();
    }

    [Fact]
    public void The_undamaged_file_loads() => Assert.Null(LoadOrError(_file));

    [Fact]
    public void A_file_that_was_cut_short_is_refused()
    {
        int[] lengths = [0, 1, 30, _file.Length / 4, _file.Length / 2, _file.Length * 3 / 4, _file.Length - 30, _file.Length - 1];
        Assert.All(lengths, length => Assert.NotNull(LoadOrError(_file[..length])));
    }

    [Theory]
    [InlineData("Settings")]
    [InlineData("KeyValues")]
    [InlineData("Seal")]
    [InlineData("Weights")]
    [InlineData("Backbone.config.json")]
    [InlineData("Backbone.model.safetensors")]
    [InlineData("Backbone.vocab.txt")]
    public void A_changed_missing_or_shortened_stream_is_called_damage(string stream)
    {
        int length = EntryLength(stream);
        foreach (int at in new[] { 0, 1, 7, length / 3, length / 2, length - 2, length - 1 })
            RefusedAsDamaged($"byte {at}", With(stream, bytes => { bytes[at] ^= 0x10; return bytes; }));
        RefusedAsDamaged("cut by a byte", With(stream, bytes => bytes[..^1]));
        RefusedAsDamaged("longer by a byte", With(stream, bytes => [.. bytes, 0]));
        RefusedAsDamaged("empty", With(stream, _ => []));
        RefusedAsDamaged("absent", With(stream, _ => null));
    }

    [Fact]
    public void Bytes_changed_anywhere_in_the_file_are_noticed_or_make_no_difference()
    {
        var random = new Random(1);
        int refused = 0;
        for (int i = 0; i < 60; i++)
        {
            byte[] bytes = [.. _file];
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            if (LoadOrError(bytes) is not null) refused++;
        }
        Assert.True(refused > 10, $"only {refused} of 60 damaged files were noticed");
    }

    [Fact]
    public void An_embedded_file_whose_name_leads_elsewhere_is_refused()
    {
        // With a new checksum, as somebody would write it who made such a file on purpose.
        byte[] json = With("Settings", b => System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(b).Replace("vocab.txt", "../../vocab.txt")), out byte[] keys);
        string seal = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData([.. json, .. keys]));
        byte[] file = Rewrite(_file, (name, bytes) => name switch { "Settings" => json, "Seal" => System.Text.Encoding.ASCII.GetBytes(seal), _ => bytes });
        Assert.Contains("../../vocab.txt", Assert.IsType<InvalidDataException>(LoadOrError(file)).Message);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    private void RefusedAsDamaged(string how, byte[] file)
    {
        var error = LoadOrError(file);
        Assert.True(error is InvalidDataException && error.Message.Contains("damaged"), $"{how}: {error?.ToString() ?? "it loads"}");
    }

    // Loads from nowhere but the file: the folder of the backbone that was trained on is not read.
    private Exception? LoadOrError(byte[] file)
    {
        string unpacked = _folder.At("MLNet.PTuning");
        if (Directory.Exists(unpacked)) Directory.Delete(unpacked, recursive: true);
        ITransformer? model = null;
        if (LoadErrors.Of(() => model = _ml.Model.Load(new MemoryStream(file), out _)) is { } error) return error;
        using (model as IDisposable) Assert.Equal(_scores, Reviews.Scores(model!, _rows));
        return null;
    }

    private int EntryLength(string stream)
    {
        using var zip = new ZipArchive(new MemoryStream(_file));
        return (int)zip.Entries.Single(e => e.Name == stream).Length;
    }

    private byte[] With(string stream, Func<byte[], byte[]?> change) => Rewrite(_file, (name, bytes) => name == stream ? change(bytes) : bytes);

    private byte[] With(string stream, Func<byte[], byte[]> change, out byte[] keyValues)
    {
        var seen = new Dictionary<string, byte[]>();
        Rewrite(_file, (name, bytes) => seen[name] = bytes);
        keyValues = seen["KeyValues"];
        return change(seen[stream]);
    }

    private static byte[] Rewrite(byte[] file, Func<string, byte[], byte[]?> change) => ModelZip.Rewrite(file, (path, bytes) => change(Path.GetFileName(path), bytes));
}
