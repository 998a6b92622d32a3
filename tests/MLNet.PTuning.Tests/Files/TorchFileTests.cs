// Files of torch.save: read as PyTorch reads them, and nothing in them is ever run.
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Tests.Files;

public sealed class TorchFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData("every_type.bin")]
    [InlineData("every_type_old.bin")]
    [InlineData("views.bin")]
    [InlineData("views_old.bin")]
    [InlineData("module.bin")]
    [InlineData("module_zip64.bin")]
    public void Every_tensor_is_what_PyTorch_saved(string name)
    {
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(Shared.Fixture("torch", "expected.json")));
        JsonElement tensors = expected.RootElement.GetProperty(name);
        using WeightFile file = WeightFile.Open(Shared.Fixture("torch", name));
        Assert.Equal(tensors.EnumerateObject().Select(tensor => tensor.Name).Order(), file.Entries.Keys.Order());
        foreach (JsonProperty tensor in tensors.EnumerateObject())
        {
            Assert.Equal(tensor.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()), file.Entries[tensor.Name].Shape);
            Assert.Equal(tensor.Value.GetProperty("values").EnumerateArray().Select(value => value.GetSingle()), file.ReadFloats(tensor.Name));
        }
    }

    [Fact]
    public void Element_types_are_kept()
    {
        using WeightFile file = WeightFile.Open(Shared.Fixture("torch", "every_type.bin"));
        Assert.All(file.Entries.Values, entry => Assert.Equal(entry.Name, entry.Type.SafetensorsName()));
        using WeightFile views = WeightFile.Open(Shared.Fixture("torch", "views.bin"));
        Assert.Equal([0L, 1, 2, 3, 4, 5], views.ReadRaw<long>("position_ids"));
        Assert.Equal([0f, 12, 4, 16], views.ReadRaw<float>("transposed")[..4]);
    }

    [Theory]
    [InlineData("malicious.bin", "system")]
    [InlineData("malicious_old.bin", "system")]
    [InlineData("whole_module.bin", "torch.nn.modules.linear.Linear")]
    public void A_name_outside_the_short_list_is_refused_and_nothing_is_run(string name, string expected)
    {
        string message = Assert.Throws<InvalidDataException>(() => WeightFile.Open(Shared.Fixture("torch", name))).Message;
        Assert.Contains(expected, message);
        Assert.Contains("nothing of it was run", message);
        Assert.False(File.Exists("executed-by-a-pickle"));
    }

    [Theory]
    [InlineData("cSystem.Diagnostics.Process\nStart\n.", "System.Diagnostics.Process.Start")]
    [InlineData("c__builtin__\neval\n(X\u0001\0\0\01tR.", "__builtin__.eval")]
    [InlineData("\u008c\u0002os\u008c\u0006system\u0093.", "os.system")]
    [InlineData("(S'touch x'\nios\nsystem\n.", "0x53")]
    [InlineData("ctorch\nFloatStorage\n)\u0081.", "0x81")]
    [InlineData("ctorch\nFloatStorage\n)R.", "arguments that do not fit")]
    [InlineData("ccollections\nOrderedDict\n(K\u0001tR.", "arguments that do not fit")]
    [InlineData("K\u0001.", "no dictionary")]
    [InlineData("}K\u0001K\u0002s.", "no tensors")]
    [InlineData("}K\u0001b.", null)]
    [InlineData("K\u0001N b.", "0x20")]
    [InlineData("K\u0001Nb.", "something other than a dictionary")]
    [InlineData("}]K\u0001s.", "neither text nor a number")]
    [InlineData("]K\u0001K\u0002s.", "other than a dictionary")]
    [InlineData("}K\u0001a.", "other than a list")]
    [InlineData("t.", "a mark is missing")]
    [InlineData("h\u0005.", "before it is made")]
    [InlineData("\u0086.", "a value is missing")]
    [InlineData("X\u00ff\u00ff\u00ff\u007fabc.", "2147483647 bytes are needed")]
    [InlineData("\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ffabc.", "bytes are needed")]
    [InlineData("\u008a\u000a0123456789.", "more than 64 bits")]
    [InlineData("cos", "bytes are needed")]
    [InlineData("}", "bytes are needed")]
    public void A_pickle_that_is_not_of_plain_tensors_is_refused(string pickle, string? expected)
    {
        string path = Archive(("archive/data.pkl", Encoding.Latin1.GetBytes(pickle)));
        if (expected is null)
        {
            using WeightFile file = WeightFile.Open(path);
            Assert.Empty(file.Entries);
            return;
        }
        string message = Assert.Throws<InvalidDataException>(() => WeightFile.Open(path)).Message;
        Assert.Contains(expected, message);
        Assert.Contains(path, message);
    }

    [Theory]
    [InlineData(4, 0, "4", "1", null)]
    [InlineData(4, 1, "4", "1", "beyond its storage")]
    [InlineData(4, 0, "5", "1", "larger than its storage")]
    [InlineData(4, 0, "2,2", "3,1", "beyond its storage")]
    [InlineData(4, 0, "4,1000000", "1,0", "larger than its storage")]
    [InlineData(4, 0, "2", "9223372036854775807", "beyond its storage")]
    [InlineData(4, 0, "4294967296,4294967296", "1,1", "overflows")]
    [InlineData(4, 0, "-1", "1", "overflows")]
    [InlineData(4, 0, "4", "-1", "whole numbers")]
    [InlineData(4, 0, "2,2", "1", "differ in their count")]
    [InlineData(4, -1, "2", "1", "whole numbers")]
    [InlineData(5, 0, "4", "1", "needs 20 bytes")]
    [InlineData(-1, 0, "4", "1", "describes a storage")]
    public void A_view_that_does_not_fit_its_storage_is_refused(long count, long offset, string shape, string strides, string? expected)
    {
        var pickle = new MemoryStream();
        void Put(string text) => pickle.Write(Encoding.Latin1.GetBytes(text));
        void PutNumber(long number) => pickle.Write([0x8a, 8, .. BitConverter.GetBytes(number)]);
        void PutTuple(string numbers)
        {
            Put("(");
            foreach (string number in numbers.Split(','))
                PutNumber(long.Parse(number, System.Globalization.CultureInfo.InvariantCulture));
            Put("t");
        }
        Put("}\u008c\u0001xctorch._utils\n_rebuild_tensor_v2\n((\u008c\u0007storagectorch\nFloatStorage\n\u008c\u00010\u008c\u0003cpu");
        PutNumber(count);
        Put("tQ");
        PutNumber(offset);
        PutTuple(shape);
        PutTuple(strides);
        Put("tRs.");
        string path = Archive(("a/data.pkl", pickle.ToArray()), ("a/data/0", new byte[16]));
        if (expected is null)
        {
            using WeightFile file = WeightFile.Open(path);
            Assert.Equal(new float[4], file.ReadFloats("x"));
            return;
        }
        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => WeightFile.Open(path)).Message);
    }

    [Theory]
    [InlineData("state_dict")]
    [InlineData("model_state_dict")]
    [InlineData("model")]
    public void The_state_dict_of_a_training_programs_checkpoint_is_found(string name)
    {
        string tensor = "ctorch._utils\n_rebuild_tensor_v2\n((\u008c\u0007storagectorch\nFloatStorage\n\u008c\u00010\u008c\u0003cpuK\u0002tQK\u0000K\u0002\u0085K\u0001\u0085tR";
        string pickle = $"}}\u008c\u0005epochK\u0003s\u008c{(char)name.Length}{name}}}\u008c\u0001x{tensor}ss.";
        using WeightFile file = WeightFile.Open(Archive(("a/data.pkl", Encoding.Latin1.GetBytes(pickle)), ("a/data/0", new byte[8])));
        Assert.Equal([0f, 0f], file.ReadFloats("x"));
    }

    [Fact]
    public void A_view_that_repeats_its_elements_is_refused() => Assert.Contains("[1000, 1000]",
        Assert.Throws<InvalidDataException>(() => WeightFile.Open(Shared.Fixture("torch", "expanded.bin"))).Message);

    [Fact]
    public void An_archive_of_something_else_is_refused()
    {
        Assert.Contains("0 entries", Assert.Throws<InvalidDataException>(() => WeightFile.Open(Archive(("TrainingInfo/Version.txt", "5"u8.ToArray())))).Message);
        Assert.Contains("big-endian", Assert.Throws<InvalidDataException>(() => WeightFile.Open(Archive(("a/data.pkl", "}."u8.ToArray()), ("a/byteorder", "big"u8.ToArray())))).Message);
    }

    [Fact]
    public void A_compressed_entry_is_refused_by_name()
    {
        string path = _folder.At("compressed.bin");
        using (ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            using Stream entry = zip.CreateEntry("a/data.pkl", CompressionLevel.Optimal).Open();
            entry.Write(new byte[100]);
        }
        Assert.Contains("'a/data.pkl' is compressed", Assert.Throws<InvalidDataException>(() => WeightFile.Open(path)).Message);
    }

    [Theory]
    [InlineData("module.bin")]
    [InlineData("module_zip64.bin")]
    [InlineData("views_old.bin")]
    public void A_file_cut_anywhere_is_refused(string name)
    {
        byte[] whole = File.ReadAllBytes(Shared.Fixture("torch", name));
        for (int length = 0; length < whole.Length; length += 7)
        {
            string path = _folder.Write("cut.bin", whole.AsSpan(0, length));
            Assert.Throws<InvalidDataException>(() => WeightFile.Open(path));
        }
    }

    [Fact]
    public void A_Git_LFS_pointer_is_called_by_its_name() => Assert.Contains("git lfs pull", Assert.Throws<InvalidDataException>(() =>
        WeightFile.Open(_folder.Write("pytorch_model.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"u8))).Message);

    public void Dispose() => _folder.Dispose();

    private string Archive(params (string Name, byte[] Bytes)[] entries)
    {
        string path = _folder.At($"{Guid.NewGuid():N}.bin");
        using ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach ((string name, byte[] bytes) in entries)
        {
            using Stream entry = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
            entry.Write(bytes);
        }
        return path;
    }
}
