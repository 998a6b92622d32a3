// The public entry point: the processes that an MPI launcher started together.
using System.Globalization;
using System.Runtime.InteropServices;

namespace MLNet.PTuning;

/// <summary>Training, search and scoring over MPI: the processes that <c>mpirun</c>, <c>srun</c> or another launcher of MPI started as one job.</summary>
/// <remarks>
/// The machine's own MPI library is loaded when <see cref="World"/> is first read: Open MPI 4 or later, or one of MPICH's family (Intel MPI, MVAPICH). The environment variable
/// <c>PTUNING_MPI_LIBRARY</c> names another file. It is finalized when the process ends: ranks that end early wait for the others there.
/// </remarks>
public static class Mpi
{
    internal const string LibraryVariable = "PTUNING_MPI_LIBRARY";

    // Each launcher tells its processes so; Open MPI's, a PMIx server (Slurm, PRRTE), and MPICH's, Intel's and Slurm's PMI.
    private const string OpenMpiSize = "OMPI_COMM_WORLD_SIZE", PmixRank = "PMIX_RANK", PmiRank = "PMI_RANK", PmiSize = "PMI_SIZE", SlurmSize = "SLURM_STEP_NUM_TASKS";

    private static readonly string[] OpenNames = OperatingSystem.IsMacOS() ? ["libmpi.40.dylib", "libmpi.dylib"] : ["libmpi.so.40", "libmpi.so.80"];
    private static readonly string[] MpichNames = OperatingSystem.IsMacOS() ? ["libmpi.12.dylib", "libmpich.dylib"] : ["libmpi.so.12", "libmpich.so.12"];
    private static readonly Lazy<ICommunicator> Job = new(Start);
    // Held for as long as the process lives: it ends when it is collected.
    private static PosixSignalRegistration? _termination;

    /// <summary>
    /// All processes of the job. A process that no launcher started is alone, rank 0 of 1, and needs no MPI library: the same program runs on one machine and on many.
    /// </summary>
    /// <exception cref="DllNotFoundException">A launcher started this process, and there is no MPI library.</exception>
    /// <exception cref="NotSupportedException">The library is of a family that is not known, too old, or built without support for threads.</exception>
    /// <exception cref="InvalidOperationException">The library is of another MPI than the launcher, or Slurm started several processes without MPI.</exception>
    public static ICommunicator World => Job.Value;

    /// <summary>
    /// How long a rank waits for another before it fails. Default 30 minutes, since launchers end a job of which a process has died in any case. A search waits for its
    /// longest trial: set more where one takes longer than that.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive.</exception>
    public static TimeSpan TimeLimit
    {
        get;
        set => field = value > TimeSpan.Zero ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "A time limit is positive.");
    } = TimeSpan.FromMinutes(30);

    private static ICommunicator Start()
    {
        bool isOpen = Variable(OpenMpiSize) is not null || Variable(PmixRank) is not null, isMpich = Variable(PmiRank) is not null;
        if (!isOpen && !isMpich)
        {
            // Each would train alone, and all would write the same files.
            return int.TryParse(Variable(SlurmSize), NumberStyles.None, CultureInfo.InvariantCulture, out int tasks) && tasks > 1
                ? throw new InvalidOperationException($"srun started {tasks} processes, but not as a job of MPI. Add --mpi=pmix (for Open MPI) or --mpi=pmi2 (for MPICH); srun --mpi=list says which there are.")
                : new MpiCommunicator();
        }
        string[] names = Variable(LibraryVariable) is { } path ? [path] : isOpen ? [.. OpenNames, .. MpichNames, "libmpi.so"] : [.. MpichNames, .. OpenNames, "libmpi.so"];
        var library = MpiLibrary.Load(names);
        library.Initialize();
        var world = new MpiCommunicator(library);
        _termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => world.Stop());
        AppDomain.CurrentDomain.ProcessExit += (_, _) => world.End();
        int started = new[] { OpenMpiSize, PmiSize, SlurmSize }.Select(Variable).OfType<string>().Select(size => int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : 1).FirstOrDefault(1);
        return world.Size == started || world.Size > 1 ? world : throw new InvalidOperationException(
            $"The launcher started {started} ranks, but to the MPI library ({library.Version}) this process is alone: the launcher is of another MPI. Start the job with that library's own mpirun, or give the path of the launcher's library in the environment variable {LibraryVariable}.");
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
