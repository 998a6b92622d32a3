// A trained model in its folder of ML.NET's model zip: settings, label keys, weights, and on request the backbone.
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tuning;

namespace MLNet.PTuning.Pipeline;

/// <summary>The settings in a model file; its tensors and key values are separate entries.</summary>
internal sealed record ModelSettings
{
    public required TuningMethod Method { get; init; }
    /// <summary>Words that represent the classes; null for a classification head.</summary>
    public Verbalizer? Verbalizer { get; init; }
    /// <summary>The temperature that their scores are divided by; null for none, and for a classification head, which is saved divided by it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? WordTemperature { get; init; }
    public required string[] InputColumns { get; init; }
    public required string PredictedLabelColumn { get; init; }
    public required string ScoreColumn { get; init; }
    public required int MaxLength { get; init; }
    public required int BatchSize { get; init; }
    /// <summary>The backbone's folder as the app named it when the model was trained.</summary>
    public required string BackboneFolder { get; init; }
    public required string BackboneHash { get; init; }
    /// <summary>What tells the backbone's tokenizer from others; null in files from before it was recorded.</summary>
    public string? TokenizerHash { get; init; }
    public required bool EmbedBackbone { get; init; }
    public Precision Precision { get; init; }
    /// <summary>Names and SHA-256 of the backbone's files in the model file; filled in when the model is saved.</summary>
    public SortedDictionary<string, string> EmbeddedFiles { get; init; } = [];
    /// <summary>The task whose folder has these files, where several tasks in one model file have the same backbone; null for this model's own folder.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? BackboneOfTask { get; init; }
    /// <summary>Settings of classification in ML.NET's binary form.</summary>
    public BinarySettings? Binary { get; init; }
    /// <summary>What classification reads of a row.</summary>
    public Pooling Pooling { get; init; }
    /// <summary>Spans that classification reads in addition; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SpanColumns[]? Spans { get; init; }
    /// <summary>The unit that their places are counted in.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public OffsetUnit SpanUnit { get; init; }
    /// <summary>Settings of token labeling.</summary>
    public LabelingSettings? Labeling { get; init; }
    /// <summary>Settings of question answering.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AnsweringSettings? Answering { get; init; }
    /// <summary>Settings of writing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GenerationSettings? Generation { get; init; }
    /// <summary>The tokens that end what is written; null for other tasks.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int[]? EndTokens { get; init; }
    public TrainingReport? Report { get; init; }
    public SearchReport? SearchReport { get; init; }
    /// <summary>SHA-256 of the weights' stream; filled in when the model is saved.</summary>
    public string WeightsHash { get; init; } = "";

    /// <summary>PEFT's name of the task's kind.</summary>
    [JsonIgnore]
    public string TaskType => Labeling is not null ? PeftHead.Labeling : Answering is not null ? PeftHead.Answering : Generation is not null ? PeftHead.Writing : PeftHead.Classification;

    /// <summary>Vectors that the head reads for each line of scores.</summary>
    [JsonIgnore]
    public int Vectors => 1 + (Spans?.Length ?? 0);

    /// <summary>Whether the head reads rows through a pooler.</summary>
    [JsonIgnore]
    public bool HasPooler => TaskType == PeftHead.Classification && Pooling == Pooling.FirstToken;
}

/// <summary>Saving and loading, the same for every task.</summary>
internal static class SavedModel
{
    private const string Settings = "Settings", Seal = "Seal", Weights = "Weights", Keys = "KeyValues", BackbonePrefix = "Backbone.";

    /// <summary>Checks that a model can be saved, as far as possible before anything is written.</summary>
    /// <exception cref="IOException">The backbone is to be embedded, but it has changed since the model was trained on it, or is missing.</exception>
    public static void CheckSavable(ModelSettings settings, SharedModel model)
    {
        if (!settings.EmbedBackbone) return;
        var folder = model.BackboneFolder;
        if (folder.Files.FirstOrDefault(name => !File.Exists(folder.PathOf(name))) is { } missing)
            throw new FileNotFoundException($"{folder.PathOf(missing)} is missing, but was there when the model was trained, so the backbone cannot be embedded; put it back, or train again.", folder.PathOf(missing));
        if (folder.ContentHash != model.BackboneHash)
            throw new IOException($"The backbone in {folder.Path} has changed since the model was trained on it, so it cannot be embedded; put the files back, or train again.");
    }

    /// <summary>The folder of a task in that of a model of several tasks.</summary>
    public static string FolderOf(int task) => FormattableString.Invariant($"Task_{task:000}");

    /// <summary>Writes a model into the zip.</summary>
    public static void Save(IHostEnvironment environment, ModelSaveContext context, string loaderSignature, ModelSettings settings, LabelKeys keys, SharedModel model, SavedBackbones backbones, int task)
    {
        CheckSavable(settings, model);
        byte[] weights = Bytes(stream => SafetensorsWriter.Write(stream, model.Trained().Values)), keyValues = Bytes(stream => keys.Save(environment, stream));
        var (embedded, other) = settings.EmbedBackbone ? backbones.Add(model.BackboneFolder, task) : ([], null);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(settings with { WeightsHash = Hash(weights), EmbeddedFiles = embedded, BackboneOfTask = other });
        var streams = new List<(string, Action<Stream>)>
        {
            (Settings, stream => stream.Write(json)),
            (Keys, stream => stream.Write(keyValues)),
            (Seal, stream => stream.Write(SealOf([.. json, .. keyValues]))),
            (Weights, stream => stream.Write(weights)),
        };
        if (other is null) streams.AddRange(embedded.Keys.Select(name => (BackbonePrefix + name, (Action<Stream>)(stream =>
        {
            using var file = File.OpenRead(model.BackboneFolder.PathOf(name));
            file.CopyTo(stream);
        }))));
        MLNetInternals.Save(context, loaderSignature, streams);
        if (settings.EmbedBackbone || !backbones.IsNew(model.BackboneFolder)) return;
        using var channel = environment.Start("Saving");
        channel.Info(MessageSensitivity.None, "{0}", FormattableString.Invariant(
            $"The model file does not hold its backbone, '{settings.BackboneFolder}': deploy that folder with it, or train with EmbedBackbone for a file that is {SizeOf(model.BackboneFolder) / 1e6:f0} MB larger, less what the zip compresses."));
    }

    private static long SizeOf(ModelFolder folder) => folder.Files.Select(name => new FileInfo(folder.PathOf(name))).Where(file => file.Exists).Sum(file => file.Length);

    /// <summary>Reads a model from the zip and finds its backbone.</summary>
    /// <param name="environment">Its host.</param>
    /// <param name="context">The model's folder of the zip.</param>
    /// <param name="loaderSignature">The name by which ML.NET finds what loads it.</param>
    /// <param name="backboneFolders">The folders in which alone its backbone may be; null for wherever a saved model looks for it, or for the file itself.</param>
    /// <exception cref="InvalidDataException">The file is damaged; or it holds its backbone, which is not in one of the folders.</exception>
    /// <exception cref="FileNotFoundException">The backbone was not found.</exception>
    /// <exception cref="IOException">The backbone in the file cannot be unpacked.</exception>
    public static (ModelSettings Settings, LabelKeys Keys, TunedModel Model) Load(IHostEnvironment environment, ModelLoadContext context, string loaderSignature, IReadOnlyList<string>? backboneFolders = null)
    {
        var open = MLNetInternals.Open(context, loaderSignature);
        byte[] json = ReadAll(open, Settings), keyValues = ReadAll(open, Keys);
        if (!ReadAll(open, Seal).SequenceEqual(SealOf([.. json, .. keyValues]))) throw Damaged("its settings or label keys do not match their checksum");
        var settings = JsonSerializer.Deserialize<ModelSettings>(json) ?? throw Damaged("its settings are empty");
        var keys = LabelKeys.Load(environment, new MemoryStream(keyValues));
        byte[] weights = ReadAll(open, Weights);
        if (Hash(weights) != settings.WeightsHash) throw Damaged("its weights do not match their checksum");

        if (backboneFolders is not null && settings.EmbeddedFiles.Count > 0)
            throw new InvalidDataException($"The model file holds its backbone, but the backbone may only come from the folders {string.Join(", ", backboneFolders)}. Train without EmbedBackbone, and put the backbone into one of them.");
        var openBackbone = settings.BackboneOfTask is { } task ? MLNetInternals.OpenBeside(context, FolderOf(task)) : open;
        string folder = settings.EmbeddedFiles.Count > 0
            ? EmbeddedBackbone.Extract(settings.EmbeddedFiles, EmbeddedBackbone.Folders(environment), (name, read) => openBackbone(BackbonePrefix + name, read))
            : BackboneSearch.Find(settings.BackboneFolder, settings.BackboneHash, MLNetInternals.FileOf(context), backboneFolders);
        var lease = FrozenBackbone.Use(folder, MLNetInternals.DeviceOf(environment), settings.Precision);
        string temporary = Path.Combine(MLNetInternals.TemporaryFolderOf(environment), $"ptuning-{Guid.NewGuid():N}.safetensors");
        try
        {
            if (settings.TokenizerHash is { } tokenizer && tokenizer != lease.Backbone.Tokenizer.Fingerprint)
                throw new InvalidDataException($"The tokenizer in {lease.Backbone.Folder.Path} gives texts other ids than the one that the model was trained with, so predictions would be wrong: its files have changed since. "
                    + "Put them back (vocab.txt, tokenizer.json, tokenizer_config.json, …), or train anew.");
            File.WriteAllBytes(temporary, weights);
            using var file = WeightFile.Open(temporary);
            var model = TunedModel.Load(lease, settings.Method, keys.Count, settings.HasPooler, SavedTensors.Of(file), settings.Verbalizer?.WordsOf(keys.Names), settings.WordTemperature, settings.Vectors, settings.Generation is not null);
            model.Computation = new Computation(settings.Precision, null);
            return (settings, keys, model);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Writes the settings of a model of several tasks into its folder of the zip.</summary>
    public static void SaveSettings(ModelSaveContext context, string loaderSignature, byte[] json) =>
        MLNetInternals.Save(context, loaderSignature, [(Settings, stream => stream.Write(json)), (Seal, stream => stream.Write(SealOf(json)))]);

    /// <summary>Reads what <see cref="SaveSettings"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static byte[] LoadSettings(ModelLoadContext context, string loaderSignature)
    {
        var open = MLNetInternals.Open(context, loaderSignature);
        byte[] json = ReadAll(open, Settings);
        return ReadAll(open, Seal).SequenceEqual(SealOf(json)) ? json : throw Damaged("its settings do not match their checksum");
    }

    private static byte[] ReadAll(Func<string, Action<Stream>, bool> open, string name)
    {
        var bytes = new MemoryStream();
        return open(name, stream => stream.CopyTo(bytes)) ? bytes.ToArray() : throw Damaged($"it has no entry '{name}'");
    }

    private static byte[] SealOf(byte[] sealedBytes) => Encoding.ASCII.GetBytes(Hash(sealedBytes));

    private static InvalidDataException Damaged(string how) => new($"The model file is damaged: {how}. Copy it again from where it was saved, or train again.");

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static byte[] Bytes(Action<Stream> write)
    {
        using var stream = new MemoryStream();
        write(stream);
        return stream.ToArray();
    }
}
