// The one thread of the process from which libtorch is called.
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>
/// Runs tensor work on one long-lived thread: libgomp keeps a team of workers for every thread that enters a parallel region, so calls from
/// a pool's many threads would each bring their own. Work is queued a step at a time, so predictions go on while another model trains.
/// </summary>
internal static class ComputeThread
{
    private static readonly BlockingCollection<Action> Queue = [];
    private static readonly Lazy<Thread> Worker = new(Start);
    private static bool _usesAllCores;

    /// <summary>Runs <paramref name="work"/> there, waits, and gives its result or throws what it threw.</summary>
    public static T Run<T>(Func<T> work)
    {
        if (Thread.CurrentThread == Worker.Value) return work();
        T result = default!;
        ExceptionDispatchInfo? error = null;
        using var done = new ManualResetEventSlim();
        Queue.Add(() =>
        {
            try
            {
                UseAllCores();
                result = work();
            }
            catch (Exception e) { error = ExceptionDispatchInfo.Capture(e); }
            finally { done.Set(); }
        });
        done.Wait();
        error?.Throw();
        return result;
    }

    /// <inheritdoc cref="Run{T}"/>
    public static void Run(Action work) => Run(() => { work(); return true; });

    private static Thread Start()
    {
        var thread = new Thread(() => { while (true) RunNext(); }) { IsBackground = true, Name = "MLNet.PTuning compute" };
        thread.Start();
        return thread;
    }

    // In a frame of its own, so that a waiting thread keeps nothing alive that the last work item held.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunNext() => Queue.Take()();

    // libtorch may start with one thread. Inside a queued work item, so that a missing libtorch reaches the caller as an exception.
    private static void UseAllCores()
    {
        if (_usesAllCores) return;
        torch.set_num_threads(Environment.ProcessorCount);
        _usesAllCores = true;
    }
}
