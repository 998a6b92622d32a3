// A frozen transformer loaded from a Hugging Face folder: once a process for a folder, device and precision of its weights, shared, released when nothing uses it.
using System.Runtime.InteropServices;
using System.Text.Json;
using MLNet.PTuning.Files;
using MLNet.PTuning.Text;
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>Weights, tokenizer and encoder of one folder on one device, with weights of floats or of 8-bit integers.</summary>
internal sealed class FrozenBackbone
{
    private static readonly Dictionary<(string Folder, string Hash, string Device, bool IsInt8), FrozenBackbone> Loaded = [];

    private const string HeadName = "lm_head.weight";

    private readonly BackboneFamily _family;
    private readonly Dictionary<string, torch.Tensor> _weights = [], _maskedWordWeights = [];
    private readonly Int8Weights? _int8;
    private torch.Tensor? _languageHead;
    private int _leases;

    private FrozenBackbone(ModelFolder folder, string hash, BackboneConfig config, TextTokenizer tokenizer, torch.Device device, bool isInt8)
    {
        _family = BackboneFamily.All[config.ModelType];
        Folder = folder;
        ContentHash = hash;
        Config = config;
        Tokenizer = tokenizer;
        Device = device;
        using var file = folder.OpenWeights();
        UnreadTensors.RefuseAdapters(file);
        var names = new TensorNames(file, _family);
        if (isInt8) _int8 = new Int8Weights((name, shape, to) => ReadFloats(file, Stored(file, names.Find(name), name, shape), to));
        try
        {
            Encoder = _family.Create(config, Reading(_weights, _int8));
            _int8?.EndReading();
            if (isInt8 && !Encoder.TakesInt8)
                throw new NotSupportedException($"{folder.Path}: {nameof(Precision)}.{nameof(Precision.Int8)} is for layers without relative positions and with a GELU or SiLU, of sizes that are multiples of 4; "
                    + $"this is a {config.ModelType} of hidden size {config.HiddenSize} and intermediate size {config.IntermediateSize}, keys of {config.KeyValueWidth}, with '{config.HiddenActivation}'. Take {nameof(Precision)}.{nameof(Precision.Float32)}.");
            MaskedWords = _family.MaskedWords?.Read(config, Reading(_maskedWordWeights, null));
        }
        catch
        {
            DisposeWeights();
            throw;
        }

        var unread = UnreadTensors.Notice(file, _weights.Keys.Concat(_int8?.Names ?? []).ToDictionary(name => name, name => names.Find(name)!), _maskedWordWeights.Keys.Select(name => names.Find(name)!), config);
        Notices = [.. tokenizer.Notices, .. CodeNotices(), .. SizeNotices(), .. LayerNotices(names), .. unread is null ? Array.Empty<string>() : [unread]];

        EncoderWeights Reading(Dictionary<string, torch.Tensor> into, Int8Weights? int8) =>
            new(name => names.Find(name) is not null, (name, shape) => into[name] = ReadWeight(file, names.Find(name), name, shape), int8);
    }

    public ModelFolder Folder { get; }

    /// <summary>The folder's content hash when it was loaded.</summary>
    public string ContentHash { get; }

    public BackboneConfig Config { get; }

    public TextTokenizer Tokenizer { get; }

    public torch.Device Device { get; }

    public Encoder Encoder { get; }

    /// <summary>The head of masked-language training, frozen; null where the checkpoint has none.</summary>
    public MaskedWordHead? MaskedWords { get; }

    /// <summary>
    /// What a decoder scores the next word piece with, [V, H], frozen; null where it is the word embeddings (tie_word_embeddings). Read when it is first asked for, on the compute thread:
    /// classification does not need it, and it is as large as the embeddings.
    /// </summary>
    /// <exception cref="NotSupportedException">The backbone is an encoder.</exception>
    /// <exception cref="InvalidDataException">The checkpoint has none, and does not tie it.</exception>
    /// <exception cref="IOException">The folder has changed since the backbone was loaded.</exception>
    public torch.Tensor? LanguageHead
    {
        get
        {
            RequireDecoder();
            if (_languageHead is not null || Config.Fields.Flag("tie_word_embeddings", _family.TiesWords)) return _languageHead;
            if (new ModelFolder(Folder.Path).ContentHash != ContentHash) throw new IOException($"The backbone in {Folder.Path} has changed since it was loaded; put the files back, or load the model again.");
            using var file = Folder.OpenWeights();
            string name = new TensorNames(file, _family).Find(HeadName) ?? throw new InvalidDataException(
                $"{Folder.Path}: the weights hold no '{HeadName}', by which a decoder scores the next word piece, and config.json does not say that it is the word embeddings. "
                + "If the model ties them, write \"tie_word_embeddings\": true into config.json; else take weights with their head (AutoModelForCausalLM in Python).");
            return _languageHead = ReadWeight(file, name, HeadName, [Config.VocabSize, Config.HiddenSize]);
        }
    }

    /// <exception cref="NotSupportedException">The backbone is an encoder.</exception>
    public void RequireDecoder()
    {
        if (!Encoder.IsCausal) throw new NotSupportedException($"{Folder.Path} is a {Config.ModelType}, an encoder, which writes no text; take a decoder (gpt2, llama, mistral, qwen2).");
    }

    public bool HasPooler => Encoder.Pooler is not null;

    /// <summary>Warnings about the folder for the log of training: what is unusual in it and was accepted, a sentence each.</summary>
    public IReadOnlyList<string> Notices { get; }

    /// <summary>Whether the layers' weights and the embeddings are 8-bit integers.</summary>
    public bool IsInt8 => _int8 is not null;

    /// <summary>Names and frozen tensors of floats that <see cref="Encoder"/> reads.</summary>
    public IReadOnlyDictionary<string, torch.Tensor> Weights => _weights;

    /// <summary>Number of frozen parameters.</summary>
    public long ParameterCount => _weights.Values.Sum(w => w.numel()) + (_int8?.ParameterCount ?? 0);

    /// <summary>Bytes of the encoder's weights, without what is laid out for products when they first run.</summary>
    public long WeightBytes => _weights.Values.Sum(w => w.numel() * w.element_size()) + (_int8?.Bytes ?? 0);

    /// <summary>Leases the backbone of a folder, which is loaded unless it is in use already. Dispose the lease.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="device">Where its tensors are.</param>
    /// <param name="precision">What it is to be computed in: with <see cref="Precision.Int8"/> its weights are held in 8 bits, else as floats.</param>
    /// <exception cref="DirectoryNotFoundException">The folder is not there.</exception>
    /// <exception cref="FileNotFoundException">A file in it is not there.</exception>
    /// <exception cref="InvalidDataException">A file in it is damaged, or the files do not belong together.</exception>
    /// <exception cref="NotSupportedException">Its architecture is not supported, at all or in this precision, or its ONNX model is quantized or optimized.</exception>
    public static Lease Use(string folder, torch.Device device, Precision precision = Precision.Float32)
    {
        if (precision == Precision.Int8 && device.type != DeviceType.CPU)
            throw new NotSupportedException($"{nameof(Precision)}.{nameof(Precision.Int8)} is computed on the CPU, and the device is {device}; take {nameof(Precision)}.{nameof(Precision.Float32)}, or leave GpuDeviceId unset.");
        var files = new ModelFolder(folder);
        // Before the weights are opened: those of an architecture that is not supported may be large.
        var config = BackboneConfig.Parse(files.Config, files.PathOf("config.json"));
        // The hash is part of the key, so that a folder whose files have changed since is read again.
        var key = (files.Path, files.ContentHash, device.ToString(), IsInt8: precision == Precision.Int8);
        lock (Loaded)
        {
            if (!Loaded.TryGetValue(key, out var backbone)) Loaded[key] = backbone = Load(files, key.ContentHash, config, device, key.IsInt8);
            backbone._leases++;
            return new Lease(backbone, key);
        }
    }

    /// <summary>The same architecture over other weights of the same names and shapes.</summary>
    public Encoder CreateEncoder(IReadOnlyDictionary<string, torch.Tensor> weights) =>
        _family.Create(Config, new EncoderWeights(weights.ContainsKey, (name, _) => weights[name]));

    private static FrozenBackbone Load(ModelFolder folder, string hash, BackboneConfig config, torch.Device device, bool isInt8)
    {
        var tokenizer = TextTokenizer.Load(folder.Path);
        tokenizer.LimitIds(config.VocabSize);
        return ComputeThread.Run(() => new FrozenBackbone(folder, hash, config, tokenizer, device, isInt8));
    }

    // Folders may name Python code of their own for the model.
    private IEnumerable<string> CodeNotices()
    {
        if (Folder.Config.TryGetProperty("auto_map", out var map) && map.ValueKind == JsonValueKind.Object && map.EnumerateObject().Any(entry => entry.Name.StartsWith("AutoModel", StringComparison.Ordinal)))
            yield return $"{Folder.Path}: config.json names code of the model's own (auto_map), which is not run; the model is computed as Hugging Face's {Config.ModelType} is.";
    }

    // Embedding tables are often padded, so a few more rows than word pieces are no reason for a warning.
    private IEnumerable<string> SizeNotices()
    {
        int pieces = Tokenizer.VocabularySize, rows = Config.VocabSize;
        if (pieces > rows)
            yield return $"{Folder.Path}: the tokenizer has {pieces} ids, but the word embeddings have {rows} rows (vocab_size in config.json). A text with one of the ids from {rows} on is an error.";
        else if (rows - pieces >= Math.Max(128, rows / 100))
            yield return $"{Folder.Path}: the tokenizer has {pieces} ids, fewer than the {rows} rows of the word embeddings (vocab_size in config.json). If the two are not of the same model, texts become other words' ids.";
    }

    private IEnumerable<string> LayerNotices(TensorNames names)
    {
        int used = Config.LayerCount, there = used;
        string? last = _weights.Keys.FirstOrDefault(name => name.Contains($".layer.{used - 1}."));
        while (last is not null && names.Find(last.Replace($".layer.{used - 1}.", $".layer.{there}.")) is not null) there++;
        if (there > used)
            yield return $"{Folder.Path}: config.json says {Config.Fields.NameOf("num_hidden_layers")} {used}, but the weights have {there} layers; the first {used} are used.";
    }

    // The name of a tensor in the file, where it is of the shape and a type that the configuration makes it.
    private string Stored(WeightFile file, string? stored, string name, long[] shape)
    {
        if (stored is null)
            throw new InvalidDataException($"{Folder.Path}: the weights hold no tensor '{name}' (or '{_family.Prefix}{name}'), which a {Config.ModelType} model of this config.json has; take config.json and the weights from the same model.{file.Hint}{WhatConfigSays()}");
        var entry = file.Entries[stored];
        if (!entry.Shape.AsSpan().SequenceEqual(shape))
            throw new InvalidDataException($"{Folder.Path}: tensor '{stored}' has shape [{string.Join(", ", entry.Shape)}]; config.json makes it [{string.Join(", ", shape)}].{(entry.Count == 0 ? " " + FiniteValues.WhyEmpty : "")}{WhatConfigSays()}");
        if (entry.Type is not (ElementType.F32 or ElementType.F16 or ElementType.BF16 or ElementType.F64))
            throw new InvalidDataException($"{Folder.Path}: tensor '{stored}' holds {entry.Type}; weights are F32, F16, BF16 or F64.{WhatConfigSays()}");
        return stored;
    }

    private static void ReadFloats(WeightFile file, string stored, Span<float> to)
    {
        file.Read(stored, to);
        FiniteValues.Check(file.Path, stored, to);
    }

    private torch.Tensor ReadWeight(WeightFile file, string? stored, string name, long[] shape)
    {
        string found = Stored(file, stored, name, shape);
        var tensor = torch.empty(shape, dtype: torch.ScalarType.Float32);
        ReadFloats(file, found, MemoryMarshal.Cast<byte, float>(tensor.bytes));
        if (Device.type == DeviceType.CPU) return tensor.DetachFromDisposeScope();
        using (tensor) return tensor.to(Device).DetachFromDisposeScope();
    }

    // Why weights may be others than the configuration makes them, as a sentence that goes behind the error's.
    private string WhatConfigSays()
    {
        if (Folder.Config.TryGetProperty("quantization_config", out var quantized) && quantized.ValueKind == JsonValueKind.Object)
            return $" config.json says quantization_config{(quantized.TryGetProperty("quant_method", out var method) ? $" ({method})" : "")}: quantized weights are not supported; take the model's weights as they were before.";
        return Folder.Config.TryGetProperty("pruned_heads", out var pruned) && pruned.ValueKind == JsonValueKind.Object && pruned.EnumerateObject().Any()
            ? " config.json says pruned_heads: models whose attention heads were pruned are not supported; take the model as it was before."
            : "";
    }

    private void Release((string, string, string, bool) key)
    {
        lock (Loaded)
        {
            if (--_leases > 0) return;
            Loaded.Remove(key);
            Encoder.Dispose();
            DisposeWeights();
        }
    }

    private void DisposeWeights()
    {
        foreach (var tensor in _weights.Values.Concat(_maskedWordWeights.Values)) tensor.Dispose();
        _languageHead?.Dispose();
        _int8?.Dispose();
    }

    /// <summary>One use of a shared backbone. A lease that is not disposed ends when it is garbage-collected.</summary>
    public sealed class Lease(FrozenBackbone backbone, (string, string, string, bool) key) : IDisposable
    {
        private int _ended;

        public FrozenBackbone Backbone => _ended == 0 ? backbone : throw new ObjectDisposedException(nameof(FrozenBackbone), "The model was disposed.");

        ~Lease() => End();

        public void Dispose()
        {
            End();
            GC.SuppressFinalize(this);
        }

        private void End()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0) backbone.Release(key);
        }
    }
}
