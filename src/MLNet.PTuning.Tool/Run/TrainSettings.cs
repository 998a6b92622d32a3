// What the command line asks of a training run.
namespace MLNet.PTuning.Tool.Run;

/// <summary>The arguments of <c>ptuning train</c>, as they were given; null where the library's default, or a guess, is to be taken.</summary>
internal sealed record TrainSettings
{
    public required TaskKind Task { get; init; }
    public required string Data { get; init; }
    public required string Backbone { get; init; }
    public required string Output { get; init; }
    public string? Test { get; init; }
    public double TestShare { get; init; }
    public required IReadOnlyDictionary<string, string[]> Columns { get; init; }
    public bool? HasHeader { get; init; }
    public char? Delimiter { get; init; }
    public string? Method { get; init; }
    public string? Search { get; init; }
    public int? Epochs { get; init; }
    public double? Rate { get; init; }
    public int? PromptLength { get; init; }
    public int? BatchSize { get; init; }
    public int? MaxLength { get; init; }
    public double? ValidationShare { get; init; }
    public int? Patience { get; init; }
    public Precision Precision { get; init; }
    public Pooling Pooling { get; init; }
    public int? Threads { get; init; }
    public int Seed { get; init; }
    public bool HeadOnly { get; init; }
    public bool EmbedBackbone { get; init; }
    public bool Force { get; init; }
    public bool Resume { get; init; }
    public required string CommandLine { get; init; }
}
