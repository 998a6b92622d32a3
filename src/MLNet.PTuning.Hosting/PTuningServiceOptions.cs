// What a service is configured with.
namespace MLNet.PTuning.Hosting;

/// <summary>
/// Options of <c>AddPTuning</c>, read from the configuration's section <see cref="Section"/>. Paths that are relative start at the host's content root.
/// </summary>
public sealed class PTuningServiceOptions
{
    /// <summary>Name of the section: <c>PTuning</c>.</summary>
    public const string Section = "PTuning";

    /// <summary>Model files by the name of their task, which the server has from the host's start on. Default: none.</summary>
    public IDictionary<string, string> Tasks { get; } = new Dictionary<string, string>();

    /// <summary>
    /// How the server gathers requests, what it refuses, and where backbones may be. Defaults are those of <see cref="PromptServerOptions"/>, but for
    /// <see cref="PromptServerOptions.MaxTextLength"/>, 20,000 characters, and <see cref="PromptServerOptions.MaxTexts"/>, 64.
    /// </summary>
    public PromptServerOptions Server { get; } = new() { MaxTextLength = 20_000, MaxTexts = 64 };
}
