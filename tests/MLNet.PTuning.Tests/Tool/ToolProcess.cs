// ptuning as a process of its own.
using System.Diagnostics;

namespace MLNet.PTuning.Tests.Tool;

internal static class ToolProcess
{
    /// <summary>The program that the build put beside the tests.</summary>
    public static string Program => Path.Combine(AppContext.BaseDirectory, "MLNet.PTuning.Tool.dll");

    /// <summary>Starts it as a terminal does: with Ctrl-C's signal, which what runs in the background ignores, and so would all that it starts.</summary>
    public static Process Start(string folder, params string[] arguments) => Process.Start(new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", "exec", Program, .. arguments])
    {
        RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder,
    })!;

    /// <summary>Runs a command of the system's shell to its end.</summary>
    public static (int ExitCode, string Output, string Error) Shell(string command)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}

/// <summary>A test that needs a shell, signals or devices as Linux has them; elsewhere it is skipped and says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute() => Skip = OperatingSystem.IsLinux() ? null : "needs Linux's signals and devices";
}
