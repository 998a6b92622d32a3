// A trained model as a transformer and the engines and cursors made from it share it: it is there as long as one of them needs it, and again when one needs it again.
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
/// Holds a model until <see cref="Dispose"/>, which ML.NET calls for the app and for every PredictionEngine that owns its transformer, and does not tell apart. So it ends the
/// transformer's own use alone: engines and cursors keep theirs, and whatever uses the transformer afterwards takes the model up again, from memory that one of them holds or from
/// what was trained (kept on the managed heap) and the backbone's folder. Safe for threads.
/// </summary>
/// <param name="model">The model; taken over.</param>
/// <param name="settings">What a model file says of it.</param>
/// <param name="classNames">Names of its classes.</param>
/// <param name="pools">Whether its head reads rows through a pooler.</param>
internal sealed class SharedModel(TunedModel model, ModelSettings settings, IReadOnlyList<string> classNames, bool pools) : IDisposable
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

    /// <summary>The backbone's folder.</summary>
    public ModelFolder BackboneFolder => _folder;

    /// <summary>The content hash of the backbone that it was trained on.</summary>
    public string BackboneHash => _hash;

    /// <summary>The model, taken up again where it was disposed.</summary>
    /// <exception cref="IOException">The backbone's folder is gone, or holds another one by now.</exception>
    public TunedModel Model
    {
        get
        {
            lock (_lock) return _model ??= Held(out var held) ? held : TakeUpAgain();
        }
    }

    /// <summary>Holds the model, taken up again where it was disposed, until the use is disposed or collected.</summary>
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

    /// <summary>What was trained, by name; of a disposed model, without taking it up again.</summary>
    public IReadOnlyDictionary<string, TensorData> Trained()
    {
        lock (_lock) return _trained ?? Model.Trained();
    }

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

    // The model that an engine or a cursor still holds. One that nobody refers to any more gives its memory back when it is collected.
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

    private TunedModel TakeUpAgain()
    {
        var lease = FrozenBackbone.Use(_folder.Path, _device);
        if (lease.Backbone.ContentHash != _hash || lease.Backbone.Tokenizer.Fingerprint != _tokenizerHash)
        {
            lease.Dispose();
            throw new IOException($"The backbone in {_folder.Path} has changed since the model was disposed, so it cannot be used again; put the files back, or load the model anew.");
        }
        var again = TunedModel.Load(lease, settings.Method, classNames.Count, pools, SavedTensors.Of("the model", _trained!), settings.Verbalizer?.WordsOf(classNames));
        again.Computation = _computation;
        _trained = null;
        return again;
    }
}

/// <summary>One engine's or cursor's use of a model.</summary>
internal sealed class ModelUse(SharedModel owner, TunedModel model) : IDisposable
{
    private TunedModel? _model = model;

    /// <summary>The model; null once the use has ended.</summary>
    public TunedModel? Model => _model;

    /// <inheritdoc cref="TunedModel.Predict"/>
    public float[][] Predict(IReadOnlyList<Example> examples)
    {
        float[][] predicted = (_model ?? throw new ObjectDisposedException(nameof(ModelUse))).Predict(examples);
        // An engine that nobody refers to any longer must not end its use while it still predicts.
        GC.KeepAlive(this);
        return predicted;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _model, null) is { } ended) owner.End(this, ended);
    }
}

/// <summary>A transformer's prompt and head with what is written of them.</summary>
/// <param name="Model">The prompt and head.</param>
/// <param name="Settings">What a model file says of them.</param>
/// <param name="ClassNames">Names of the classes in the order of the head's rows.</param>
/// <param name="Pools">Whether the head reads rows through a pooler.</param>
internal sealed record TrainedPrompt(SharedModel Model, ModelSettings Settings, IReadOnlyList<string> ClassNames, bool Pools)
{
    /// <summary>Those of a transformer, or of all transformers of a chain.</summary>
    public static IEnumerable<TrainedPrompt> AllOf(ITransformer transformer) => transformer switch
    {
        PTuningClassificationTransformer classifier => [classifier.Prompt],
        PTuningTokenLabelingTransformer labeler => [labeler.Prompt],
        IEnumerable<ITransformer> chain => chain.SelectMany(AllOf),
        _ => [],
    };
}
