// A model folder as Hugging Face publishes it: configuration, weights, and the tokenizer's files.
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace MLNet.PTuning.Files;

internal sealed class ModelFolder
{
    private const string ConfigName = "config.json";
    private const int MaxConfigLength = 1 << 24;

    // A folder's files of these names are part of the model: the tokenizers read them.
    private static readonly string[] s_tokenizerNames =
    [
        "added_tokens.json", "bpe.codes", "merges.txt", "sentencepiece.bpe.model", "special_tokens_map.json", "spiece.model", "spm.model",
        "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json", "vocab.txt",
    ];

    // Where models that were exported to ONNX have it, when it is not in the folder itself.
    private const string OnnxPrefix = "onnx/";

    // The order in which Hugging Face's own loader looks for them, then the ONNX model of .NET's users.
    private static readonly string[] s_weightNames =
    [
        "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json", "model.onnx",
        OnnxPrefix + "model.onnx",
    ];

    // Weights of other frameworks, which are named where there are no others.
    private static readonly string[] s_otherWeights = ["tf_model.h5", "flax_model.msgpack", "rust_model.ot", "*.ckpt.index", "*.gguf"];

    private static readonly string[] s_weightEndings = [".safetensors", ".bin", ".onnx"];

    // What Hugging Face's trainer leaves beside a checkpoint's weights.
    private static readonly string[] s_noWeights = ["training_args.bin", "optimizer.bin", "scheduler.bin"];

    private const string DeepSpeedScript = "zero_to_fp32.py";

    private static readonly ConcurrentDictionary<string, string> s_hashes = new();

    // Those that the folder had when it was opened: one that is gone later is an error.
    private readonly string[] _tokenizerFiles;

    /// <summary>Reads the configuration; weights are looked for when they are asked for.</summary>
    /// <param name="path">A model's folder, or that of a model in Hugging Face's cache.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">It has no config.json.</exception>
    /// <exception cref="InvalidDataException">Its config.json is not a JSON object.</exception>
    public ModelFolder(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new DirectoryNotFoundException(File.Exists(path)
                ? $"{path} is a file; give the model's folder (with config.json, weights and vocabulary)."
                : $"The model folder {path} does not exist in {Environment.CurrentDirectory}; check the path.{WhatElse(path)}");
        }
        Path = HubCache.Resolve(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path)));
        string config = PathOf(ConfigName);
        if (!File.Exists(config))
        {
            throw new FileNotFoundException(
                $"{Path} has no {ConfigName}, so it is not a Hugging Face model folder; give the folder that holds it.{WhatIsThere()}", config);
        }
        using JsonDocument document = JsonFile.ReadObject(config, MaxConfigLength);
        Config = document.RootElement.Clone();
        _tokenizerFiles = [.. s_tokenizerNames.Where(name => File.Exists(PathOf(name)))];
    }

    // The models beside the folder that is missing; else how to download it, for a path that may be a name by which Python's libraries download (bert-base-uncased, org/name).
    private static string WhatElse(string path)
    {
        string full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path)), parent = System.IO.Path.GetDirectoryName(full) ?? full;
        bool isNested = path.Contains('/') || path.Contains('\\');
        if (isNested && Directory.Exists(parent))
        {
            string[] models = [.. Directory.EnumerateDirectories(parent).Where(folder => File.Exists(System.IO.Path.Combine(folder, ConfigName))).Select(folder => System.IO.Path.GetFileName(folder)!).Order(StringComparer.Ordinal).Take(10)];
            if (models.Length > 0) return $" {parent} has the models {string.Join(", ", models)}.";
        }
        if (!Regex.IsMatch(path, @"^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?/?$")) return "";
        bool isLocal = Regex.IsMatch(path, "^(models?|backbones?)/", RegexOptions.IgnoreCase);
        string name = isLocal ? System.IO.Path.GetFileName(full) : path.TrimEnd('/'), folder = isLocal ? path.TrimEnd('/') : $"models/{name}";
        return $" Models are not downloaded. If '{name}' is its name on the Hugging Face Hub, download the folder once, with one of 'hf download {name} --local-dir {folder}', "
            + $"'git clone https://huggingface.co/{name} {folder}' (with git-lfs), or, for each of config.json, model.safetensors and the tokenizer's files, "
            + $"'curl -LO https://huggingface.co/{name}/resolve/main/config.json'{(isLocal ? "" : $", and give '{folder}'")}.";
    }

    /// <summary>The folder's full path.</summary>
    public string Path { get; }

    /// <summary>config.json, an object.</summary>
    public JsonElement Config { get; }

    /// <summary>Names of the weights files, in the order in which the content hash takes them.</summary>
    /// <exception cref="FileNotFoundException">It has no weights, or lacks some of its shards.</exception>
    /// <exception cref="InvalidDataException">The index of its shards is damaged.</exception>
    public IReadOnlyList<string> WeightFiles => field ??= FindWeights();

    /// <summary>Names of all files that make up the model: configuration, weights, and what the folder has of a tokenizer.</summary>
    public IReadOnlyList<string> Files => [ConfigName, .. WeightFiles, .. _tokenizerFiles];

    /// <summary>SHA-256 over config.json and the weights (each file's length, then its bytes; those of JSON without CRs), in lower-case hexadecimal digits.
    /// Computed once a process for files whose sizes and times of change stay the same.</summary>
    public string ContentHash
    {
        get
        {
            string[] names = [ConfigName, .. WeightFiles];
            string key = string.Join('\n', names.Select(PathOf).Select(path =>
                File.ResolveLinkTarget(path, returnFinalTarget: true) as FileInfo ?? new FileInfo(path)).Select(file =>
                FormattableString.Invariant($"{file.FullName}|{file.Length}|{file.LastWriteTimeUtc.Ticks}")));
            return s_hashes.GetOrAdd(key, _ => Hash(names));
        }
    }

    /// <summary>The full path of a file of the folder.</summary>
    public string PathOf(string name) => System.IO.Path.Combine(Path, name);

    public WeightFile OpenWeights() => WeightFile.Open(PathOf(WeightFiles[0]));

    /// <summary>Whether a name is that of a file directly in a folder: no path, nothing that leads elsewhere, on any system.</summary>
    public static bool IsPlainName(string name) =>
        name.Length is > 0 and < 256 && name is not ("." or "..")
        && name.AsSpan().IndexOfAny("/\\:*?\"<>|") < 0 && !name.Any(char.IsControl);

    /// <summary>Whether a name is that of a file of a model: plain, or in the folder for ONNX.</summary>
    public static bool IsModelFile(string name) =>
        IsPlainName(name.StartsWith(OnnxPrefix, StringComparison.Ordinal) ? name[OnnxPrefix.Length..] : name);

    private string[] FindWeights()
    {
        string name = s_weightNames.FirstOrDefault(name => File.Exists(PathOf(name))) ?? throw new FileNotFoundException(
            $"{Path} has no weights; download one of {string.Join(", ", s_weightNames)} there.{WhatIsThere()}", PathOf(s_weightNames[0]));
        if (OnnxFile.IsOnnx(name))
        {
            string prefix = name.StartsWith(OnnxPrefix, StringComparison.Ordinal) ? OnnxPrefix : "";
            return [name, .. OnnxFile.ExternalFiles(PathOf(name)).Select(file => prefix + file)];
        }
        if (!WeightFile.IsIndex(name))
            return [name];
        IReadOnlyList<string> shards = new ShardIndex(PathOf(name)).Files;
        string[] missing = [.. shards.Where(shard => !File.Exists(PathOf(shard)))];
        return missing.Length == 0 ? [name, .. shards] : throw new FileNotFoundException(
            $"{PathOf(name)} names files that are not there: {string.Join(", ", missing)}. Download them into the folder.", PathOf(missing[0]));
    }

    // What a folder without a configuration or weights has instead, as a sentence to follow the error's.
    private string WhatIsThere()
    {
        if (File.Exists(PathOf("adapter_config.json")))
            return " It holds a PEFT adapter: give the folder of its base model, and the adapter's to PeftFolder.Load.";
        if (!File.Exists(PathOf(ConfigName)) && File.Exists(PathOf("bert_config.json")))
            return $" It has bert_config.json: call that {ConfigName}, and add \"model_type\": \"bert\" to it.";
        if (s_otherWeights.SelectMany(pattern => Directory.EnumerateFiles(Path, pattern)).FirstOrDefault() is { } other)
            return $" It has {System.IO.Path.GetFileName(other)}, which is another framework's; load that in Python and save it with save_pretrained.";
        if (File.Exists(PathOf(DeepSpeedScript)))
            return $" It has {DeepSpeedScript}, so it is a checkpoint of DeepSpeed: run that script, which gathers the weights.";
        if (s_weightEndings.SelectMany(ending => Directory.EnumerateFiles(Path, "*" + ending)).Select(file => System.IO.Path.GetFileName(file))
            .FirstOrDefault(name => !s_noWeights.Contains(name)) is { } weights)
        {
            string usual = s_weightNames.First(name => name.EndsWith(System.IO.Path.GetExtension(weights), StringComparison.Ordinal));
            return weights.Contains("-of-", StringComparison.Ordinal)
                ? $" It has {weights}, one of several files, but not their index: download {usual}.index.json too."
                : $" It has {weights}: if that is the model, call it {usual}.";
        }
        return Directory.EnumerateDirectories(Path).FirstOrDefault(sub => File.Exists(System.IO.Path.Combine(sub, ConfigName))) is { } inner
            ? $" Its subfolder {System.IO.Path.GetFileName(inner)} has a {ConfigName}: that may be the one."
            : "";
    }

    private string Hash(string[] names)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        foreach (string name in names)
        {
            if (name.EndsWith(".json", StringComparison.Ordinal))
            {
                // Git writes text files with other line ends on Windows.
                byte[] text = [.. File.ReadAllBytes(PathOf(name)).Where(value => value != (byte)'\r')];
                hash.AppendData(BitConverter.GetBytes(text.LongLength));
                hash.AppendData(text);
                continue;
            }
            using var stream = new FileStream(PathOf(name), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            hash.AppendData(BitConverter.GetBytes(stream.Length));
            for (int read; (read = stream.Read(buffer)) > 0;)
                hash.AppendData(buffer, 0, read);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
