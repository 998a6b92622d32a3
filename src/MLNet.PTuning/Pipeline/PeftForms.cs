// Which tuning method corresponds to which of PEFT's types, and the conversion of their tensors.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Pipeline;

/// <summary>Conversion between PEFT's adapters and this library's prompts.</summary>
internal static class PeftForms
{
    /// <exception cref="ArgumentOutOfRangeException">The adapter has no such task.</exception>
    /// <exception cref="NotSupportedException">It is for a model that is no encoder.</exception>
    public static PeftFolder Read(string folder, PeftAdapter adapter, int task)
    {
        var config = adapter.Config;
        if (config.Submodules != 1) throw new NotSupportedException($"{folder} is for a model of {config.Submodules} transformers; supported are encoders, which are one.");
        if (config.VirtualTokens < 1) throw new InvalidDataException($"{folder} has a prompt of {config.VirtualTokens} vectors; a prompt has at least 1.");
        if (PeftHead.OtherModule(adapter.Tensors.Keys) is { } other)
            throw new NotSupportedException($"{folder} holds a module of the backbone that was trained too ('{other}'), which is not supported: of modules_to_save, heads and poolers are.");
        var tensors = PeftHead.Read(adapter.Tensors, folder);
        var prompt = config.Type == PeftType.MULTITASK_PROMPT_TUNING ? OfTask(folder, adapter, task) : adapter.Tensors[PeftAdapter.PromptName];
        TuningMethod method = config.Type == PeftType.PREFIX_TUNING ? new DeepPrompt { Length = config.VirtualTokens }
            // The transformers library's classes for classification read position 0, which is the prompt's first vector; those of decoders read the last one, whatever this says.
            : new SoftPrompt { Length = config.VirtualTokens, PoolsFirstVector = config.TaskType is not (PeftHead.Labeling or PeftHead.Answering or PeftHead.Writing) };
        string name = method is DeepPrompt ? PrefixTable.Name : VectorTuner.Name;
        tensors[name] = PeftFolder.Renamed(prompt, name);
        return new PeftFolder(folder, method, config.TaskType, config.BaseModel, tensors) { ClassNames = adapter.ClassNames ?? PeftHead.ClassesOf(adapter.Tensors.Keys), Config = config };
    }

    /// <exception cref="NotSupportedException">PEFT has no form for the method or the head.</exception>
    public static PeftAdapter Write(TrainedPrompt prompt)
    {
        using var use = prompt.Model.Use();
        var (model, method, task) = (use.Model!, prompt.Settings.Method, prompt.Settings.TaskType);
        if (prompt.Settings.Pooling == Pooling.Mean)
            throw new NotSupportedException("PEFT wraps Python's classes, whose classification head reads the first token; a head that reads the mean over tokens (Pooling) has no form there.");
        if (prompt.Settings.Spans is not null)
            throw new NotSupportedException("PEFT wraps Python's classes, whose classification head reads the first token alone; a head that reads spans (Spans) has no form there.");
        var trained = model.Trained();
        bool writes = task == PeftHead.Writing;
        if (!writes && !trained.ContainsKey(LinearHead.Weight)) throw new NotSupportedException("PEFT has no form for a verbalizer; a classification head can be written.");
        var config = model.Backbone.Config;
        var (modules, tensors) = writes ? (null, []) : PeftHead.Write(trained, model.Backbone, task);
        var form = FormOf(method, readsFirst: task == PeftHead.Classification && !prompt.Model.IsCausal) with
        {
            TaskType = task,
            BaseModel = prompt.Settings.BackboneFolder,
            TokenDim = method is SoftPrompt ? config.HiddenSize : config.KeyValueWidth,
            Layers = config.LayerCount,
            AttentionHeads = method is SoftPrompt ? config.HeadCount : config.KeyValueHeads,
            ModulesToSave = modules,
        };
        if (form.Type == PeftType.PROMPT_TUNING && config.EmbeddingSize != config.HiddenSize)
            throw new NotSupportedException($"PEFT's PROMPT_TUNING has vectors of the hidden size {config.HiddenSize}; this backbone's embeddings have {config.EmbeddingSize}.");
        tensors[PeftAdapter.PromptName] = PeftFolder.Renamed(trained[form.Type == PeftType.PROMPT_TUNING ? VectorTuner.Name : PrefixTable.Name], PeftAdapter.PromptName);
        return new PeftAdapter(form, tensors) { ClassNames = writes ? null : prompt.ClassNames };
    }

    /// <summary>A task's adapter, with the low-rank factors of all tasks that were trained together.</summary>
    /// <exception cref="NotSupportedException">PEFT has no form for the method or the head.</exception>
    /// <exception cref="ObjectDisposedException">A task's model was disposed, which keeps only the product of its factors.</exception>
    public static PeftAdapter WriteTasks(TrainedPrompt prompt, IReadOnlyList<TunedModel> tasks)
    {
        if (tasks.Any(task => task.Parameters.All(parameter => parameter.Name != PeftAdapter.TaskColumnsName)))
            throw new ObjectDisposedException(nameof(MultiTaskModel), "The multi-task model, or one of its transformers, was disposed, and the factors of its tasks are no longer in memory; save it before it is disposed.");
        var alone = Write(prompt);
        TensorData shared = tasks[0].ValueOf(PeftAdapter.PromptName), columns = Stacked(PeftAdapter.TaskColumnsName), rows = Stacked(PeftAdapter.TaskRowsName);
        var tensors = new Dictionary<string, TensorData>(alone.Tensors) { [shared.Name] = shared, [columns.Name] = columns, [rows.Name] = rows };
        return alone with { Config = alone.Config with { Type = PeftType.MULTITASK_PROMPT_TUNING, Tasks = tasks.Count, Ranks = (int)columns.Shape[2] }, Tensors = tensors };

        TensorData Stacked(string name)
        {
            var factors = tasks.Select(task => task.ValueOf(name)).ToList();
            return new TensorData(name, [tasks.Count, .. factors[0].Shape], factors.SelectMany(factor => factor.Floats.ToArray()).ToArray());
        }
    }

    private static PeftConfig FormOf(TuningMethod method, bool readsFirst) => method switch
    {
        DeepPrompt deep => new PeftConfig
        {
            Type = PeftType.PREFIX_TUNING, VirtualTokens = deep.Length, TokenDim = 0,
            PrefixProjection = deep.Reparameterize, EncoderHiddenSize = deep.Reparameterize ? deep.EncoderHiddenSize : null,
        },
        PrefixTuning prefix => new PeftConfig { Type = PeftType.PREFIX_TUNING, VirtualTokens = prefix.Length, TokenDim = 0, PrefixProjection = true, EncoderHiddenSize = prefix.EncoderHiddenSize },
        SoftPrompt { PoolsFirstVector: false } when readsFirst => throw new NotSupportedException(
            "The transformers library's classes read the prompt's first vector where this soft prompt was trained to read the text's first token; train it with PoolsFirstVector."),
        SoftPrompt soft => new PeftConfig { Type = PeftType.PROMPT_TUNING, VirtualTokens = soft.Length, TokenDim = 0 },
        _ => throw new NotSupportedException($"PEFT has no form for {method.GetType().Name}; DeepPrompt, PrefixTuning and SoftPrompt can be written."),
    };

    // Computed as training computes it.
    private static TensorData OfTask(string folder, PeftAdapter adapter, int task)
    {
        var config = adapter.Config;
        if (task < 0 || task >= config.Tasks) throw new ArgumentOutOfRangeException(nameof(task), task, $"{folder} has {config.Tasks} tasks, counted from 0.");
        return ComputeThread.Run(() =>
        {
            using var scope = torch.NewDisposeScope();
            using var noGrad = torch.no_grad();
            using torch.Tensor shared = Values(PeftAdapter.PromptName), columns = Values(PeftAdapter.TaskColumnsName), rows = Values(PeftAdapter.TaskRowsName);
            var prompt = TaskPromptTuner.Vectors(shared, columns[task], rows[task]);
            return new TensorData(PeftAdapter.PromptName, prompt.shape, ParameterFactory.ToArray(prompt));
        });

        torch.Tensor Values(string name) => ParameterFactory.From(adapter.Tensors[name].Floats.ToArray(), adapter.Tensors[name].Shape, torch.CPU);
    }
}
