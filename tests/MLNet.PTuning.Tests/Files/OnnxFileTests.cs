// The weights of ONNX models: found through the graph by the names that PyTorch has for them, in every form that exporters write, and refused by name where they are not there.
using System.Runtime.InteropServices;
using Google.Protobuf;
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Tests.Files;

public sealed class OnnxFileTests : IDisposable
{
    private static readonly TensorData Weight = new("", [2, 3], new float[] { 1, 2, 3, 4, 5, 6 }), Bias = new("", [2], new float[] { 7, 8 });

    private readonly TempFolder _folder = new();

    public static IEnumerable<object[]> Forms => from form in Enum.GetValues<LinearForm>() from elements in Enum.GetValues<ElementForm>() select new object[] { form, elements };

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_linear_layers_matrix_has_its_name_and_shape_in_PyTorch(LinearForm form, ElementForm elements)
    {
        using WeightFile file = Open(new OnnxModel { Elements = elements }.Linear(form, "encoder.query", Weight, Bias));
        Assert.Equal([2, 3], file.Entries["encoder.query.weight"].Shape);
        Assert.Equal([1f, 2, 3, 4, 5, 6], file.ReadFloats("encoder.query.weight"));
        Assert.Equal([7f, 8], file.ReadFloats("encoder.query.bias"));
    }

    [Fact]
    public void A_large_matrix_is_transposed_as_a_small_one_is()
    {
        var values = Enumerable.Range(0, 150 * 131).Select(i => (float)i).ToArray();
        using WeightFile file = Open(new OnnxModel().Linear(LinearForm.Anonymous, "wide", new TensorData("", [150, 131], values), new TensorData("", [150], new float[150])));
        Assert.Equal(values, file.ReadFloats("wide.weight"));
    }

    [Theory]
    [InlineData("F32", ElementForm.Raw)]
    [InlineData("F32", ElementForm.Typed)]
    [InlineData("F16", ElementForm.Raw)]
    [InlineData("F16", ElementForm.Typed)]
    [InlineData("F16", ElementForm.External)]
    [InlineData("BF16", ElementForm.Raw)]
    [InlineData("BF16", ElementForm.Typed)]
    [InlineData("F64", ElementForm.Raw)]
    [InlineData("F64", ElementForm.Typed)]
    public void Every_type_and_form_of_elements_is_read(string typeName, ElementForm form)
    {
        var type = Enum.Parse<ElementType>(typeName);
        float[] values = [0, 1, -2.5f, 1024, -0.125f, 96];
        byte[] bytes = type switch
        {
            ElementType.F32 => MemoryMarshal.AsBytes(values.AsSpan()).ToArray(),
            ElementType.F64 => MemoryMarshal.AsBytes(Array.ConvertAll(values, x => (double)x).AsSpan()).ToArray(),
            ElementType.F16 => MemoryMarshal.AsBytes(Array.ConvertAll(values, x => (Half)x).AsSpan()).ToArray(),
            _ => MemoryMarshal.AsBytes(Array.ConvertAll(values, x => (ushort)(BitConverter.SingleToUInt32Bits(x) >> 16)).AsSpan()).ToArray(),
        };
        var model = new OnnxModel { Elements = form };
        model.Initializer(model.Tensor("x", new TensorData("", type, [3, 2], bytes)));
        model.Linear(LinearForm.Anonymous, "linear", new TensorData("", type, [2, 3], bytes), Bias);
        using WeightFile file = Open(model);
        Assert.Equal(type, file.Entries["x"].Type);
        Assert.Equal(values, file.ReadFloats("x"));
        Assert.Equal(values, file.ReadFloats("linear.weight"));
    }

    [Fact]
    public void A_name_that_Identity_gives_to_another_tensor_is_known()
    {
        var model = new OnnxModel().Node("Identity", ["a.LayerNorm.bias"], ["b.LayerNorm.bias"]);
        model.Initializer(model.Tensor("a.LayerNorm.bias", Bias));
        using WeightFile file = Open(model);
        Assert.Equal([7f, 8], file.ReadFloats("b.LayerNorm.bias"));
    }

    [Fact]
    public void Layers_that_share_a_matrix_may_hold_it_once_each()
    {
        var model = new OnnxModel().Linear(LinearForm.Anonymous, "shared", Weight, Bias);
        model.Initializer(model.Tensor("again", OnnxModel.Transposed(Weight))).Node("MatMul", ["y", "again"], ["p"]).Node("Add", ["p", "shared.bias"], ["s"]);
        using WeightFile file = Open(model);
        Assert.Equal([1f, 2, 3, 4, 5, 6], file.ReadFloats("shared.weight"));
    }

    [Fact]
    public void Two_matrices_with_one_bias_are_refused_by_name()
    {
        var model = new OnnxModel().Linear(LinearForm.Anonymous, "shared", Weight, Bias);
        model.Initializer(model.Tensor("other", new TensorData("", [3, 2], new float[] { 1, 2, 3, 4, 5, 6 }))).Node("MatMul", ["y", "other"], ["p"]).Node("Add", ["p", "shared.bias"], ["s"]);
        Refuses<InvalidDataException>(model, "'shared.weight'", "MatMul '/MatMul_0'", "MatMul '/MatMul_2'");
    }

    [Fact]
    public void A_scaled_product_gives_no_name()
    {
        var model = new OnnxModel().Node("Gemm", ["x", "w", "a.bias"], ["s"], "", OnnxModel.Single("alpha", 0.5f));
        model.Initializer(model.Tensor("w", Weight)).Initializer(model.Tensor("a.bias", Bias));
        using WeightFile file = Open(model);
        Assert.DoesNotContain("a.weight", file.Entries.Keys);
        Assert.Contains("'w' of Gemm '/Gemm_0'", file.Hint);
    }

    [Fact]
    public void Empty_and_scalar_tensors_are_read()
    {
        var model = new OnnxModel();
        model.Initializer(model.Tensor("scalar", new TensorData("", [], new float[] { 5 }))).Initializer(model.Tensor("empty", new TensorData("", [0, 4], Array.Empty<float>())));
        model.Initializer(OnnxModel.TensorProto("without", OnnxModel.Float, [0], _ => { }));
        using WeightFile file = Open(model);
        Assert.Equal([5f], file.ReadFloats("scalar"));
        Assert.Empty(file.ReadFloats("empty"));
        Assert.Empty(file.ReadFloats("without"));
    }

    [Theory]
    [InlineData("DynamicQuantizeLinear", "")]
    [InlineData("DequantizeLinear", "")]
    [InlineData("MatMulInteger", "")]
    [InlineData("QLinearMatMul", "")]
    [InlineData("QAttention", "com.microsoft")]
    [InlineData("MatMulNBits", "com.microsoft")]
    public void A_quantized_graph_is_refused_by_its_node(string type, string domain) =>
        Refuses<NotSupportedException>(new OnnxModel().Node(type, ["x"], ["y"], domain), "quantized", type, "/" + type, "safetensors");

    [Fact]
    public void A_matrix_of_bytes_is_refused_as_quantized() =>
        Refuses<NotSupportedException>(new OnnxModel().Initializer(OnnxModel.TensorProto("w_quantized", OnnxModel.Int8, [2, 2], writer => OnnxModel.Bytes(writer, 9, new byte[4]))),
            "quantized", "'w_quantized'", "safetensors");

    [Theory]
    [InlineData("Attention")]
    [InlineData("SkipLayerNormalization")]
    [InlineData("EmbedLayerNormalization")]
    public void An_optimized_graph_is_refused_by_its_node(string type) =>
        Refuses<NotSupportedException>(new OnnxModel().Node(type, ["x", "qkv"], ["y"], "com.microsoft"), "optimized", $"com.microsoft.{type} '/{type}_0'", "optimum-cli export onnx");

    [Theory]
    [InlineData(new long[] { 3 }, "needs 12 bytes but has 8")]
    [InlineData(new long[] { -2 }, "[-2]")]
    [InlineData(new long[] { 1L << 60 }, "overflows")]
    [InlineData(new long[] { 1L << 31, 1L << 31, 0 }, "needs 0 bytes but has 8")]
    [InlineData(new long[] { 1L << 32, 1L << 32 }, "overflows")]
    public void A_shape_that_its_bytes_do_not_fit_is_refused_by_the_tensors_name(long[] shape, string expected) =>
        Refuses<InvalidDataException>(new OnnxModel().Initializer(OnnxModel.TensorProto("odd", OnnxModel.Float, shape, writer => OnnxModel.Bytes(writer, 9, new byte[8]))), "'odd'", expected);

    [Fact]
    public void Halves_that_are_too_few_or_too_wide_are_refused_by_the_tensors_name()
    {
        foreach (int[] halves in new int[][] { [1, 2, 3], [1, 1 << 16], [-1, 2] })
        {
            using WeightFile file = Open(new OnnxModel().Initializer(OnnxModel.TensorProto("odd", OnnxModel.Half, [2], writer =>
                OnnxModel.Bytes(writer, 5, OnnxModel.Message(packed => { foreach (int half in halves) packed.WriteInt32(half); })))));
            Assert.Contains("'odd'", Assert.Throws<InvalidDataException>(() => file.ReadFloats("odd")).Message);
        }
    }

    [Fact]
    public void A_tensor_that_is_twice_in_the_graph_is_refused_by_its_name()
    {
        var model = new OnnxModel();
        Refuses<InvalidDataException>(model.Initializer(model.Tensor("same", Bias)).Initializer(model.Tensor("same", Bias)), "'same'", "twice");
    }

    [Fact]
    public void Nodes_that_go_round_in_a_circle_name_nothing()
    {
        var model = new OnnxModel().Node("Identity", ["b"], ["a"]).Node("Identity", ["a"], ["b"]).Node("MatMul", ["x", "a"], ["p"]).Node("Add", ["p", "c.bias"], ["p"]);
        using WeightFile file = Open(model.Initializer(model.Tensor("c.bias", Bias)));
        Assert.Equal(["c.bias"], file.Entries.Keys);
    }

    [Fact]
    public void A_file_without_a_graph_or_of_another_kind_is_refused()
    {
        foreach (byte[] bytes in new byte[][] { [], [8, 1], "version https://git-lfs.github.com/spec/v1"u8.ToArray(), "<html>"u8.ToArray(), [0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], [0x3b, 0x3c], new byte[64] })
        {
            string path = _folder.Write("model.onnx", bytes);
            Assert.Contains(path, Assert.Throws<InvalidDataException>(() => WeightFile.Open(path)).Message);
        }
    }

    [Fact]
    public void Claims_beyond_any_transformers_are_refused_before_they_fill_the_memory()
    {
        byte[] nodes = new byte[2 * ((1 << 17) + 1)];
        for (int i = 0; i < nodes.Length; i += 2) nodes[i] = 1 << 3 | (int)WireFormat.WireType.LengthDelimited;
        string path = _folder.Write("model.onnx", OnnxModel.Message(model => OnnxModel.Bytes(model, 7, nodes)));
        Assert.Contains("nodes", Assert.Throws<InvalidDataException>(() => WeightFile.Open(path)).Message);
        Refuses<InvalidDataException>(new OnnxModel().Initializer(OnnxModel.TensorProto("deep", OnnxModel.Float, [.. Enumerable.Repeat(1L, 64)], _ => { })), "dimensions");
        Refuses<InvalidDataException>(new OnnxModel().Node(new string('x', 1 << 15), [], []), "bytes is longer than");
    }

    [Theory]
    [InlineData("../secret", "not the name of a file")]
    [InlineData("/etc/passwd", "not the name of a file")]
    [InlineData("sub/data", "not the name of a file")]
    [InlineData("C:\\data", "not the name of a file")]
    [InlineData("", "not the name of a file")]
    [InlineData("..", "not the name of a file")]
    [InlineData("link", "link out of")]
    public void A_location_outside_the_models_folder_is_refused(string location, string expected)
    {
        using var elsewhere = new TempFolder();
        if (location == "link") File.CreateSymbolicLink(_folder.At("link"), elsewhere.Write("data", new byte[8]));
        Refuses<InvalidDataException>(External(("location", location)), "'far'", expected);
    }

    [Fact]
    public void Links_into_one_folder_are_followed_as_in_Hugging_Faces_cache()
    {
        using var blobs = new TempFolder();
        File.WriteAllBytes(blobs.At("a1"), External(("location", "model.onnx_data")).ToBytes());
        blobs.Write("b2", new byte[8]);
        File.CreateSymbolicLink(_folder.At("model.onnx"), blobs.At("a1"));
        File.CreateSymbolicLink(_folder.At("model.onnx_data"), blobs.At("b2"));
        using WeightFile file = WeightFile.Open(_folder.At("model.onnx"));
        Assert.Equal([0f, 0], file.ReadFloats("far"));
    }

    [Fact]
    public void A_missing_file_of_external_data_is_named() =>
        Assert.Contains("gone.data", Assert.Throws<FileNotFoundException>(() => Open(External(("location", "gone.data")))).Message);

    [Theory]
    [InlineData("4", "8")]
    [InlineData("0", "9")]
    [InlineData("9223372036854775807", "8")]
    [InlineData("8", "9223372036854775807")]
    [InlineData("-4", "8")]
    [InlineData("0", "eight")]
    [InlineData("4", "4")]
    public void A_range_that_the_external_file_does_not_have_or_the_shape_does_not_need_is_refused(string offset, string length)
    {
        _folder.Write("data", new byte[8]);
        Refuses<InvalidDataException>(External(("location", "data"), ("offset", offset), ("length", length)), "'far'");
    }

    [Fact]
    public void External_data_without_a_range_is_the_whole_file()
    {
        _folder.Write("data", MemoryMarshal.AsBytes<float>([3, 4]));
        using WeightFile file = Open(External(("location", "data")));
        Assert.Equal([3f, 4], file.ReadFloats("far"));
    }

    public void Dispose() => _folder.Dispose();

    private static OnnxModel External(params (string, string)[] location) =>
        new OnnxModel().Initializer(OnnxModel.TensorProto("far", OnnxModel.Float, [2], writer => OnnxModel.External(writer, location)));

    private WeightFile Open(OnnxModel model) => WeightFile.Open(model.Save(_folder.At("model.onnx")));

    private void Refuses<T>(OnnxModel model, params string[] expected) where T : Exception
    {
        string message = Assert.Throws<T>(() => Open(model).Dispose()).Message;
        Assert.All(expected.Append(_folder.At("model.onnx")), part => Assert.Contains(part, message));
    }
}
