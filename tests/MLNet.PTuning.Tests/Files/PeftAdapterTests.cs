// PEFT folders: what is written satisfies a checker that knows PEFT's own layout, and what PEFT wrote is read.
using System.Diagnostics;
using System.Text;
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Tests.Files;

public sealed class PeftAdapterTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<string> Types => [.. Enum.GetNames<PeftType>()];

    [Theory]
    [MemberData(nameof(Types))]
    public void What_is_saved_is_loaded_bit_for_bit(string type)
    {
        PeftAdapter saved = Adapter(Enum.Parse<PeftType>(type));
        saved.Save(_folder.Path);
        PeftAdapter loaded = PeftAdapter.Load(_folder.Path);
        Assert.Equal(saved.Config with { ModulesToSave = null }, loaded.Config with { ModulesToSave = null });
        Assert.Equal(saved.Config.ModulesToSave, loaded.Config.ModulesToSave);
        Assert.Equal(saved.Tensors.Keys.Order(), loaded.Tensors.Keys.Order());
        foreach ((string name, TensorData tensor) in saved.Tensors)
        {
            Assert.Equal(tensor.Shape, loaded.Tensors[name].Shape);
            Assert.Equal(tensor.Floats.ToArray(), loaded.Tensors[name].Floats.ToArray());
        }
    }

    [PythonTheory]
    [MemberData(nameof(Types))]
    public void What_is_saved_satisfies_the_checker(string type)
    {
        Adapter(Enum.Parse<PeftType>(type)).Save(_folder.Path);
        (int exit, string output) = Check();
        Assert.StartsWith($"ok: {type}", output);
        Assert.Equal(0, exit);
    }

    [PythonTheory]
    [InlineData("\"inference_mode\": true", "\"inference_mode\": false", "inference_mode")]
    [InlineData("  \"token_dim\": 4", "  \"token_dim\": 6", "prompt_embeddings")]
    [InlineData("\"revision\": null,\n  ", "", "revision")]
    [InlineData("\n  ", "\n    ", "laid out")]
    [InlineData("\"score\"", "\"scores\"", "modules_to_save")]
    public void The_checker_refuses_what_PEFT_would_not_write(string before, string after, string expected)
    {
        Adapter(PeftType.PREFIX_TUNING).Save(_folder.Path);
        string path = _folder.At("adapter_config.json");
        string text = File.ReadAllText(path);
        Assert.Contains(before, text);
        File.WriteAllText(path, text.Replace(before, after, StringComparison.Ordinal));
        (int exit, string output) = Check();
        Assert.Equal(1, exit);
        Assert.Contains(expected, output);
    }

    [Fact]
    public void A_prefix_is_written_with_these_fields_in_this_order()
    {
        const string Expected = """
            {
              "auto_mapping": null,
              "base_model_name_or_path": "models/b\u00e9rt",
              "encoder_hidden_size": null,
              "inference_mode": true,
              "init_weights": null,
              "modules_to_save": [
                "classifier",
                "score"
              ],
              "num_attention_heads": 2,
              "num_layers": 3,
              "num_transformer_submodules": 1,
              "num_virtual_tokens": 5,
              "peft_type": "PREFIX_TUNING",
              "peft_version": "0.20.0",
              "prefix_projection": false,
              "revision": null,
              "task_type": "SEQ_CLS",
              "token_dim": 4
            }
            """;
        Assert.Equal(Expected.ReplaceLineEndings("\n"), Adapter(PeftType.PREFIX_TUNING).Config.ToJson());
    }

    [Fact]
    public void An_older_folder_with_unknown_fields_and_a_PyTorch_file_is_read()
    {
        File.Copy(Shared.Fixture("torch", "adapter_model.bin"), _folder.At("adapter_model.bin"));
        _folder.Write("adapter_config.json", """{"peft_type":"PROMPT_TUNING","num_virtual_tokens":3,"token_dim":2,"inference_mode":true,"a_later_field":{"x":1},"task_type":"SEQ_CLS"}"""u8);
        PeftAdapter adapter = PeftAdapter.Load(_folder.Path);
        Assert.Null(adapter.Config.PeftVersion);
        Assert.Equal([0f, 1, 2, 3, 4, 5], adapter.Tensors[PeftAdapter.PromptName].Floats.ToArray());
    }

    [Theory]
    [InlineData("""{"num_virtual_tokens":3,"token_dim":2}""", "lacks 'peft_type'")]
    [InlineData("""{"peft_type":"PROMPT_TUNING","token_dim":2}""", "lacks 'num_virtual_tokens'")]
    [InlineData("""{"peft_type":"PROMPT_TUNING","num_virtual_tokens":"3","token_dim":2}""", "'num_virtual_tokens' is \"3\"")]
    [InlineData("""{"peft_type":"PROMPT_TUNING","num_virtual_tokens":-3,"token_dim":2}""", "a whole number from 0")]
    [InlineData("""{"peft_type":"PROMPT_TUNING","num_virtual_tokens":3,"token_dim":2,"modules_to_save":[1]}""", "a list of strings")]
    [InlineData("""{"peft_type":"PROMPT_TUNING","num_virtual_tokens":3,"token_dim":2,"prefix_projection":1}""", "true or false")]
    [InlineData("""{"peft_type":"PROMPT_TUNING","num_virtual_tokens":3,"token_dim":4}""", "asks for [3, 4]")]
    [InlineData("""{"peft_type":"PREFIX_TUNING","num_virtual_tokens":3,"token_dim":2}""", "num_layers is missing")]
    [InlineData("""{"peft_type":"MULTITASK_PROMPT_TUNING","num_virtual_tokens":3,"token_dim":2}""", "lacks the tensor 'prefix_task_cols'")]
    public void A_configuration_that_does_not_fit_is_an_error(string config, string expected)
    {
        File.Copy(Shared.Fixture("torch", "adapter_model.bin"), _folder.At("adapter_model.bin"));
        _folder.Write("adapter_config.json", Encoding.UTF8.GetBytes(config));
        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => PeftAdapter.Load(_folder.Path)).Message);
    }

    [Theory]
    [InlineData("LORA")]
    [InlineData("0")]
    public void A_method_that_is_not_prompt_learning_is_not_supported(string type)
    {
        _folder.Write("adapter_config.json", Encoding.UTF8.GetBytes($$"""{"peft_type":"{{type}}","r":8,"target_modules":["query"]}"""));
        string message = Assert.Throws<NotSupportedException>(() => PeftAdapter.Load(_folder.Path)).Message;
        Assert.Contains($"of the type {type}, which is not supported; supported are PEFT's prompts: PREFIX_TUNING", message);
        Assert.Contains(_folder.Path, message);
    }

    [Fact]
    public void Names_of_classes_are_read_back_and_given_up_when_the_weights_are_others()
    {
        string[] names = ["süß", "a \"b\"\n"];
        (Adapter(PeftType.PREFIX_TUNING) with { ClassNames = names }).Save(_folder.Path);
        Assert.Equal(names, PeftAdapter.Load(_folder.Path).ClassNames);
        string weights = _folder.At("adapter_model.safetensors");
        byte[] bytes = File.ReadAllBytes(weights);
        bytes[^1] ^= 1;
        File.WriteAllBytes(weights, bytes);
        Assert.Null(PeftAdapter.Load(_folder.Path).ClassNames);
        _folder.Write("mlnet_ptuning.json", "{"u8);
        Assert.Contains("mlnet_ptuning.json", Assert.Throws<InvalidDataException>(() => PeftAdapter.Load(_folder.Path)).Message);
    }

    [Fact]
    public void What_is_missing_is_named()
    {
        Assert.Contains("absent", Assert.Throws<DirectoryNotFoundException>(() => PeftAdapter.Load(_folder.At("absent"))).Message);
        Assert.Contains("adapter_config.json", Assert.Throws<FileNotFoundException>(() => PeftAdapter.Load(_folder.Path)).Message);
        Adapter(PeftType.PREFIX_TUNING).Save(_folder.Path);
        File.Delete(_folder.At("adapter_model.safetensors"));
        Assert.Contains("adapter_model.safetensors", Assert.Throws<FileNotFoundException>(() => PeftAdapter.Load(_folder.Path)).Message);
    }

    [Fact]
    public void Tensors_that_do_not_fit_the_configuration_are_not_written()
    {
        PeftAdapter adapter = Adapter(PeftType.PREFIX_TUNING);
        string folder = _folder.At("new");
        Assert.Throws<InvalidDataException>(() => (adapter with { Config = adapter.Config with { VirtualTokens = 6 } }).Save(folder));
        Assert.False(Directory.Exists(folder));
    }

    public void Dispose() => _folder.Dispose();

    private static PeftAdapter Adapter(PeftType type)
    {
        var config = new PeftConfig
        {
            Type = type, TaskType = "SEQ_CLS", BaseModel = "models/bért", VirtualTokens = 5, TokenDim = 4, AttentionHeads = 2, Layers = 3,
            ModulesToSave = ["classifier", "score"], Tasks = 2, Ranks = 3,
        };
        if (type != PeftType.MULTITASK_PROMPT_TUNING)
            config = config with { Tasks = 1, Ranks = 1 };
        var tensors = new List<TensorData>
        {
            Tensor(PeftAdapter.PromptName, 5, type == PeftType.PREFIX_TUNING ? 24 : 4), Tensor("base_model.classifier.weight", 2, 4), Tensor("base_model.classifier.bias", 2),
        };
        if (type == PeftType.MULTITASK_PROMPT_TUNING)
            tensors.AddRange([Tensor(PeftAdapter.TaskColumnsName, 2, 5, 3), Tensor(PeftAdapter.TaskRowsName, 2, 3, 4)]);
        return new PeftAdapter(config, tensors.ToDictionary(tensor => tensor.Name));
    }

    private static TensorData Tensor(string name, params long[] shape)
    {
        var random = new Random(name.Length);
        return new TensorData(name, shape, Enumerable.Range(0, (int)TensorEntry.CountOf(shape)!.Value).Select(_ => random.NextSingle() - 0.5f).ToArray());
    }

    private (int Exit, string Output) Check()
    {
        using Process python = Process.Start(new ProcessStartInfo(PythonTheoryAttribute.Name, [Shared.Fixture("peft", "check_folder.py"), _folder.Path]) { RedirectStandardOutput = true })!;
        string output = python.StandardOutput.ReadToEnd();
        python.WaitForExit();
        return (python.ExitCode, output);
    }
}

/// <summary>A test that runs a Python script of the standard library alone; without Python it is skipped and says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PythonTheoryAttribute : TheoryAttribute
{
    public const string Name = "python3";

    public PythonTheoryAttribute() => Skip = ReasonToSkip;

    public static string? ReasonToSkip => IsThere() ? null : $"needs {Name} on the PATH, which this machine does not have";

    private static bool IsThere() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, Name)) || File.Exists(Path.Combine(folder, Name + ".exe")));
}

/// <inheritdoc cref="PythonTheoryAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PythonFactAttribute : FactAttribute
{
    public PythonFactAttribute() => Skip = PythonTheoryAttribute.ReasonToSkip;
}
