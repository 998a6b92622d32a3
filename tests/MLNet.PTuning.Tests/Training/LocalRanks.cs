// Ranks that are threads of this process, for tests of what ranks do together without MPI.
using System.Runtime.InteropServices;

namespace MLNet.PTuning.Tests.Training;

/// <summary>A number of ranks that exchange bytes through memory.</summary>
internal sealed class LocalRanks
{
    private readonly Lock _turn = new();
    private readonly Barrier _all;
    private readonly CancellationTokenSource _failed = new();
    private readonly byte[][] _bytes;
    private string? _failure;

    private LocalRanks(int size) => (_all, _bytes) = (new Barrier(size), new byte[size][]);

    /// <summary>What each rank's work gives. What a rank throws is thrown, that of the lowest rank first, once all have ended.</summary>
    public static T[] Run<T>(int size, Func<ICommunicator, T> work)
    {
        var results = TryAll(size, work);
        foreach (var (_, error) in results)
            if (error is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error);
        return [.. results.Select(r => r.Result!)];
    }

    /// <summary>What each rank's work gives or throws.</summary>
    public static (T? Result, Exception? Error)[] TryAll<T>(int size, Func<ICommunicator, T> work)
    {
        var ranks = new LocalRanks(size);
        var results = new (T?, Exception?)[size];
        Thread[] threads = [.. Enumerable.Range(0, size).Select(rank => new Thread(() =>
        {
            try
            {
                results[rank] = (work(new One(ranks, rank, size)), null);
            }
            catch (Exception e)
            {
                results[rank] = (default, e);
            }
        }))];
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) Assert.True(thread.Join(TimeSpan.FromMinutes(2)), "A rank still waits.");
        return results;
    }

    private byte[][] Exchange(int rank, ReadOnlySpan<byte> own)
    {
        _bytes[rank] = own.ToArray();
        Wait();
        byte[][] all = [.. _bytes];
        Wait();
        return all;
    }

    private void Wait()
    {
        try
        {
            _all.SignalAndWait(_failed.Token);
        }
        catch (OperationCanceledException)
        {
            throw new InvalidOperationException(_failure);
        }
    }

    private void Fail(int rank, string message)
    {
        lock (_turn) _failure ??= $"Rank {rank} of {_bytes.Length} failed: {message}";
        _failed.Cancel();
    }

    private sealed class One(LocalRanks ranks, int rank, int size) : ICommunicator
    {
        public int Rank => rank;

        public int Size => size;

        public void Sum(Span<float> values)
        {
            var sums = new double[values.Length];
            foreach (byte[] bytes in ranks.Exchange(rank, MemoryMarshal.AsBytes(values)))
            {
                var other = MemoryMarshal.Cast<byte, float>(bytes);
                Assert.Equal(sums.Length, other.Length);
                for (int i = 0; i < sums.Length; i++) sums[i] += other[i];
            }
            for (int i = 0; i < sums.Length; i++) values[i] = (float)sums[i];
        }

        public void Broadcast(Span<byte> values)
        {
            byte[] first = ranks.Exchange(rank, values)[0];
            Assert.Equal(values.Length, first.Length);
            first.CopyTo(values);
        }

        public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> values) => ranks.Exchange(rank, values);

        public void Barrier() => ranks.Exchange(rank, []);

        public void Fail(string message) => ranks.Fail(rank, message);
    }
}
