// A trained model that a transformer and its engines and cursors share: released with the last of them, and reloaded on the next use.
using System.Diagnostics.CodeAnalysis;
using Microsoft.ML;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Text;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Pipeline;

/// <summary>
/// Holds a model until <see cref="Dispose"/>. ML.NET calls that for the app as well as for every PredictionEngine that owns its transformer, and does not distinguish them. So it ends
/// only the transformer's own use: engines and cursors keep theirs, and using the transformer afterwards reuses the model that one of them holds, or reloads it from
/// the trained tensors (kept on the managed heap) and the backbone's folder. Thread-safe.
/// </summary>
/// <param name="model">The model; owned by this object from now on.</param>
/// <param name="settings">Its settings in a model file.</param>
/// <param name="classNames">Names of its classes.</param>
internal sealed class SharedModel(TunedModel model, ModelSettings settings, IReadOnlyList<string> classNames) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly ModelFolder _folder = model.Backbone.Folder;
    private readonly string _hash = model.Backbone.ContentHash, _tokenizerHash = model.Backbone.Tokenizer.Fingerprint;
    private readonly torch.Device _device = model.Backbone.Device;
    private readonly Computation _computation = model.Computation;
    private readonly List<WeakReference<ModelUse>> _uses = [];
    private TunedModel? _model = model;
    private IReadOnlyDictionary<string, TensorData>? _trained;

    /// <summary>The backbone's tokenizer.</summary>
    public TextTokenizer Tokenizer { get; } = model.Backbone.Tokenizer;

    /// <summary>Whether the backbone is a decoder.</summary>
    public bool IsCausal { get; } = model.Backbone.Encoder.IsCausal;

    /// <summary>The backbone's folder.</summary>
    public ModelFolder BackboneFolder => _folder;

    /// <summary>The content hash of the backbone that it was trained on.</summary>
    public string BackboneHash => _hash;

    /// <summary>The model, reloaded where it was disposed.</summary>
    /// <exception cref="IOException">The backbone's folder is missing, or holds another backbone by now.</exception>
    public TunedModel Model
    {
        get
        {
            lock (_lock) return _model ??= Held(out var held) ? held : Reload();
        }
    }

    /// <summary>Holds the model, reloaded where it was disposed, until the use is disposed or garbage-collected.</summary>
    /// <inheritdoc cref="Model"/>
    public ModelUse Use()
    {
        lock (_lock)
        {
            var use = new ModelUse(this, Model);
            _uses.RemoveAll(other => !other.TryGetTarget(out _));
            _uses.Add(new WeakReference<ModelUse>(use));
            return use;
        }
    }

    /// <summary>The trained tensors, by name; those of a disposed model without reloading it.</summary>
    public IReadOnlyDictionary<string, TensorData> Trained()
    {
        lock (_lock) return _trained ?? Model.Trained();
    }

    /// <summary>Another model of the same parameters; that of a disposed model without reloading it.</summary>
    /// <inheritdoc cref="Model"/>
    public TunedModel Copy() => Load(Trained());

    public void Dispose()
    {
        lock (_lock)
        {
            if (_model is not { } model) return;
            _trained = model.Trained();
            _model = null;
            if (!Held(out _)) model.Dispose();
        }
    }

    /// <summary>Ends a use.</summary>
    public void End(ModelUse use, TunedModel model)
    {
        lock (_lock)
        {
            _uses.RemoveAll(other => !other.TryGetTarget(out var target) || target == use);
            if (_model is null && !Held(out _)) model.Dispose();
        }
    }

    // The model that an engine or a cursor still holds. The memory of a model without references is released when it is garbage-collected.
    private bool Held([NotNullWhen(true)] out TunedModel? held)
    {
        foreach (var reference in _uses)
            if (reference.TryGetTarget(out var use) && use.Model is { } model)
            {
                held = model;
                return true;
            }
        held = null;
        return false;
    }

    private TunedModel Reload()
    {
        var reloaded = Load(_trained!);
        _trained = null;
        return reloaded;
    }

    private TunedModel Load(IReadOnlyDictionary<string, TensorData> trained)
    {
        var lease = FrozenBackbone.Use(_folder.Path, _device, _computation.Precision);
        if (lease.Backbone.ContentHash != _hash || lease.Backbone.Tokenizer.Fingerprint != _tokenizerHash)
        {
            lease.Dispose();
            throw new IOException($"The backbone in {_folder.Path} has changed since the model was loaded on it, so it cannot be used again; put the files back, or load the model again.");
        }
        var loaded = TunedModel.Load(lease, settings.Method, classNames.Count, settings.HasPooler, SavedTensors.Of("the model", trained), settings.Verbalizer?.WordsOf(classNames), settings.WordTemperature, settings.Vectors, settings.Generation is not null);
        loaded.Computation = _computation;
        return loaded;
    }
}

/// <summary>One engine's or cursor's use of a model.</summary>
internal sealed class ModelUse(SharedModel owner, TunedModel model) : IDisposable
{
    private TunedModel? _model = model;

    /// <summary>The model; null once the use has ended.</summary>
    public TunedModel? Model => _model;

    /// <summary>The model of a use that has not ended.</summary>
    /// <exception cref="ObjectDisposedException">It has.</exception>
    public TunedModel Required => _model ?? throw new ObjectDisposedException(nameof(ModelUse));

    /// <inheritdoc cref="TunedModel.Predict"/>
    public float[][] Predict(IReadOnlyList<Example> examples)
    {
        float[][] predicted = Required.Predict(examples);
        // The use of an engine without references must not end while it still predicts.
        GC.KeepAlive(this);
        return predicted;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _model, null) is { } ended) owner.End(this, ended);
    }
}

/// <summary>A transformer's prompt and head, and their settings.</summary>
/// <param name="Model">The prompt and head.</param>
/// <param name="Settings">Their settings in a model file.</param>
/// <param name="ClassNames">Names of the classes in the order of the head's rows.</param>
internal sealed record TrainedPrompt(SharedModel Model, ModelSettings Settings, IReadOnlyList<string> ClassNames)
{
    /// <summary>The trained prompts of a transformer, or of all transformers of a chain or of tasks.</summary>
    public static IEnumerable<TrainedPrompt> AllOf(ITransformer transformer) => transformer switch
    {
        PTuningTransformer trained => [trained.Prompt],
        PTuningByTaskTransformer byTask => byTask.Transformers.Values.SelectMany(AllOf),
        IEnumerable<ITransformer> chain => chain.SelectMany(AllOf),
        _ => [],
    };
}
