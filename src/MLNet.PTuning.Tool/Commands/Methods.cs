// The tuning methods by the names that the command line has for them.
namespace MLNet.PTuning.Tool.Commands;

internal static class Methods
{
    private const string Default = "deep-prompt";

    /// <summary>The names.</summary>
    public static string[] Names { get; } = [Default, "prefix", "soft-prompt", "p-tuning", "adapter", "bitfit", "head", "full"];

    /// <summary>A method; null for the task's default.</summary>
    /// <param name="name">Its name; null for the default.</param>
    /// <param name="length">Vectors of its prompt; null for its default.</param>
    /// <exception cref="BadUsageException">The method has no prompt whose length could be set.</exception>
    public static TuningMethod? Create(string? name, int? length) => (name ?? Default, length) switch
    {
        (Default, null) => name is null ? null : new DeepPrompt(),
        (Default, { } vectors) => new DeepPrompt { Length = vectors },
        ("prefix", var vectors) => vectors is { } given ? new PrefixTuning { Length = given } : new PrefixTuning(),
        ("soft-prompt", var vectors) => vectors is { } given ? new SoftPrompt { Length = given } : new SoftPrompt(),
        (_, not null) => throw new BadUsageException($"--prompt-length is of prompts, and --method {name} has none of that kind; leave one of them out."),
        ("p-tuning", _) => new PTuningV1(),
        ("adapter", _) => new BottleneckAdapter(),
        ("bitfit", _) => new BitFit(),
        ("head", _) => new HeadOnly(),
        _ => new FullFineTuning(),
    };
}
