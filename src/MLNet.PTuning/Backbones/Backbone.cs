// A frozen transformer loaded from a Hugging Face folder: once a process for a folder and device, shared, released when nothing uses it.
using System.Runtime.InteropServices;
using MLNet.PTuning.Files;
using MLNet.PTuning.Text;
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>The frozen transformers that prompts are trained on.</summary>
public sealed class Backbone
{
    private const string WordEmbeddings = "embeddings.word_embeddings.weight";

    private static readonly Dictionary<(string Folder, string Hash, string Device), Backbone> Loaded = [];

    private readonly BackboneFamily _family;
    private readonly Dictionary<string, torch.Tensor> _weights = [], _maskedWordWeights = [];
    private int _leases;

    private Backbone(ModelFolder folder, string hash, BackboneConfig config, TextTokenizer tokenizer, torch.Device device)
    {
        _family = BackboneFamily.All[config.ModelType];
        Folder = folder;
        ContentHash = hash;
        Config = config;
        Tokenizer = tokenizer;
        Device = device;
        using var file = folder.OpenWeights();
        try
        {
            Encoder = _family.Create(config, Reading(_weights));
            MaskedWords = _family.MaskedWords?.Read(config, Reading(_maskedWordWeights));
        }
        catch
        {
            DisposeWeights();
            throw;
        }

        EncoderWeights Reading(Dictionary<string, torch.Tensor> into) =>
            new(name => FindName(file, name) is not null, (name, shape) => into[name] = ReadWeight(file, name, shape));
    }

    /// <summary>The values of <c>model_type</c> in a config.json that can be loaded.</summary>
    public static IReadOnlyCollection<string> Supported => [.. BackboneFamily.All.Keys];

    /// <summary>
    /// Folders in which a saved model looks for its backbone (each itself, and its direct subfolders) when the path that it recorded holds it no longer.
    /// A backbone is recognised by its content hash, whatever its folder is called. Set it before <c>ml.Model.Load</c>.
    /// </summary>
    public static IList<string> SearchFolders { get; } = new List<string>();

    internal ModelFolder Folder { get; }

    /// <summary>The folder's content hash when it was loaded.</summary>
    internal string ContentHash { get; }

    internal BackboneConfig Config { get; }

    internal TextTokenizer Tokenizer { get; }

    internal torch.Device Device { get; }

    internal Encoder Encoder { get; }

    /// <summary>The head of masked-language training, frozen; null where the checkpoint has none.</summary>
    internal MaskedWordHead? MaskedWords { get; }

    internal bool HasPooler => Encoder.Pooler is not null;

    /// <summary>Names and frozen tensors that <see cref="Encoder"/> reads.</summary>
    internal IReadOnlyDictionary<string, torch.Tensor> Weights => _weights;

    /// <summary>Number of frozen parameters.</summary>
    internal long ParameterCount => _weights.Values.Sum(w => w.numel());

    /// <summary>Takes the backbone of a folder into use, loading it if no one else uses it. Dispose what comes back.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder is not there.</exception>
    /// <exception cref="FileNotFoundException">A file in it is not there.</exception>
    /// <exception cref="InvalidDataException">A file in it is broken, or the files do not belong together.</exception>
    /// <exception cref="NotSupportedException">Its architecture is not supported, or its ONNX model is quantized or optimized.</exception>
    internal static Lease Use(string folder, torch.Device device)
    {
        var files = new ModelFolder(folder);
        // The hash is part of the key, so that a folder whose files have changed since is read anew.
        var key = (files.Path, files.ContentHash, device.ToString());
        lock (Loaded)
        {
            if (!Loaded.TryGetValue(key, out var backbone)) Loaded[key] = backbone = Load(files, key.ContentHash, device);
            backbone._leases++;
            return new Lease(backbone, key);
        }
    }

    /// <summary>The same architecture over other weights of the same names and shapes.</summary>
    internal Encoder CreateEncoder(IReadOnlyDictionary<string, torch.Tensor> weights) =>
        _family.Create(Config, new EncoderWeights(weights.ContainsKey, (name, _) => weights[name]));

    private static Backbone Load(ModelFolder folder, string hash, torch.Device device)
    {
        var config = BackboneConfig.Parse(folder.Config, folder.PathOf("config.json"));
        var tokenizer = TextTokenizer.Load(folder.Path);
        // Embedding tables are at times padded, so a few more rows than word pieces are well.
        if (tokenizer.VocabularySize > config.VocabSize || config.VocabSize - tokenizer.VocabularySize >= Math.Max(128, config.VocabSize / 100))
            throw new InvalidDataException($"{folder.Path}: the vocabulary has {tokenizer.VocabularySize} word pieces, but config.json says vocab_size {config.VocabSize}; take both from the same model.");
        return ComputeThread.Run(() => new Backbone(folder, hash, config, tokenizer, device));
    }

    private torch.Tensor ReadWeight(WeightFile file, string name, long[] shape)
    {
        string stored = FindName(file, name)
            ?? throw new InvalidDataException($"{Folder.Path}: the weights hold no tensor '{name}' (or '{_family.Prefix}{name}'), which a {Config.ModelType} model of this config.json has; take config.json and the weights from the same model.{file.Hint}");
        var entry = file.Entries[stored];
        if (!entry.Shape.AsSpan().SequenceEqual(shape))
            throw new InvalidDataException($"{Folder.Path}: tensor '{stored}' has shape [{string.Join(", ", entry.Shape)}]; config.json makes it [{string.Join(", ", shape)}].");
        if (entry.Type is not (ElementType.F32 or ElementType.F16 or ElementType.BF16 or ElementType.F64))
            throw new InvalidDataException($"{Folder.Path}: tensor '{stored}' holds {entry.Type}; weights are F32, F16, BF16 or F64.");
        var tensor = torch.empty(shape, dtype: torch.ScalarType.Float32);
        file.Read(stored, MemoryMarshal.Cast<byte, float>(tensor.bytes));
        if (Device.type == DeviceType.CPU) return tensor.DetachFromDisposeScope();
        using (tensor) return tensor.to(Device).DetachFromDisposeScope();
    }

    // Checkpoints name tensors with or without the family's prefix, or with that of a module around the model; old ones say gamma and beta for a
    // norm's weight and bias.
    private string? FindName(WeightFile file, string name)
    {
        string old = name.Replace("LayerNorm.weight", "LayerNorm.gamma").Replace("LayerNorm.bias", "LayerNorm.beta");
        string[] prefixes = [_family.Prefix, "", .. PrefixesIn(file)];
        return prefixes.SelectMany(prefix => new[] { prefix + name, prefix + old }).FirstOrDefault(file.Entries.ContainsKey);
    }

    // What stands before the name of the word embeddings, where only one tensor is called so.
    private static string[] PrefixesIn(WeightFile file)
    {
        string[] names = [.. file.Entries.Keys.Where(name => name.EndsWith("." + WordEmbeddings, StringComparison.Ordinal)).Take(2)];
        return names is [string only] ? [only[..^WordEmbeddings.Length]] : [];
    }

    private void Release((string, string, string) key)
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
    }

    /// <summary>One use of a shared backbone. A lease that is forgotten is given back when it is collected.</summary>
    internal sealed class Lease(Backbone backbone, (string, string, string) key) : IDisposable
    {
        private int _ended;

        public Backbone Backbone => _ended == 0 ? backbone : throw new ObjectDisposedException(nameof(Backbone), "The model was disposed.");

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
