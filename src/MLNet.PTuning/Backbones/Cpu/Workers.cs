// The threads that compute parts of a batch.
using System.Runtime.ExceptionServices;
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>
/// Long-lived threads, each of which calls libtorch with one thread of its own: parts of a batch are computed in parallel from the first layer to the last
/// without waiting for each other in between. The calling thread takes the first part itself.
/// </summary>
internal static class Workers
{
    private static readonly List<Worker> All = [];

    /// <summary>Calls <paramref name="body"/> with every number below <paramref name="count"/>, a thread each, and waits.</summary>
    public static void Run(int count, Action<int> body)
    {
        using var open = new CountdownEvent(count);
        var errors = new Exception?[count];
        lock (All)
        {
            while (All.Count < count - 1) All.Add(new Worker());
            for (int i = 1; i < count; i++)
            {
                int part = i;
                All[i - 1].Start(() => Do(part));
            }
            Do(0);
            open.Wait();
        }
        if (Array.Find(errors, e => e is not null) is { } error) ExceptionDispatchInfo.Throw(error);

        void Do(int part)
        {
            try { body(part); }
            catch (Exception e) { errors[part] = e; }
            finally { open.Signal(); }
        }
    }

    /// <summary>Calls <paramref name="body"/> on so many cores with the core's number and its share of <paramref name="count"/> items, from the second number to before the third, and waits.</summary>
    public static void Share(int count, int cores, Action<int, int, int> body)
    {
        if (cores == 1) body(0, 0, count);
        else Run(cores, core => body(core, count * core / cores, count * (core + 1) / cores));
    }

    private sealed class Worker
    {
        private readonly SemaphoreSlim _ready = new(0);
        private Action? _work;

        public Worker() => new Thread(Serve) { IsBackground = true, Name = "MLNet.PTuning worker" }.Start();

        public void Start(Action work)
        {
            _work = work;
            _ready.Release();
        }

        private void Serve()
        {
            torch.set_num_threads(1);
            while (true)
            {
                _ready.Wait();
                var work = _work!;
                _work = null;
                work();
            }
        }
    }
}
