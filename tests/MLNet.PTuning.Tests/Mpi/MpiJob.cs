// Starts jobs of MPI for tests: installs Open MPI once where this machine has none and root may, and runs mpirun.
using System.Diagnostics;
using System.Text;
using MLNet.PTuning.Benchmarks.Ranks;

namespace MLNet.PTuning.Tests.Mpi;

/// <summary>A job that mpirun started.</summary>
internal sealed class MpiJob : IDisposable
{
    private static readonly Lazy<string?> Reason = new(() => Exists("mpirun") || DebianPackages.Install("openmpi-bin") && Exists("mpirun") ? null
        : "needs Open MPI (mpirun), which is not installed here, nor could apt-get install it");

    private readonly Process _process;
    private readonly StringBuilder _error = new();

    private MpiJob(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, e) =>
        {
            lock (_error) _error.AppendLine(e.Data);
        };
        process.BeginErrorReadLine();
    }

    /// <summary>Why no job can run here; null where one can.</summary>
    public static string? ReasonToSkip => Reason.Value;

    /// <summary>The program that is started: tests/TrainOnRanks.</summary>
    public static string Program => Path.Combine(AppContext.BaseDirectory.Replace("MLNet.PTuning.Tests", "TrainOnRanks"), "TrainOnRanks.dll");

    public StreamReader Output => _process.StandardOutput;

    public string Error
    {
        get
        {
            lock (_error) return _error.ToString();
        }
    }

    /// <summary>Starts a number of ranks.</summary>
    public static MpiJob Start(int ranks, string[] arguments, params (string Name, string Value)[] environment) =>
        Start("mpirun", ["--oversubscribe", "--bind-to", "none", "-n", $"{ranks}", "dotnet", "exec", Program, .. arguments], environment);

    /// <summary>Starts a command that starts ranks.</summary>
    public static MpiJob Start(string command, string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (string name in (string[])["OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "DOTNET_PROCESSOR_COUNT", "DOTNET_gcServer"]) start.Environment[name] = name.EndsWith("Server") ? "0" : "1";
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var job = new MpiJob(Process.Start(start)!);
        job._process.StandardInput.Close();
        return job;
    }

    /// <summary>Runs a job that is to succeed, and gives the lines that it wrote.</summary>
    public static string[] Run(int ranks, params string[] arguments)
    {
        using var job = Start(ranks, arguments);
        string[] lines = job.Output.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(job.Wait(TimeSpan.FromMinutes(3)) == 0, string.Join('\n', lines) + job.Error);
        return lines;
    }

    /// <summary>Waits for the end of all ranks, which is a failure where it takes longer.</summary>
    /// <returns>mpirun's exit code.</returns>
    public int Wait(TimeSpan limit)
    {
        Assert.True(_process.WaitForExit(limit), $"The job has not ended after {limit}.\n{Error}");
        _process.WaitForExit();
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    /// <summary>Whether a command is there.</summary>
    public static bool Exists(string command) => Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, command)));
}

/// <summary>A test that starts an MPI job over two network namespaces; skipped with the reason where there can be none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NetworkPairFactAttribute : FactAttribute
{
    public NetworkPairFactAttribute() => Skip = MpiJob.ReasonToSkip ?? (NetworkPair.IsPossible ? null : "needs network namespaces (ip netns add, unshare), which this machine does not allow to this user");
}

/// <summary>A test that starts a job of MPICH; skipped where it is not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class MpichFactAttribute : FactAttribute
{
    public MpichFactAttribute() => Skip = MpiJob.Exists("mpirun.mpich") ? null : "needs MPICH (mpirun.mpich, Debian's package mpich)";
}

/// <summary>A test that starts MPI jobs; skipped with the reason where none can run.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class MpiFactAttribute : FactAttribute
{
    public MpiFactAttribute() => Skip = MpiJob.ReasonToSkip;
}
