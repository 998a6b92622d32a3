// A disk that tests can fill.
using System.ComponentModel;
using System.Diagnostics;

namespace MLNet.PTuning.Tests;

/// <summary>A file system of a few kilobytes, where the process may mount one.</summary>
internal sealed class SmallDisk : IDisposable
{
    public SmallDisk(string path, int kilobytes)
    {
        Path = path;
        Directory.CreateDirectory(path);
        if (!Run("mount", "-t", "tmpfs", "-o", $"size={kilobytes}k", "tmpfs", path)) throw new IOException($"{path} cannot be mounted.");
    }

    public string Path { get; }

    public static bool IsPossible { get; } = TryMount();

    public void Dispose() => Run("umount", Path);

    private static bool TryMount()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess) return false;
        string folder = Directory.CreateTempSubdirectory("mlnet-ptuning-").FullName;
        try
        {
            new SmallDisk(folder, kilobytes: 16).Dispose();
            return true;
        }
        // The program may be missing, too.
        catch (Exception e) when (e is IOException or Win32Exception)
        {
            return false;
        }
        finally
        {
            Directory.Delete(folder);
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}

/// <summary>A test that needs a disk small enough to fill; skipped where none can be mounted.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SmallDiskFactAttribute : FactAttribute
{
    public SmallDiskFactAttribute() => Skip = SmallDisk.IsPossible ? null : "needs to mount a file system, which this process may not";
}
