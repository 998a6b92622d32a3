// A run on disk: parameters, the optimizer's moments, the best epoch's parameters and the position, in one safetensors file.
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tuning;

namespace MLNet.PTuning.Training;

/// <summary>Writes one run's checkpoints when they are due, and restores a run from one.</summary>
/// <param name="model">The model under training.</param>
/// <param name="optimizer">Its optimizer.</param>
/// <param name="options">Where to, how often, where from.</param>
/// <param name="identity">What the run is a function of (<see cref="RunIdentity"/>).</param>
internal sealed class Checkpoint(TunedModel model, AdamW optimizer, TrainingOptions options, SortedDictionary<string, string> identity)
{
    private const string Format = "mlnet-ptuning-checkpoint-1";
    private const string Value = "value.", First = "first_moment.", Second = "second_moment.", Best = "best.";

    private readonly ICommunicator _ranks = options.Ranks;
    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();

    private bool IsDue => optimizer.Steps % options.CheckpointEverySteps == 0 || _sinceLast.Elapsed >= options.CheckpointEvery;

    /// <summary>The seed of the run that wrote a checkpoint.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is no checkpoint.</exception>
    public static int SeedOf(string path)
    {
        using var file = Open(path);
        return int.Parse(IdentityIn(file)[nameof(TrainingOptions.Seed)], CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// The run's first state: a new one, or that of the checkpoint <c>ResumeFrom</c>. Writes it, so that a path that cannot be written to is found at once.
    /// Of several ranks the first reads and writes, and all have its state.
    /// </summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is no checkpoint, or a damaged one.</exception>
    /// <exception cref="ArgumentException">It is of a run on other rows or with other settings.</exception>
    /// <exception cref="IOException">The checkpoint cannot be written.</exception>
    public RunState Begin()
    {
        var state = _ranks.Rank == 0 && options.ResumeFrom is { } path ? Read(path) : new RunState(model.ClassCount);
        if (_ranks.Rank == 0 && options.CheckpointPath is { } target) AtomicFile.DeleteLeftovers(target);
        Write(state);
        return OnAllRanks(state);
    }

    // What was initialized is rank 0's too: it is random where there is no seed.
    private RunState OnAllRanks(RunState first)
    {
        var state = _ranks.FromFirst(first);
        optimizer.Steps = _ranks.FromFirst(optimizer.Steps);
        _ranks.Broadcast([.. model.Parameters.Select(p => p.Value), .. optimizer.FirstMoments, .. optimizer.SecondMoments]);
        if (_ranks.Size == 1 || state.BestEpoch is null) return state;
        if (_ranks.Rank > 0) state.BestParameters = [.. model.Parameters.Select(p => new float[p.Value.numel()])];
        foreach (float[] values in state.BestParameters) _ranks.Broadcast(MemoryMarshal.AsBytes(values.AsSpan()));
        return state;
    }

    /// <summary>Called after a step that does not end an epoch.</summary>
    public void AfterStep(RunState state)
    {
        if (IsDue) Write(state);
    }

    /// <summary>Called after an epoch.</summary>
    public void AfterEpoch(RunState state, bool isLast)
    {
        if (isLast || IsDue || (options.CheckpointEverySteps is null && options.CheckpointEvery is null)) Write(state);
    }

    // One move replaces the file: whenever the process ends, the older checkpoint or this one is there in full.
    private void Write(RunState state)
    {
        if (_ranks.Rank > 0 || options.CheckpointPath is not { } path) return;
        var tensors = ComputeThread.Run(() => model.Parameters.SelectMany((p, i) => new[]
        {
            Tensor(Value, p, ParameterFactory.ToArray(p.Value)),
            Tensor(First, p, ParameterFactory.ToArray(optimizer.FirstMoments[i])),
            Tensor(Second, p, ParameterFactory.ToArray(optimizer.SecondMoments[i])),
        }).ToList());
        tensors.AddRange(model.Parameters.Zip(state.BestParameters, (p, best) => Tensor(Best, p, best)));
        SafetensorsWriter.Write(path, tensors, new Dictionary<string, string>
        {
            ["format"] = Format,
            ["run"] = JsonSerializer.Serialize(identity),
            ["state"] = JsonSerializer.Serialize(state, RunState.Json),
            ["steps"] = optimizer.Steps.ToString(CultureInfo.InvariantCulture),
        });
        _sinceLast.Restart();
    }

    private RunState Read(string path)
    {
        using var file = Open(path);
        if (RunIdentity.Difference(IdentityIn(file), identity) is { } difference)
            throw new ArgumentException($"The checkpoint {path} is of another run ({difference}). Give the rows and settings that it was written with, or start a new run without ResumeFrom.");
        var state = Parse<RunState>(file, "state");
        optimizer.Steps = Parse<int>(file, "steps");
        ComputeThread.Run(() =>
        {
            foreach (var (p, i) in model.Parameters.Select((p, i) => (p, i)))
            {
                ParameterFactory.Copy(Floats(file, Value, p), p.Value);
                ParameterFactory.Copy(Floats(file, First, p), optimizer.FirstMoments[i]);
                ParameterFactory.Copy(Floats(file, Second, p), optimizer.SecondMoments[i]);
            }
        });
        if (state.BestEpoch is not null) state.BestParameters = [.. model.Parameters.Select(p => Floats(file, Best, p))];
        return state;
    }

    private static TensorData Tensor(string kind, Parameter parameter, float[] values) => new(kind + parameter.Name, parameter.Value.shape, values);

    private static float[] Floats(WeightFile file, string kind, Parameter parameter)
    {
        if (!file.Entries.TryGetValue(kind + parameter.Name, out var entry)) throw NotUsable(file.Path, $"it holds no tensor '{kind + parameter.Name}'");
        if (!entry.Shape.AsSpan().SequenceEqual(parameter.Value.shape))
            throw NotUsable(file.Path, $"its tensor '{entry.Name}' has shape {entry.ShapeText} instead of [{string.Join(", ", parameter.Value.shape)}]");
        return file.ReadFloats(entry.Name);
    }

    private static WeightFile Open(string path)
    {
        if (!File.Exists(path)) throw new FileNotFoundException($"There is no checkpoint {path} to continue from. Leave ResumeFrom null to train from the beginning.", path);
        var file = WeightFile.OpenOne(path);
        if (file.Metadata.GetValueOrDefault("format") == Format) return file;
        file.Dispose();
        throw NotUsable(path, $"its format is not '{Format}'");
    }

    private static Dictionary<string, string> IdentityIn(WeightFile file) => Parse<Dictionary<string, string>>(file, "run");

    private static T Parse<T>(WeightFile file, string key)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(file.Metadata[key], RunState.Json)!;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException)
        {
            throw NotUsable(file.Path, $"its '{key}' cannot be read ({e.Message})");
        }
    }

    private static InvalidDataException NotUsable(string path, string why) => new($"{path} is no usable checkpoint: {why}. Give ResumeFrom a file that training wrote to CheckpointPath.");
}
