// The one thread that works with tensors, a work item at a time; only the parts of a batch have further threads (Cpu/Workers.cs).
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>
/// Runs tensor work on one long-lived thread: libgomp keeps a team of workers for every thread that enters a parallel region, so calls from
/// a pool's many threads would each bring their own. Work is queued a step at a time, so predictions go on while another model trains.
/// Brief work that enters no parallel region runs on the calling thread while no other work runs: waking two threads takes longer than a small row.
/// </summary>
internal static class ComputeThread
{
    private static readonly BlockingCollection<Action> Queue = [];
    // Held while work runs.
    private static readonly Lock Turn = new();
    private static readonly Lazy<Thread> Worker = new(Start);
    private static readonly int DefaultThreadCount =
        int.TryParse(Environment.GetEnvironmentVariable("OMP_NUM_THREADS"), out int threads) && threads > 0 ? threads : Environment.ProcessorCount;

    private static readonly TimeSpan LongestLastWork = TimeSpan.FromSeconds(30);

    // Far longer than native libraries take to be torn down.
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(10);

    // The thread that ends the process, and whether the others have waited for that end in vain.
    private static volatile Thread? _endedBy;
    private static bool _outlivesEnd;

    // libtorch keeps it for each thread.
    [ThreadStatic] private static int _libtorchThreads;

    /// <summary>Runs <paramref name="work"/> there, waits, and returns its result or throws what it threw.</summary>
    public static T Run<T>(Func<T> work)
    {
        if (Turn.IsHeldByCurrentThread) return work();
        if (_endedBy == Thread.CurrentThread)
            lock (Turn) return work();
        _ = Worker.Value;
        T result = default!;
        ExceptionDispatchInfo? error = null;
        using var done = new ManualResetEventSlim();
        Queue.Add(() =>
        {
            try
            {
                // libtorch may start with one. Inside the work, so that a missing libtorch reaches the caller as an exception.
                if (ThreadCount == 0)
                {
                    UseThreads(null);
                    SetLibtorchThreads(ThreadCount);
                }
                result = work();
            }
            catch (Exception e) { error = ExceptionDispatchInfo.Capture(e); }
            finally { done.Set(); }
        });
        done.Wait();
        error?.Throw();
        return result;
    }

    /// <summary>Runs brief work that enters no parallel region of libtorch: on the calling thread while no other work runs, else as <see cref="Run{T}"/> does.</summary>
    public static T RunBriefly<T>(Func<T> work)
    {
        // Queued work came first.
        if (ThreadCount == 0 || Queue.Count > 0 || !Turn.TryEnter()) return Run(work);
        try
        {
            if (_endedBy is null || _endedBy == Thread.CurrentThread) return work();
        }
        finally { Turn.Exit(); }
        return Run(work);
    }

    /// <summary>Threads that a batch is computed on at present; 0 before the first work.</summary>
    public static int ThreadCount { get; private set; }

    /// <summary>Sets their number for the rest of the current work item: null for <c>OMP_NUM_THREADS</c> where the user has set it, else the processor's.</summary>
    public static void UseThreads(int? count) => ThreadCount = count ?? DefaultThreadCount;

    /// <summary>
    /// Sets how many threads libtorch uses from here on: as many as a batch where it computes the layers, and one where it computes the rest (head, loss,
    /// optimizer), which is too small to wake threads for. A calling thread keeps its number.
    /// </summary>
    public static void SetLibtorchThreads(int threads)
    {
        bool isCaller = Turn.IsHeldByCurrentThread && Thread.CurrentThread != Worker.Value;
        if (isCaller || threads == _libtorchThreads) return;
        torch.set_num_threads(threads);
        _libtorchThreads = threads;
    }

    /// <inheritdoc cref="Run{T}"/>
    public static void Run(Action work) => Run(() => { work(); return true; });

    private static Thread Start()
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => AwaitLastWork();
        var thread = new Thread(() => { while (true) RunNext(); }) { IsBackground = true, Name = "MLNet.PTuning compute" };
        thread.Start();
        return thread;
    }

    // Native libraries are torn down when the process ends: the work item that runs is awaited, and those of other threads wait.
    private static void AwaitLastWork()
    {
        _endedBy = Thread.CurrentThread;
        if (Turn.TryEnter(LongestLastWork)) Turn.Exit();
    }

    // In a frame of its own, so that a waiting thread keeps nothing alive that the last work item held.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunNext()
    {
        var next = Queue.Take();
        // Not while it holds the turn, which the thread that ends the process may still wait for. A process that has not ended by then has another handler of its end, which may wait
        // for this work.
        if (_endedBy is not null && !_outlivesEnd)
        {
            Thread.Sleep(TimeToEnd);
            _outlivesEnd = true;
        }
        lock (Turn) next();
    }
}
