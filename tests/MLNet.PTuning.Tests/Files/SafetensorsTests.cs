// Safetensors files: read exactly, written in the reference's layout, and every defect refused by name.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Tests.Files;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [SharedTheory("golden/parity")]
    [InlineData("bert-small-random")]
    [InlineData("roberta-small-random")]
    [InlineData("roberta-small-random-nopooler")]
    public void A_file_written_by_the_reference_is_written_again_byte_for_byte(string model)
    {
        string path = Shared.At("golden", "parity", model, "model.safetensors");
        using WeightFile weights = WeightFile.Open(path);
        using var copy = new MemoryStream();
        SafetensorsWriter.Write(copy, weights.Entries.Values.Select(entry => new TensorData(entry.Name, entry.Shape, weights.ReadFloats(entry.Name))), weights.Metadata);
        Assert.Equal(File.ReadAllBytes(path), copy.ToArray());
    }

    [SharedFact("golden/parity")]
    public void Integers_of_a_reference_file_are_read_as_they_are_and_as_floats()
    {
        using WeightFile file = WeightFile.Open(Shared.At("golden", "parity", "cases", "bert-small-random", "b_prefix_seqcls.safetensors"));
        long[] ids = file.ReadRaw<long>("in.input_ids");
        Assert.Equal([4, 20], file.Entries["in.input_ids"].Shape);
        Assert.Equal(101, ids[0]);
        Assert.Equal(ids.Select(id => (float)id), file.ReadFloats("in.input_ids"));
        Assert.Equal("bert-small-random", file.Metadata["model"]);
    }

    [Theory]
    [InlineData("F64")]
    [InlineData("F32")]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("I64")]
    [InlineData("I32")]
    [InlineData("I16")]
    [InlineData("I8")]
    [InlineData("U8")]
    [InlineData("BOOL")]
    public void Every_type_comes_back_as_it_was_written(string typeName)
    {
        Assert.True(ElementTypes.TryFromSafetensorsName(typeName, out ElementType type));
        // More elements than a vector holds, and not a multiple of it.
        float[] values = [.. Enumerable.Range(0, 37).Select(i => type switch
        {
            ElementType.Bool => i % 2,
            ElementType.U8 => i * 5,
            ElementType.F64 or ElementType.F32 or ElementType.F16 or ElementType.BF16 => (i - 18) * 0.25f,
            _ => (i - 18) * 3,
        })];
        byte[] bytes = [.. values.SelectMany(value => Encode(type, value))];
        string path = _folder.At("typed.safetensors");
        SafetensorsWriter.Write(path, [new TensorData("x", type, [37], bytes), new TensorData("a scalar \"ü\"", [], new float[] { 7 })]);
        using WeightFile file = WeightFile.Open(path);
        Assert.Equal(type, file.Entries["x"].Type);
        Assert.Equal(values, file.ReadFloats("x"));
        Assert.Equal([7f], file.ReadFloats("a scalar \"ü\""));
        Assert.Equal(bytes, ReadBytes(file, "x"));
    }

    [Fact]
    public void A_tensor_larger_than_a_window_is_read_in_full()
    {
        float[] values = new float[9_000_001];
        for (int i = 0; i < values.Length; i++)
            values[i] = i;
        string path = _folder.At("large.safetensors");
        SafetensorsWriter.Write(path, [new TensorData("x", [values.Length], values), new TensorData("first", ElementType.F64, [1], new byte[8])]);
        using WeightFile file = WeightFile.Open(path);
        Assert.True(values.AsSpan().SequenceEqual(file.ReadFloats("x")));
        Assert.True(values.AsSpan().SequenceEqual(file.ReadRaw<float>("x")));
    }

    [Fact]
    public void Tensors_are_laid_out_by_type_and_then_by_name_after_a_header_padded_to_eight()
    {
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream,
            [new TensorData("b", [1], new float[1]), new TensorData("z", ElementType.F64, [0], default), new TensorData("a", [1], new float[1]), new TensorData("h", ElementType.F16, [1], new byte[2])],
            new Dictionary<string, string> { ["format"] = "pt" });
        const string Expected = """{"__metadata__":{"format":"pt"},"z":{"dtype":"F64","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"h":{"dtype":"F16","shape":[1],"data_offsets":[8,10]}}""";
        byte[] bytes = stream.ToArray();
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        Assert.Equal(0, length % 8);
        Assert.Equal(Expected, Encoding.UTF8.GetString(bytes, 8, length).TrimEnd(' '));
        Assert.Equal(8 + length + 10, bytes.Length);
    }

    [Fact]
    public void Two_tensors_of_one_name_are_not_written() => Assert.Contains("'a'", Assert.Throws<ArgumentException>(() =>
        SafetensorsWriter.Write(Stream.Null, [new TensorData("a", [1], new float[1]), new TensorData("a", [2], new float[2])])).Message);

    [Fact]
    public void Values_that_do_not_fill_the_shape_are_refused() => Assert.Contains("[2, 3]", Assert.Throws<ArgumentException>(() =>
        new TensorData("a", [2, 3], new float[5])).Message);

    [Fact]
    public void An_unknown_name_or_a_wrong_length_is_refused_when_reading()
    {
        string path = _folder.At("one.safetensors");
        SafetensorsWriter.Write(path, [new TensorData("there", [2], new float[2])]);
        using WeightFile file = WeightFile.Open(path);
        Assert.Contains("'elsewhere'", Assert.Throws<KeyNotFoundException>(() => file.ReadFloats("elsewhere")).Message);
        Assert.Contains("2 elements", Assert.Throws<ArgumentException>(() => file.Read("there", new float[3])).Message);
        Assert.Contains("F32", Assert.Throws<ArgumentException>(() => file.ReadRaw<long>("there")).Message);
    }

    [Fact]
    public void A_missing_file_is_said_by_its_path()
    {
        string path = _folder.At("absent.safetensors");
        Assert.Contains(path, Assert.Throws<FileNotFoundException>(() => WeightFile.Open(path)).Message);
    }

    [Fact]
    public void Metadata_may_be_null()
    {
        const string Header = """{"__metadata__":null,"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";
        using WeightFile file = WeightFile.Open(_folder.Write("null.safetensors", [.. BitConverter.GetBytes((long)Header.Length), .. Encoding.UTF8.GetBytes(Header), .. new byte[8]]));
        Assert.Equal([0f, 0f], file.ReadFloats("x"));
        Assert.Empty(file.Metadata);
    }

    [Fact]
    public void A_header_whose_length_looks_like_text_is_read()
    {
        // 123 is '{', and 0x2020 are blanks: what tells text from a length are the bytes that follow.
        string header = Good.PadRight(0x207B);
        using WeightFile file = WeightFile.Open(_folder.Write("text.safetensors", [.. BitConverter.GetBytes((long)header.Length), .. Encoding.UTF8.GetBytes(header), .. new byte[8]]));
        Assert.Equal([0f, 0f], file.ReadFloats("x"));
    }

    private const string Good = """{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";

    [Theory]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,9]}}""", "cut short")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "bytes 8 to 0")]
    [InlineData("""{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "needs 12 bytes but claims 8")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "belong to none")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "a gap between the header and 'x'")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F16","shape":[3],"data_offsets":[2,8]}}""", "data overlap between the tensor 'x' and 'y'")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "'x' is in the header twice")]
    [InlineData("""{"x":{"dtype":"F8","shape":[8],"data_offsets":[0,8]}}""", "the type 'F8'")]
    [InlineData("""{"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "whole numbers")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}""", "whole numbers")]
    [InlineData("""{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}""", "overflows")]
    [InlineData("""{"x":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}""", "whole numbers")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4,8]}}""", "3 numbers")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2]}}""", "lacks data_offsets")]
    [InlineData("""{"x":{"shape":[2],"data_offsets":[0,8]}}""", "lacks dtype")]
    [InlineData("""{"x":{"dtype":"F32","data_offsets":[0,8]}}""", "lacks shape")]
    [InlineData("""{"x":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "given twice")]
    [InlineData("""{"x":{"dtype":1,"shape":[2],"data_offsets":[0,8]}}""", "not a string")]
    [InlineData("""{"x":[1]}""", "not an object")]
    [InlineData("""{"__metadata__":{"a":1}}""", "'a' of __metadata__ is not a string")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""", "not valid JSON")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}}""", "not valid JSON")]
    [InlineData("""[{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}]""", "begin with '{'")]
    public void A_defect_of_the_header_is_named(string header, string expected)
    {
        string path = _folder.Write("bad.safetensors", [.. BitConverter.GetBytes((long)header.Length), .. Encoding.UTF8.GetBytes(header), .. new byte[8]]);
        string message = Assert.Throws<InvalidDataException>(() => WeightFile.Open(path)).Message;
        Assert.Contains(expected, message);
        Assert.Contains(path, message);
    }

    [Theory]
    [InlineData(1_000L, "62 follow")]
    [InlineData(100_000_001L, "more than the 100000000")]
    [InlineData(-1L, "more than the 100000000")]
    [InlineData(0L, "too few")]
    public void A_wrong_header_length_is_named(long length, string expected)
    {
        string path = _folder.Write("bad.safetensors", [.. BitConverter.GetBytes(length), .. Encoding.UTF8.GetBytes(Good), .. new byte[8]]);
        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => WeightFile.Open(path)).Message);
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        byte[] whole = [.. BitConverter.GetBytes((long)Good.Length), .. Encoding.UTF8.GetBytes(Good), .. new byte[8]];
        using (WeightFile file = WeightFile.Open(_folder.Write("whole.safetensors", whole)))
            Assert.Equal([0f, 0f], file.ReadFloats("x"));
        for (int length = 0; length < whole.Length; length++)
        {
            string path = _folder.Write("cut.safetensors", whole.AsSpan(0, length));
            Assert.Throws<InvalidDataException>(() => WeightFile.Open(path));
        }
    }

    [Fact]
    public void A_file_that_becomes_shorter_while_it_is_open_is_an_error()
    {
        string path = _folder.Write("shrinking.safetensors", [.. BitConverter.GetBytes((long)Good.Length), .. Encoding.UTF8.GetBytes(Good), .. new byte[8]]);
        using WeightFile file = WeightFile.Open(path);
        if (OperatingSystem.IsWindows())
            return; // There an open file cannot be shortened at all.
        using (System.Diagnostics.Process shorten = System.Diagnostics.Process.Start("truncate", ["-s", "20", path]))
            shorten.WaitForExit();
        Assert.Contains("became shorter", Assert.Throws<InvalidDataException>(() => file.ReadFloats("x")).Message);
    }

    public void Dispose() => _folder.Dispose();

    private static byte[] ReadBytes(WeightFile file, string name) => file.Entries[name].Type.Size() switch
    {
        1 => file.ReadRaw<byte>(name),
        2 => MemoryMarshal.AsBytes<ushort>(file.ReadRaw<ushort>(name)).ToArray(),
        4 => MemoryMarshal.AsBytes<uint>(file.ReadRaw<uint>(name)).ToArray(),
        _ => MemoryMarshal.AsBytes<ulong>(file.ReadRaw<ulong>(name)).ToArray(),
    };

    private static byte[] Encode(ElementType type, float value) => type switch
    {
        ElementType.F64 => BitConverter.GetBytes((double)value),
        ElementType.F32 => BitConverter.GetBytes(value),
        ElementType.F16 => BitConverter.GetBytes((Half)value),
        ElementType.BF16 => BitConverter.GetBytes(value)[2..],
        ElementType.I64 => BitConverter.GetBytes((long)value),
        ElementType.I32 => BitConverter.GetBytes((int)value),
        ElementType.I16 => BitConverter.GetBytes((short)value),
        _ => [(byte)(int)value],
    };
}
