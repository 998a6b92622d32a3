// The functions of an MPI library that are called here: Open MPI's, or one of MPICH's family, found when the process starts to use it.
using System.Runtime.InteropServices;

namespace MLNet.PTuning;

/// <summary>
/// A loaded library. Open MPI's handles are addresses. In the family of MPICH (Intel MPI, MVAPICH) they are numbers of 32 bits, which are passed in a register as an address is, and written
/// into the lower half of memory that was zero before.
/// </summary>
internal sealed unsafe class MpiLibrary
{
    private const int SerializedThreads = 2, OpenAnyRank = -1, MpichAnyRank = -2;

    private readonly delegate* unmanaged<int*, void*, int, int*, int> _init;
    private readonly delegate* unmanaged<int> _finalize;
    private readonly delegate* unmanaged<nint, int, int> _abort;
    private readonly delegate* unmanaged<nint, int*, int> _rank, _size;
    private readonly delegate* unmanaged<nint, nint*, int> _duplicate;
    private readonly delegate* unmanaged<void*, int, nint, void*, int, nint, nint, nint*, int> _allToAll;
    private readonly delegate* unmanaged<void*, int, nint, void*, int*, int*, nint, nint, nint*, int> _gather;
    private readonly delegate* unmanaged<void*, int, nint, int, nint, nint*, int> _broadcast;
    private readonly delegate* unmanaged<nint, nint*, int> _barrier;
    private readonly delegate* unmanaged<nint*, int*, void*, int> _test;
    private readonly delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int> _send;
    private readonly delegate* unmanaged<int, int, nint, int*, void*, int> _probe;
    private readonly delegate* unmanaged<void*, int, nint, int, int, nint, void*, int> _receive;
    private readonly nint _world, _byte;
    private readonly int _anyRank;
    private readonly void* _ignored;

    private MpiLibrary(nint library, string version)
    {
        Version = version;
        _init = (delegate* unmanaged<int*, void*, int, int*, int>)Function("MPI_Init_thread");
        _finalize = (delegate* unmanaged<int>)Function("MPI_Finalize");
        _abort = (delegate* unmanaged<nint, int, int>)Function("MPI_Abort");
        _rank = (delegate* unmanaged<nint, int*, int>)Function("MPI_Comm_rank");
        _size = (delegate* unmanaged<nint, int*, int>)Function("MPI_Comm_size");
        _duplicate = (delegate* unmanaged<nint, nint*, int>)Function("MPI_Comm_dup");
        _allToAll = (delegate* unmanaged<void*, int, nint, void*, int, nint, nint, nint*, int>)Function("MPI_Ialltoall");
        _gather = (delegate* unmanaged<void*, int, nint, void*, int*, int*, nint, nint, nint*, int>)Function("MPI_Iallgatherv");
        _broadcast = (delegate* unmanaged<void*, int, nint, int, nint, nint*, int>)Function("MPI_Ibcast");
        _barrier = (delegate* unmanaged<nint, nint*, int>)Function("MPI_Ibarrier");
        _test = (delegate* unmanaged<nint*, int*, void*, int>)Function("MPI_Test");
        _send = (delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int>)Function("MPI_Isend");
        _probe = (delegate* unmanaged<int, int, nint, int*, void*, int>)Function("MPI_Iprobe");
        _receive = (delegate* unmanaged<void*, int, nint, int, int, nint, void*, int>)Function("MPI_Recv");
        if (IsOpen(version))
        {
            (_world, _byte) = (NativeLibrary.GetExport(library, "ompi_mpi_comm_world"), NativeLibrary.GetExport(library, "ompi_mpi_byte"));
            _anyRank = OpenAnyRank;
        }
        else
        {
            // Fixed by MPICH's common binary interface of 2013.
            (_world, _byte) = (0x44000000, 0x4c00010d);
            _anyRank = MpichAnyRank;
            _ignored = (void*)1;
        }

        nint Function(string name) => NativeLibrary.TryGetExport(library, name, out nint address) ? address
            : throw new NotSupportedException($"The MPI library ({version}) has no function {name}, which MPI 3.0 has. Install Open MPI 4 or later, or MPICH 3.1 or later.");
    }

    /// <summary>What the library says that it is, in one line.</summary>
    public string Version { get; }

    public nint World => _world;

    /// <summary>Loads the first library of some names that there is.</summary>
    /// <exception cref="DllNotFoundException">There is none.</exception>
    /// <exception cref="NotSupportedException">It is of another family, whose handles are not known here.</exception>
    public static MpiLibrary Load(IReadOnlyList<string> names)
    {
        nint library = 0;
        if (!names.Any(name => NativeLibrary.TryLoad(name, out library)))
            throw new DllNotFoundException($"There is no MPI library here (looked for {string.Join(", ", names)}). Install Open MPI (Debian and Ubuntu: openmpi-bin and libopenmpi3; Fedora: openmpi) or MPICH on every machine, or give its path in the environment variable {Mpi.LibraryVariable}.");
        string version = VersionOf(library);
        return IsOpen(version) || IsMpich(version) ? new MpiLibrary(library, version)
            : throw new NotSupportedException($"The MPI library is '{version}', whose binary interface is not known here; known are Open MPI's and MPICH's (Intel MPI's, MVAPICH's). Give the path of one of these in the environment variable {Mpi.LibraryVariable}.");
    }

    /// <exception cref="NotSupportedException">The library may be called by the process's first thread alone.</exception>
    public void Initialize()
    {
        int provided;
        Check(_init(null, null, SerializedThreads, &provided), "MPI_Init_thread");
        if (provided < SerializedThreads) throw new NotSupportedException($"The MPI library ({Version}) was built without support for threads (it provides level {provided}, {SerializedThreads} is needed). Install one with it.");
    }

    public void EndAll() => _finalize();

    public void Abort() => _abort(_world, 1);

    public int RankIn(nint communicator)
    {
        int rank;
        Check(_rank(communicator, &rank), "MPI_Comm_rank");
        return rank;
    }

    public int SizeOf(nint communicator)
    {
        int size;
        Check(_size(communicator, &size), "MPI_Comm_size");
        return size;
    }

    public nint Duplicate(nint communicator)
    {
        nint copy = 0;
        Check(_duplicate(communicator, &copy), "MPI_Comm_dup");
        return copy;
    }

    /// <summary>Starts to give each rank its block of <paramref name="blockBytes"/>.</summary>
    public nint StartAllToAll(void* from, void* to, int blockBytes, nint communicator)
    {
        nint request = 0;
        Check(_allToAll(from, blockBytes, _byte, to, blockBytes, _byte, communicator, &request), "MPI_Ialltoall");
        return request;
    }

    /// <summary>Starts to give all ranks every rank's bytes.</summary>
    public nint StartGather(void* from, int count, void* to, int* counts, int* starts, nint communicator)
    {
        nint request = 0;
        Check(_gather(from, count, _byte, to, counts, starts, _byte, communicator, &request), "MPI_Iallgatherv");
        return request;
    }

    public nint StartBroadcast(void* values, int count, nint communicator)
    {
        nint request = 0;
        Check(_broadcast(values, count, _byte, 0, communicator, &request), "MPI_Ibcast");
        return request;
    }

    public nint StartBarrier(nint communicator)
    {
        nint request = 0;
        Check(_barrier(communicator, &request), "MPI_Ibarrier");
        return request;
    }

    public nint StartSend(void* values, int count, int to, nint communicator)
    {
        nint request = 0;
        Check(_send(values, count, _byte, to, 0, communicator, &request), "MPI_Isend");
        return request;
    }

    /// <summary>Whether what was started is done.</summary>
    public bool IsDone(ref nint request)
    {
        int done = 0;
        fixed (nint* at = &request) Check(_test(at, &done, _ignored), "MPI_Test");
        return done != 0;
    }

    /// <summary>Whether a message has come.</summary>
    public bool HasMessage(nint communicator)
    {
        int has = 0;
        Check(_probe(_anyRank, 0, communicator, &has, _ignored), "MPI_Iprobe");
        return has != 0;
    }

    /// <summary>Takes a message of a fixed number of bytes.</summary>
    public void Receive(void* values, int count, nint communicator) => Check(_receive(values, count, _byte, _anyRank, 0, communicator, _ignored), "MPI_Recv");

    private static bool IsOpen(string version) => version.StartsWith("Open MPI", StringComparison.Ordinal);

    private static bool IsMpich(string version) => new[] { "MPICH", "Intel(R) MPI", "MVAPICH" }.Any(name => version.Contains(name, StringComparison.Ordinal));

    private static string VersionOf(nint library)
    {
        // MPICH describes how it was built in several thousand characters.
        const int Longest = 8192;
        if (!NativeLibrary.TryGetExport(library, "MPI_Get_library_version", out nint address)) return "one without MPI_Get_library_version";
        byte* text = stackalloc byte[Longest];
        int length;
        ((delegate* unmanaged<byte*, int*, int>)address)(text, &length);
        string version = Marshal.PtrToStringUTF8((nint)text) ?? "";
        return version.Split('\n', ',')[0].Replace('\t', ' ').Trim();
    }

    private static void Check(int result, string function)
    {
        if (result != 0) throw new InvalidOperationException($"{function} failed with code {result}.");
    }
}
