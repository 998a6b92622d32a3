// A backbone is the same whatever files hold its weights: one, shards, PyTorch's, ONNX, and element types narrower or wider than what is computed with.
using System.Runtime.InteropServices;
using System.Text.Json;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tests.Files;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public sealed class WeightFormatTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<TensorData> _tensors;

    public WeightFormatTests()
    {
        File.Copy(Shared.Fixture("families", "distilbert", "config.json"), _folder.At("config.json"));
        string[] special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
        File.WriteAllText(_folder.At("vocab.txt"), string.Join("\n", special.Concat(Enumerable.Range(special.Length, 200 - special.Length).Select(i => $"w{i}"))));
        using var file = WeightFile.Open(Shared.Fixture("families", "distilbert", "model.safetensors"));
        _tensors = [.. file.Entries.Values.Select(entry => new TensorData(entry.Name, entry.Shape, file.ReadFloats(entry.Name)))];
    }

    [Fact]
    public void From_shards_that_an_index_names()
    {
        float[] expected = HiddenOf(_tensors);
        File.Delete(_folder.At("model.safetensors"));
        int half = _tensors.Count / 2;
        (string Name, List<TensorData> Tensors)[] shards = [("model-00001-of-00002.safetensors", _tensors[..half]), ("model-00002-of-00002.safetensors", _tensors[half..])];
        foreach (var (name, tensors) in shards) SafetensorsWriter.Write(_folder.At(name), tensors);
        var map = shards.SelectMany(s => s.Tensors.Select(t => (t.Name, s.Name))).ToDictionary(p => p.Item1, p => p.Item2);
        File.WriteAllText(_folder.At("model.safetensors.index.json"), JsonSerializer.Serialize(new { metadata = new { }, weight_map = map }));
        Assert.Equal(expected, Hidden());
    }

    [Fact]
    public void From_PyTorchs_file()
    {
        float[] expected = HiddenOf(_tensors);
        File.Delete(_folder.At("model.safetensors"));
        File.Copy(Shared.Fixture("families", "distilbert", "pytorch_model.bin"), _folder.At("pytorch_model.bin"));
        Assert.Equal(expected, Hidden());
    }

    [Fact]
    public void From_double_precision() =>
        Assert.Equal(HiddenOf(_tensors), HiddenOf(As(ElementType.F64, x => (double)x)));

    [Fact]
    public void From_half_precision() =>
        Assert.Equal(HiddenOf(Rounded(x => (float)(Half)x)), HiddenOf(As(ElementType.F16, x => (Half)x)));

    [Fact]
    public void From_brain_floats() =>
        Assert.Equal(HiddenOf(Rounded(x => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(x) & 0xFFFF0000))),
            HiddenOf(As(ElementType.BF16, x => (ushort)(BitConverter.SingleToUInt32Bits(x) >> 16))));

    [Theory]
    [MemberData(nameof(OnnxFileTests.Forms), MemberType = typeof(OnnxFileTests))]
    public void From_an_ONNX_model(LinearForm form, ElementForm elements)
    {
        float[] expected = HiddenOf(_tensors);
        File.Delete(_folder.At("model.safetensors"));
        OnnxModel.Of(_tensors, form, elements).Save(_folder.At("model.onnx"));
        Assert.Equal(expected, Hidden());
    }

    [Theory]
    [InlineData(ElementForm.Raw)]
    [InlineData(ElementForm.Typed)]
    [InlineData(ElementForm.External)]
    public void From_an_ONNX_model_of_halves(ElementForm elements)
    {
        float[] expected = HiddenOf(Rounded(x => (float)(Half)x));
        File.Delete(_folder.At("model.safetensors"));
        OnnxModel.Of(As(ElementType.F16, x => (Half)x), elements: elements).Save(_folder.At("onnx/model.onnx"));
        Assert.Equal(expected, Hidden());
    }

    public void Dispose() => _folder.Dispose();

    private IEnumerable<TensorData> As<T>(ElementType type, Func<float, T> convert) where T : unmanaged =>
        _tensors.Select(t => new TensorData(t.Name, type, t.Shape, MemoryMarshal.AsBytes(Array.ConvertAll(t.Floats.ToArray(), x => convert(x)).AsSpan()).ToArray()));

    private IEnumerable<TensorData> Rounded(Func<float, float> round) =>
        _tensors.Select(t => new TensorData(t.Name, t.Shape, Array.ConvertAll(t.Floats.ToArray(), x => round(x))));

    private float[] HiddenOf(IEnumerable<TensorData> tensors)
    {
        SafetensorsWriter.Write(_folder.At("model.safetensors"), tensors);
        return Hidden();
    }

    private float[] Hidden()
    {
        using var lease = FrozenBackbone.Use(_folder.Path, torch.CPU);
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var rows = new PackedBatch([2, 7, 9, 3, 2, 8], [0, 0, 0, 0, 0, 0], [0, 4, 6]);
        return MLNet.PTuning.Tuning.ParameterFactory.ToArray(lease.Backbone.Encoder.Forward(rows, [0, 1, 2, 3, 4, 5], PromptState.None, null));
    }
}
