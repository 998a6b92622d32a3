// Measures in a process of its own, so that memory taken before is not counted.
using System.Diagnostics;
using System.Text.Json;

namespace MLNet.PTuning.Benchmarks;

internal static class OwnProcess
{
    /// <summary>What starts this program again, before its arguments.</summary>
    public static string[] Command => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Environment.ProcessPath!, Environment.GetCommandLineArgs()[0]] : [Environment.ProcessPath!];

    /// <summary>Starts this program again and reads what it prints as JSON.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static T Ask<T>(params string[] arguments)
    {
        var start = new ProcessStartInfo(Command[0], [.. Command[1..], .. arguments]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        string answer = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? JsonSerializer.Deserialize<T>(answer)!
            : throw new InvalidOperationException($"Measuring '{string.Join(' ', arguments)}' ended with exit code {process.ExitCode}; its message is above.");
    }

    /// <summary>Prints the answer to <see cref="Ask"/>.</summary>
    public static void Answer<T>(T answer) => Console.WriteLine(JsonSerializer.Serialize(answer));
}
