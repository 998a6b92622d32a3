// The ranks of an MPI job: sums in the order of ranks, and waiting that ends where another rank fails or does not answer.
using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace MLNet.PTuning;

/// <summary>
/// MPI moves bytes; what is added up is added up here, so that no algorithm of a library decides the order. Nothing that is called blocks: it is started, and then asked for until it is done.
/// </summary>
internal sealed unsafe class MpiCommunicator : ICommunicator
{
    // Numbers that are added up, and bytes that are gathered, at a time.
    private const int MostNumbers = 1 << 24, MostBytes = 1 << 28;
    // Small enough for libraries to send without a word from the receiver.
    private const int MessageBytes = 1024;
    private static readonly TimeSpan SpinningTime = TimeSpan.FromMicroseconds(20), YieldingTime = TimeSpan.FromMilliseconds(20), TellingTime = TimeSpan.FromSeconds(5);

    private readonly MpiLibrary? _library;
    private readonly nint _data, _failures;
    private readonly NativeBuffer _own = new(), _others = new();
    private string? _failure;
    private int _busy;

    /// <summary>A process alone.</summary>
    public MpiCommunicator() => Size = 1;

    /// <summary>All processes of a library that has been initialized.</summary>
    public MpiCommunicator(MpiLibrary library)
    {
        _library = library;
        (Rank, Size) = (library.RankIn(library.World), library.SizeOf(library.World));
        (_data, _failures) = (library.Duplicate(library.World), library.Duplicate(library.World));
    }

    public int Rank { get; }

    public int Size { get; }

    public void Sum(Span<float> values)
    {
        if (Size == 1) return;
        using var turn = new Turn(this);
        for (; values.Length > 0; values = values[Math.Min(MostNumbers, values.Length)..]) SumPart(values[..Math.Min(MostNumbers, values.Length)]);
    }

    public void Broadcast(Span<byte> values)
    {
        if (Size == 1) return;
        using var turn = new Turn(this);
        for (; values.Length > 0; values = values[Math.Min(MostBytes, values.Length)..])
        {
            var part = values[..Math.Min(MostBytes, values.Length)];
            byte* at = _own.Reserve(part.Length);
            if (Rank == 0) part.CopyTo(new Span<byte>(at, part.Length));
            Wait(_library!.StartBroadcast(at, part.Length, _data), "broadcast");
            if (Rank > 0) new Span<byte>(at, part.Length).CopyTo(part);
        }
    }

    public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> values)
    {
        if (Size == 1) return [values.ToArray()];
        using var turn = new Turn(this);
        long length = values.Length;
        var all = new byte[Size][];
        long[] lengths = [.. GatherPart(new ReadOnlySpan<byte>(&length, sizeof(long)), [.. Enumerable.Repeat(sizeof(long), Size)]).Select(bytes => BitConverter.ToInt64(bytes))];
        for (int rank = 0; rank < Size; rank++) all[rank] = new byte[lengths[rank]];
        int most = MostBytes / Size;
        for (long done = 0; done < lengths.Max(); done += most)
        {
            int[] counts = [.. lengths.Select(l => (int)Math.Clamp(l - done, 0, most))];
            byte[][] parts = GatherPart(values.Slice((int)Math.Min(done, length), counts[Rank]), counts);
            for (int rank = 0; rank < Size; rank++) parts[rank].CopyTo(all[rank], Math.Min(done, lengths[rank]));
        }
        return all;
    }

    public void Barrier()
    {
        if (Size == 1) return;
        using var turn = new Turn(this);
        Wait(_library!.StartBarrier(_data), "barrier");
    }

    public void Fail(string message)
    {
        if (Size == 1 || _failure is not null) return;
        _failure = $"This rank ({Rank} of {Size}) failed: {message}";
        // A thread that waits is the library's only caller.
        if (Volatile.Read(ref _busy) != 0) return;
        try
        {
            Tell(message);
        }
        catch (InvalidOperationException)
        {
            // What the others cannot be told they find out by their time limit.
        }
    }

    /// <summary>The process was told to end, as launchers tell the ranks that are left when one was killed.</summary>
    public void Stop() => _failure ??= $"This rank ({Rank} of {Size}) was stopped.";

    /// <summary>Ends the process's part in the job, with the others, however long these work on alone; of one that failed, was stopped, or in which a rank waits, ends all of it.</summary>
    public void End()
    {
        if (_failure is not null || Volatile.Read(ref _busy) != 0) _library!.Abort();
        else _library!.EndAll();
    }

    // Every rank adds up one block of the numbers, so that each sends and receives 2 (n − 1) / n of them, however many ranks there are.
    private void SumPart(Span<float> values)
    {
        int block = (values.Length + Size - 1) / Size;
        float* own = (float*)_own.Reserve(4L * block * Size), others = (float*)_others.Reserve(4L * block * Size);
        values.CopyTo(new Span<float>(own, values.Length));
        new Span<float>(own + values.Length, block * Size - values.Length).Clear();
        Wait(_library!.StartAllToAll(own, others, 4 * block, _data), "sum");
        var sums = new double[block];
        for (int rank = 0; rank < Size; rank++) Add(new ReadOnlySpan<float>(others + (long)rank * block, block), sums);
        for (int i = 0; i < block; i++) own[i] = (float)sums[i];
        Exchange((byte*)own, 4 * block, (byte*)others, [.. Enumerable.Repeat(4 * block, Size)], "sum");
        new Span<float>(others, values.Length).CopyTo(values);
    }

    private static void Add(ReadOnlySpan<float> numbers, Span<double> sums)
    {
        int i = 0;
        for (; i <= numbers.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(numbers[i..]), out var low, out var high);
            (new Vector<double>(sums[i..]) + low).CopyTo(sums[i..]);
            var rest = sums[(i + Vector<double>.Count)..];
            (new Vector<double>(rest) + high).CopyTo(rest);
        }
        for (; i < numbers.Length; i++) sums[i] += numbers[i];
    }

    private byte[][] GatherPart(ReadOnlySpan<byte> own, int[] counts)
    {
        byte* from = _own.Reserve(own.Length), to = _others.Reserve(counts.Sum());
        own.CopyTo(new Span<byte>(from, own.Length));
        Exchange(from, own.Length, to, counts, "gather");
        int at = 0;
        return Array.ConvertAll(counts, count => new ReadOnlySpan<byte>(to + (at += count) - count, count).ToArray());
    }

    private void Exchange(byte* from, int count, byte* to, int[] counts, string what)
    {
        // The library reads these until it is done, which it may be only after this process has given up.
        int* sizes = (int*)NativeMemory.Alloc((nuint)(2 * Size), sizeof(int)), starts = sizes + Size;
        for (int rank = 0, at = 0; rank < Size; at += counts[rank++]) (sizes[rank], starts[rank]) = (counts[rank], at);
        Wait(_library!.StartGather(from, count, to, sizes, starts, _data), what);
        NativeMemory.Free(sizes);
    }

    private void Wait(nint request, string what)
    {
        long start = Stopwatch.GetTimestamp();
        while (!_library!.IsDone(ref request))
        {
            var waited = Stopwatch.GetElapsedTime(start);
            if (waited < SpinningTime) Thread.SpinWait(20);
            else if (_library.HasMessage(_failures)) throw new InvalidOperationException(_failure = Told());
            else if (waited > Mpi.TimeLimit)
                throw new TimeoutException(_failure = $"Rank {Rank} of {Size} has waited {Mpi.TimeLimit} for the others ({what}): one of them was stopped, or takes longer for its part. Set Mpi.TimeLimit higher where that may be.");
            else if (waited < YieldingTime) Thread.Yield();
            else Thread.Sleep(1);
        }
    }

    private void Tell(string message)
    {
        byte* text = (byte*)NativeMemory.AllocZeroed(MessageBytes);
        *(int*)text = Rank;
        Encoding.UTF8.GetEncoder().Convert(message, new Span<byte>(text + sizeof(int), MessageBytes - sizeof(int) - 1), flush: true, out _, out _, out _);
        nint[] requests = [.. Enumerable.Range(0, Size).Where(rank => rank != Rank).Select(rank => Send(rank))];
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < requests.Length; i++)
            while (!_library!.IsDone(ref requests[i]) && Stopwatch.GetElapsedTime(start) < TellingTime) Thread.Yield();

        nint Send(int rank) => _library!.StartSend(text, MessageBytes, rank, _failures);
    }

    private string Told()
    {
        byte* text = stackalloc byte[MessageBytes];
        _library!.Receive(text, MessageBytes, _failures);
        return $"Rank {*(int*)text} of {Size} failed: {Marshal.PtrToStringUTF8((nint)(text + sizeof(int)))}";
    }

    // One call at a time, and none after a failure.
    private readonly ref struct Turn : IDisposable
    {
        private readonly MpiCommunicator _ranks;

        public Turn(MpiCommunicator ranks)
        {
            if (ranks._failure is { } failure) throw new InvalidOperationException($"These ranks cannot work together any more. {failure}");
            if (Interlocked.Exchange(ref ranks._busy, 1) != 0) throw new InvalidOperationException("Ranks do one thing at a time: two trainings with one communicator would take each other's messages. Run one after the other.");
            _ranks = ranks;
        }

        public void Dispose() => Volatile.Write(ref _ranks._busy, 0);
    }
}
