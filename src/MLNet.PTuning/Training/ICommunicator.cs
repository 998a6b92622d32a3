// What training, searching and scoring need of processes that work together, and one process alone.
namespace MLNet.PTuning;

/// <summary>
/// Processes that work on one training, search or scoring together. Each has a rank, from 0 to <see cref="Size"/> − 1; all of them call the same methods in the same order,
/// and each call waits for the other ranks' calls. The package MLNet.PTuning.Mpi has one over MPI, <c>Mpi.World</c>. Calls of one rank never overlap; they may come from different threads.
/// </summary>
/// <remarks>A method of an implementation throws where another rank has failed, with that rank's message, and where the others did not answer within its time limit. It cannot be used after that.</remarks>
public interface ICommunicator
{
    /// <summary>This process's number, from 0. Rank 0 writes what is written once: checkpoints, logs, progress, models.</summary>
    int Rank { get; }

    /// <summary>Number of processes.</summary>
    int Size { get; }

    /// <summary>Replaces each element by its sum over all ranks. Added up in an order that depends on nothing but <see cref="Size"/>: the same numbers give the same bits in every run and on every rank.</summary>
    /// <param name="values">As many on every rank.</param>
    void Sum(Span<float> values);

    /// <summary>Replaces the bytes by those of rank 0.</summary>
    /// <param name="values">As many on every rank.</param>
    void Broadcast(Span<byte> values);

    /// <summary>The bytes of every rank, in the order of ranks, on every rank.</summary>
    /// <param name="values">This rank's; any number.</param>
    IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> values);

    /// <summary>Waits until every rank has called it.</summary>
    void Barrier();

    /// <summary>Tells the other ranks that this one cannot go on: what they wait in throws. Nothing happens where another rank failed before. Does not throw.</summary>
    /// <param name="message">Why.</param>
    void Fail(string message);
}

/// <summary>A process alone.</summary>
internal sealed class OneRank : ICommunicator
{
    public static readonly OneRank Instance = new();

    public int Rank => 0;

    public int Size => 1;

    public void Sum(Span<float> values) { }

    public void Broadcast(Span<byte> values) { }

    public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> values) => [values.ToArray()];

    public void Barrier() { }

    public void Fail(string message) { }
}
