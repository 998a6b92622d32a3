// A frozen backbone with what is trained on it, the prompt (or another method's parameters) and the head: its making, its parameters, its saving.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tasks;

/// <summary>What every task trains and predicts with. Owns its parameters and its use of the backbone.</summary>
internal sealed partial class TunedModel : IDisposable
{
    private readonly FrozenBackbone.Lease _lease;
    private readonly Tuner _tuner;
    private readonly Head _head;
    private readonly double _headDropout;
    private readonly Lazy<bool> _mixesRows;
    private int _disposed;

    private TunedModel(FrozenBackbone.Lease lease, Tuner tuner, Head head, int classes, double? headDropout)
    {
        (_lease, _tuner, _head, ClassCount) = (lease, tuner, head, classes);
        _headDropout = headDropout ?? Backbone.Config.HiddenDropout;
        _mixesRows = new(() => ComputeThread.Run(() =>
        {
            using var scope = torch.NewDisposeScope();
            using var noGrad = torch.no_grad();
            return ReferenceEquals(tuner.Encoder, Backbone.Encoder) && tuner.Encoder.Mixes(State());
        }));
        TrainedParameters = Parameters.Sum(p => p.Value.numel());
        TotalParameters = Backbone.ParameterCount + TrainedParameters - Parameters.Where(tuner.Replaces).Sum(p => p.Value.numel());
    }

    public FrozenBackbone Backbone => _lease.Backbone;

    public int ClassCount { get; }

    public IReadOnlyList<Parameter> Parameters => [.. _tuner.Parameters, .. _head.Parameters];

    /// <summary>What the tuning method trains for all models that share it: the same tensors in each.</summary>
    public IReadOnlyList<Parameter> SharedParameters => _tuner.SharedParameters;

    /// <summary>What is trained for this model alone: the head, and what the tuning method keeps for each.</summary>
    public IReadOnlyList<Parameter> OwnParameters => [.. _tuner.OwnParameters, .. _head.Parameters];

    /// <summary>How it computes.</summary>
    public Computation Computation
    {
        get;
        set
        {
            field = value;
            _pass = null;
        }
    }

    /// <summary>Number of trained parameters, counted by elements.</summary>
    public long TrainedParameters { get; }

    /// <summary>Those and the frozen ones, counted once.</summary>
    public long TotalParameters { get; }

    /// <summary>A model with initial values, to be trained. Takes over the lease.</summary>
    /// <param name="lease">The backbone.</param>
    /// <param name="method">What is trained.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="pools">Whether the head reads rows through a pooler.</param>
    /// <param name="headDropout">Dropout before the head; null for the backbone's.</param>
    /// <param name="seed">Seed of the initial values.</param>
    /// <param name="start">Values to begin with instead, the head's where they are for as many classes; null for none.</param>
    /// <param name="words">Words of each class, where a verbalizer takes the place of a classification head.</param>
    /// <param name="taskRank">Rank of the factor that makes a soft prompt this task's own (<see cref="TaskPromptTuner"/>); null for none.</param>
    /// <param name="vectors">Vectors that the head reads for each line of scores.</param>
    /// <param name="writes">Whether the head is the decoder's own, which scores the next token.</param>
    /// <exception cref="ArgumentException">There is nothing to train, or the method trains other tensors than <paramref name="start"/> holds.</exception>
    public static TunedModel Create(FrozenBackbone.Lease lease, TuningMethod method, int classes, bool pools, double? headDropout, long seed, SavedTensors? start = null,
        IReadOnlyList<IReadOnlyList<string>>? words = null, int? taskRank = null, int vectors = 1, bool writes = false)
    {
        var model = Build(lease, classes, headDropout, b =>
        {
            var tuner = method.CreateTuner(b, seed, start);
            return taskRank is { } rank ? new TaskPromptTuner(b, (VectorTuner)tuner, rank, seed) : tuner;
        }, b => writes || words is not null ? Untrained(b, words)
            : start is not null && LinearHead.Fits(b, classes, pools, start, vectors) ? LinearHead.Load(b, classes, pools, start, vectors) : LinearHead.Create(b, classes, pools, seed + 1, vectors));
        if (model.Parameters.Count > 0) return model;
        model.Dispose();
        throw new ArgumentException($"{method.GetType().Name} trains a head alone, and {(writes ? "a model that writes has the backbone's own; take another method." : "a verbalizer's is not trained; take another method, or leave Verbalizer null.")}");
    }

    /// <summary>A model for another task with what another one tunes, and a new head. Takes over the lease.</summary>
    public static TunedModel Sharing(TunedModel other, FrozenBackbone.Lease lease, int classes, bool pools, double? headDropout, long seed,
        IReadOnlyList<IReadOnlyList<string>>? words, int vectors = 1, bool writes = false) =>
        Build(lease, classes, headDropout, _ => other._tuner.Share(seed), b => writes || words is not null ? Untrained(b, words) : LinearHead.Create(b, classes, pools, seed + 1, vectors));

    /// <summary>A trained model from what <see cref="Save"/> wrote. Takes over the lease.</summary>
    /// <param name="lease">The backbone.</param>
    /// <param name="method">What was trained.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="pools">Whether the head reads rows through a pooler.</param>
    /// <param name="saved">What was saved.</param>
    /// <param name="words">Words of each class, where a verbalizer takes the place of a classification head.</param>
    /// <param name="wordTemperature">What their scores are divided by; null for nothing.</param>
    /// <param name="vectors">Vectors that the head reads for each line of scores.</param>
    /// <param name="writes">Whether the head is the decoder's own, which scores the next token.</param>
    /// <exception cref="InvalidDataException">A tensor is missing or of another shape.</exception>
    public static TunedModel Load(FrozenBackbone.Lease lease, TuningMethod method, int classes, bool pools, SavedTensors saved, IReadOnlyList<IReadOnlyList<string>>? words = null,
        double? wordTemperature = null, int vectors = 1, bool writes = false)
    {
        var model = Build(lease, classes, null, b => method.LoadTuner(b, saved.Read), b => writes || words is not null ? Untrained(b, words) : LinearHead.Load(b, classes, pools, saved, vectors));
        if (wordTemperature is { } temperature) model.DivideScores(temperature);
        return model;
    }

    // A head of the backbone's: one that scores words, or one that scores the next token.
    private static Head Untrained(FrozenBackbone backbone, IReadOnlyList<IReadOnlyList<string>>? words) => words is null ? new NextTokenHead(backbone.LanguageHead) : new VerbalizerHead(backbone, words);

    /// <summary>The largest magnitude of a trained number.</summary>
    public float LargestParameter() => ComputeThread.Run(() =>
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        return Parameters.Max(p => p.Value.abs().max().item<float>());
    });

    /// <summary>
    /// Ends training: from here on the model predicts with exactly the numbers that <see cref="Save"/> writes. Frees the memory that training needed.
    /// </summary>
    public void EndTraining() => ComputeThread.Run(() =>
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        foreach (var parameter in Parameters) parameter.Value.grad = null;
        _tuner.Fold();
        _kept = null;
        _tuner.Encoder.Trim();
    });

    /// <summary>Divides the head's scores by a temperature: the probabilities of all predictions from here on. A trained head saves them so; a verbalizer saves nothing.</summary>
    public void DivideScores(double temperature) => ComputeThread.Run(() =>
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        _head.DivideScores(temperature);
    });

    /// <summary>What was trained, by name.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public IReadOnlyDictionary<string, TensorData> Trained() => ComputeThread.Run(() =>
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var tensors = _tuner.ToSave().Concat(_head.Parameters.Select(p => (p.Name, Value: (torch.Tensor)p.Value)));
        return tensors.ToDictionary(t => t.Name, t => new TensorData(t.Name, t.Value.shape, ParameterFactory.ToArray(t.Value)));
    });

    /// <summary>What the tuning method trained, by name, without the head.</summary>
    public IReadOnlyDictionary<string, TensorData> TrainedWithoutHead()
    {
        var head = _head.Parameters.Select(p => p.Name).ToHashSet();
        return Trained().Where(t => !head.Contains(t.Key)).ToDictionary();
    }

    /// <summary>The value of one of the parameters, before a tuning method makes of them what it saves.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public TensorData ValueOf(string name) => ComputeThread.Run(() =>
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        var value = Parameters.Single(p => p.Name == name).Value;
        return new TensorData(name, value.shape, ParameterFactory.ToArray(value));
    });

    /// <summary>Writes what was trained as a safetensors file.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public void Save(Stream stream) => SafetensorsWriter.Write(stream, Trained().Values);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        ComputeThread.Run(() =>
        {
            _tuner.Dispose();
            _head.Dispose();
        });
        _lease.Dispose();
    }

    // If anything fails, what was created before is disposed.
    private static TunedModel Build(FrozenBackbone.Lease lease, int classes, double? headDropout, Func<FrozenBackbone, Tuner> makeTuner, Func<FrozenBackbone, Head> makeHead)
    {
        Tuner? tuner = null;
        try
        {
            return ComputeThread.Run(() =>
            {
                tuner = makeTuner(lease.Backbone);
                return new TunedModel(lease, tuner, makeHead(lease.Backbone), classes, headDropout);
            });
        }
        catch
        {
            tuner?.Dispose();
            lease.Dispose();
            throw;
        }
    }
}
