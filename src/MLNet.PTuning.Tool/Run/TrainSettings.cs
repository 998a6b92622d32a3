// What the command line asks of a training run.
using MLNet.PTuning.Tool.Data;

namespace MLNet.PTuning.Tool.Run;

/// <summary>The arguments of <c>ptuning train</c>; null where the library's default, or a guess, is to be taken.</summary>
internal sealed record TrainSettings
{
    /// <summary>The task, the verb's last word.</summary>
    public required TaskKind Task { get; init; }
    /// <summary>The file to train on.</summary>
    public required string Data { get; init; }
    /// <summary>The backbone's folder.</summary>
    public required string Backbone { get; init; }
    /// <summary>The folder to write.</summary>
    public required string Output { get; init; }
    /// <summary>The file to test on; null to hold out <see cref="TestShare"/>.</summary>
    public string? Test { get; init; }
    /// <summary>Share of the rows to test on, from 0.</summary>
    public double TestShare { get; init; }
    /// <summary>The file's columns that were named, by ML.NET's column.</summary>
    public required IReadOnlyDictionary<string, string[]> Columns { get; init; }
    /// <summary>How the files are to be read.</summary>
    public required ReadingOptions Reading { get; init; }
    /// <summary>What is trained; null for P-Tuning v2.</summary>
    public TuningMethod? Method { get; init; }
    /// <summary>The search; null for a single training.</summary>
    public PromptSearchOptions? Search { get; init; }
    public int? Epochs { get; init; }
    public double? Rate { get; init; }
    public int? BatchSize { get; init; }
    public int? MaxLength { get; init; }
    public double? ValidationShare { get; init; }
    public int? Patience { get; init; }
    /// <summary>Whether probabilities are calibrated on the validation rows after training.</summary>
    public bool Calibrate { get; init; }
    public Precision Precision { get; init; }
    public Pooling Pooling { get; init; }
    public int? Threads { get; init; }
    public int? MaxNewTokens { get; init; }
    public int Seed { get; init; }
    /// <summary>Whether a head is trained alone to compare with.</summary>
    public bool ComparesHead { get; init; }
    public bool EmbedBackbone { get; init; }
    /// <summary>Whether an output folder that is not empty is replaced.</summary>
    public bool Force { get; init; }
    /// <summary>Whether to continue from the checkpoint of a run that was stopped.</summary>
    public bool Resume { get; init; }
    /// <summary>Whether to read the data and say what was found, and no more.</summary>
    public bool DryRun { get; init; }
    /// <summary>The command as a shell takes it.</summary>
    public required string CommandLine { get; init; }

    /// <summary>The checkpoint of this run, beside the output folder.</summary>
    public string Checkpoint => Beside(".checkpoint");

    /// <summary>The folder of this run's search, beside the output folder.</summary>
    public string SearchFolder => Beside(".search");

    private string Beside(string ending) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(Output)) + ending;
}
