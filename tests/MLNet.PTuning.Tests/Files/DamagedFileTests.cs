// Ten thousand damaged copies of weights files, configurations and PEFT folders: each loads or fails with an error made for it.
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Tests.Files;

public sealed class DamagedFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void Damaged_safetensors_files_load_or_fail_cleanly()
    {
        string path = _folder.At("model.safetensors");
        SafetensorsWriter.Write(path, [Tensor("bert.embeddings.weight", 7, 3), Tensor("bert.pooler.bias", 5), Tensor("empty", 0, 4), new TensorData("half", ElementType.F16, [2, 2], new byte[8])],
            new Dictionary<string, string> { ["format"] = "pt" });
        Mutations.AllLoadOrFailCleanly("safetensors", File.ReadAllBytes(path), 3000, bytes => ReadAll(_folder.Write("model.safetensors", bytes)));
    }

    [Theory]
    [InlineData("views.bin", 2000)]
    [InlineData("module_zip64.bin", 1000)]
    [InlineData("views_old.bin", 1000)]
    public void Damaged_PyTorch_files_load_or_fail_cleanly(string name, int count) =>
        Mutations.AllLoadOrFailCleanly(name, File.ReadAllBytes(Shared.Fixture("torch", name)), count, bytes => ReadAll(_folder.Write("model.bin", bytes)));

    [Theory]
    [InlineData(LinearForm.Anonymous, ElementForm.Raw)]
    [InlineData(LinearForm.TransposeNode, ElementForm.Typed)]
    [InlineData(LinearForm.ConstantNode, ElementForm.External)]
    [InlineData(LinearForm.GemmTransposed, ElementForm.Typed)]
    public void Damaged_ONNX_models_load_or_fail_cleanly(LinearForm form, ElementForm elements)
    {
        TensorData[] tensors =
        [
            Tensor("embeddings.word_embeddings.weight", 7, 3), Tensor("query.weight", 4, 3), Tensor("query.bias", 4), Tensor("dense.weight", 3, 4), Tensor("dense.bias", 3),
            new TensorData("half", ElementType.F16, [2, 2], new byte[8]), new TensorData("double", ElementType.F64, [2], new byte[16]),
        ];
        OnnxModel.Of(tensors, form, elements).Save(_folder.At("model.onnx"));
        Mutations.AllLoadOrFailCleanly($"ONNX, {form}, {elements}", File.ReadAllBytes(_folder.At("model.onnx")), 1000, bytes =>
        {
            try
            {
                ReadAll(_folder.Write("model.onnx", bytes));
            }
            catch (NotSupportedException error)
            {
                throw new InvalidDataException(error.Message, error);
            }
        });
    }

    [Fact]
    public void Damaged_configurations_and_indices_load_or_fail_cleanly()
    {
        _folder.Write("config.json", "{}"u8);
        SafetensorsWriter.Write(_folder.At("one.safetensors"), [Tensor("a", 2), Tensor("b", 3)]);
        byte[] index = """{"metadata": {"total_size": 20}, "weight_map": {"a": "one.safetensors", "b": "one.safetensors"}}"""u8.ToArray();
        Mutations.AllLoadOrFailCleanly("index", index, 1000, bytes =>
        {
            _folder.Write("model.safetensors.index.json", bytes);
            using WeightFile weights = new ModelFolder(_folder.Path).OpenWeights();
        });
        _folder.Write("model.safetensors.index.json", index);
        byte[] config = """{"model_type": "bert", "hidden_size": 128, "layer_norm_eps": 1e-12, "id2label": {"0": "bad \u00fc", "1": "good"}, "architectures": ["BertModel"]}"""u8.ToArray();
        Mutations.AllLoadOrFailCleanly("config.json", config, 1000, bytes =>
        {
            _folder.Write("config.json", bytes);
            _ = new ModelFolder(_folder.Path).Config.ToString();
        });
    }

    [Fact]
    public void Damaged_PEFT_folders_load_or_fail_cleanly()
    {
        var config = new PeftConfig { Type = PeftType.MULTITASK_PROMPT_TUNING, VirtualTokens = 4, TokenDim = 3, Tasks = 2, Ranks = 1, ModulesToSave = ["classifier", "score"] };
        TensorData[] tensors = [Tensor(PeftAdapter.PromptName, 4, 3), Tensor(PeftAdapter.TaskColumnsName, 2, 4, 1), Tensor(PeftAdapter.TaskRowsName, 2, 1, 3), Tensor("base_model.classifier.bias", 2)];
        var adapter = new PeftAdapter(config, tensors.ToDictionary(tensor => tensor.Name)) { ClassNames = ["good", "bad \u00fc"] };
        foreach (string name in new[] { "adapter_config.json", "adapter_model.safetensors", "mlnet_ptuning.json" })
        {
            adapter.Save(_folder.Path);
            Mutations.AllLoadOrFailCleanly(name, File.ReadAllBytes(_folder.At(name)), 500, bytes =>
            {
                _folder.Write(name, bytes);
                try
                {
                    _ = PeftAdapter.Load(_folder.Path).Config.ToJson();
                }
                catch (NotSupportedException otherMethod)
                {
                    throw new InvalidDataException(otherMethod.Message, otherMethod);
                }
            });
        }
    }

    public void Dispose() => _folder.Dispose();

    private static TensorData Tensor(string name, params long[] shape) => new(name, shape, new float[TensorEntry.CountOf(shape)!.Value]);

    private static void ReadAll(string path)
    {
        using WeightFile weights = WeightFile.Open(path);
        foreach (string name in weights.Entries.Keys)
            weights.ReadFloats(name);
    }
}
