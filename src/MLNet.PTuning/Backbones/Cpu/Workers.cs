// The threads that compute parts of a batch.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>
/// Long-lived threads, each of which calls libtorch with one thread of its own: parts of a batch are computed in parallel from the first layer to the last
/// without waiting for each other in between. The calling thread takes parts itself. A row alone is divided many times a pass, for tens of microseconds
/// each, which is what waking a thread takes: who waits looks for a moment whether it goes on before it sleeps, and a part whose thread does not run,
/// because other programs have its core, is computed by the calling thread.
/// </summary>
internal static class Workers
{
    // How long that moment is: a few times what one of a row's products takes.
    private static readonly long LookingTime = Stopwatch.Frequency / 10_000;

    private static readonly List<Worker> All = [];
    private static Call? _call;

    /// <summary>Calls <paramref name="body"/> with every number below <paramref name="count"/>, on as many threads at most, and waits.</summary>
    public static void Run(int count, Action<int> body)
    {
        var call = new Call(count, body);
        lock (All)
        {
            while (All.Count < count - 1) All.Add(new Worker());
            Volatile.Write(ref _call, call);
            for (int i = 0; i < count - 1; i++) All[i].Start();
            call.Take();
            call.Wait();
            // Nothing stays alive that the parts held.
            _call = null;
        }
        if (call.Error is { } error) ExceptionDispatchInfo.Throw(error);
    }

    /// <summary>Calls <paramref name="body"/> on so many cores with the part's number and its share of <paramref name="count"/> items, from the second number to before the third, and waits.</summary>
    public static void Share(int count, int cores, Action<int, int, int> body)
    {
        if (cores == 1) body(0, 0, count);
        else Run(cores, part => body(part, count * part / cores, count * (part + 1) / cores));
    }

    // Whether something happens soon.
    private static bool Look(Func<bool> happened)
    {
        for (long started = Stopwatch.GetTimestamp(); !happened();)
        {
            if (Stopwatch.GetTimestamp() - started > LookingTime) return false;
            Thread.SpinWait(1);
        }
        return true;
    }

    private sealed class Call(int count, Action<int> body)
    {
        private Exception? _error;
        private int _taken, _done;

        public Exception? Error => _error;

        private bool IsOver => Volatile.Read(ref _done) == count;

        /// <summary>Computes parts that nobody has taken.</summary>
        public void Take()
        {
            for (int part; (part = Interlocked.Increment(ref _taken) - 1) < count;)
            {
                try { body(part); }
                catch (Exception e) { Interlocked.CompareExchange(ref _error, e, null); }
                if (Interlocked.Increment(ref _done) < count) continue;
                lock (this) Monitor.PulseAll(this);
            }
        }

        public void Wait()
        {
            if (Look(() => IsOver)) return;
            lock (this)
                while (!IsOver) Monitor.Wait(this);
        }
    }

    private sealed class Worker
    {
        private const int Awake = 0, Asleep = 1, Called = 2;
        private readonly SemaphoreSlim _wake = new(0);
        private int _state;

        public Worker() => new Thread(Serve) { IsBackground = true, Name = "MLNet.PTuning worker" }.Start();

        public void Start()
        {
            if (Interlocked.Exchange(ref _state, Called) == Asleep) _wake.Release();
        }

        private void Serve()
        {
            torch.set_num_threads(1);
            Func<bool> isCalled = () => Volatile.Read(ref _state) == Called;
            while (true)
            {
                if (!Look(isCalled) && Interlocked.CompareExchange(ref _state, Asleep, Awake) == Awake) _wake.Wait();
                Interlocked.Exchange(ref _state, Awake);
                TakeParts();
            }
        }

        // In a frame of its own, so that a waiting thread keeps nothing alive.
        [MethodImpl(MethodImplOptions.NoInlining)]
        private static void TakeParts() => Volatile.Read(ref _call)?.Take();
    }
}
