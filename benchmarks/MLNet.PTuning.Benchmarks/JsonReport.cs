// Writes a benchmark's figures as JSON, the twin of the table on the screen.
using System.Runtime.InteropServices;
using System.Text.Json;

namespace MLNet.PTuning.Benchmarks;

internal static class JsonReport
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    /// <summary>What the figures depend on in addition to the code.</summary>
    public static object Machine => new
    {
        processors = Environment.ProcessorCount,
        architecture = RuntimeInformation.ProcessArchitecture.ToString(),
        runtime = RuntimeInformation.FrameworkDescription,
    };

    public static void Write(FileInfo? file, object report)
    {
        if (file is null) return;
        file.Directory?.Create();
        File.WriteAllText(file.FullName, JsonSerializer.Serialize(report, Options) + "\n");
    }
}
