// Programs that tests need and that are not part of .NET: installed by apt-get where that is possible.
using System.Diagnostics;

namespace MLNet.PTuning.Tests;

/// <summary>Debian's packages.</summary>
internal static class DebianPackages
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);
    // Two tests may install at the same time.
    private static readonly Lock Turn = new();

    /// <summary>Installs packages, with what they need alone. Whether that was possible: by root, with apt-get, in time.</summary>
    public static bool Install(params string[] packages)
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess || !File.Exists("/usr/bin/apt-get")) return false;
        lock (Turn) return Run(["update"]) && Run(["install", "-y", "--no-install-recommends", .. packages]);
    }

    private static bool Run(string[] arguments)
    {
        var start = new ProcessStartInfo("/usr/bin/apt-get", ["-o", "DPkg::Lock::Timeout=120", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (process.WaitForExit(Longest)) return process.ExitCode == 0;
        process.Kill(entireProcessTree: true);
        return false;
    }
}
