// How fast a server answers: one request after the other, many threads with mixed tasks, and each task's rows in batches of their own; and how long answers take at half of that load.
using System.Diagnostics;

namespace MLNet.PTuning.Benchmarks.Serving;

/// <summary>Milliseconds from request to answer while requests come at random times.</summary>
internal sealed record ServiceLatency(double RequestsPerSecond, int Requests, double Median, double P95, double P99, double Longest);

internal static class ServiceSpeed
{
    /// <summary>Milliseconds a row of each way of answering the same texts, in turns.</summary>
    /// <param name="threads">Threads that each wait for an answer before they ask again.</param>
    public static IReadOnlyList<Speed.Timing> Throughput(IReadOnlyList<ServiceTask> tasks, IReadOnlyList<ServiceText> texts, int threads, int rounds)
    {
        var own = tasks.Select(task => new OwnAnswers(task, texts.Where(text => text.Task == task.Name))).ToList();
        try
        {
            // One task for all: what mixing costs is the difference. Texts of pairs are put together.
            ServiceText[] single = [.. texts.Select(text => new ServiceText(tasks[0].Name, text.Pair is { } pair ? $"{text.Text} {pair}" : text.Text, null))];
            return Speed.Timing.InTurns(rounds,
            [
                ("one request after the other", () => Milliseconds(tasks, texts, new() { MaxBatchSize = 1, MaxDelay = TimeSpan.Zero }, server => Ask(server, texts, 1))),
                ($"{threads} threads, tasks mixed", () => Milliseconds(tasks, texts, new(), server => Ask(server, texts, threads))),
                ($"{threads} threads, one task", () => Milliseconds(tasks, single, new(), server => Ask(server, single, threads))),
                ("all requests at once, tasks mixed", () => Milliseconds(tasks, texts, new(), server => AskAtOnce(server, texts))),
                ("all requests at once, one task", () => Milliseconds(tasks, single, new(), server => AskAtOnce(server, single))),
                ("each task's rows in its transformer", () => Milliseconds(texts.Count, () => { foreach (var task in own) task.Transform(); })),
            ]);
        }
        finally
        {
            own.ForEach(task => task.Dispose());
        }
    }

    /// <summary>Sends requests at random times (exponentially distributed intervals, seed 1), whether or not earlier ones have been answered.</summary>
    public static async Task<ServiceLatency> Latency(IReadOnlyList<ServiceTask> tasks, IReadOnlyList<ServiceText> texts, double perSecond, int requests)
    {
        await using var server = ServerOf(tasks, new());
        await Task.WhenAll(texts.Take(256).Select(text => server.PredictAsync(text.Task, text.Text, text.Pair)));
        var random = new Random(1);
        var pending = new List<Task<double>>();
        long started = Stopwatch.GetTimestamp();
        double due = 0;
        for (int i = 0; i < requests; i++)
        {
            due += -Math.Log(1 - random.NextDouble()) / perSecond;
            var text = texts[random.Next(texts.Count)];
            while (due - Stopwatch.GetElapsedTime(started).TotalSeconds is > 0 and var wait) Thread.Sleep(TimeSpan.FromSeconds(Math.Min(wait, 0.001)));
            // From when it was due, so that a client held up does not hide what users would wait.
            pending.Add(Ask(server, text, started, due));
        }
        double[] taken = [.. (await Task.WhenAll(pending)).Order()];
        return new ServiceLatency(requests / Stopwatch.GetElapsedTime(started).TotalSeconds, requests, At(0.5), At(0.95), At(0.99), taken[^1]);

        double At(double share) => taken[(int)(share * (taken.Length - 1))];
    }

    /// <summary>A server with these tasks.</summary>
    public static PromptServer ServerOf(IEnumerable<ServiceTask> tasks, PromptServerOptions options)
    {
        var server = new PromptServer(options);
        foreach (var task in tasks) server.Add(task.Name, task.File);
        return server;
    }

    /// <summary>Asks all texts from so many threads, each of which waits for its answer before it asks again; returns the answers in the texts' order.</summary>
    public static TaskPrediction[] Ask(PromptServer server, IReadOnlyList<ServiceText> texts, int threads)
    {
        var answers = new TaskPrediction[texts.Count];
        int next = -1;
        var all = Enumerable.Range(0, threads).Select(_ => Task.Factory.StartNew(() =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < texts.Count;) answers[i] = server.PredictAsync(texts[i].Task, texts[i].Text, texts[i].Pair).GetAwaiter().GetResult();
        }, TaskCreationOptions.LongRunning));
        Task.WaitAll([.. all]);
        return answers;
    }

    private static void AskAtOnce(PromptServer server, IReadOnlyList<ServiceText> texts) =>
        Task.WaitAll([.. texts.Select(text => server.PredictAsync(text.Task, text.Text, text.Pair))]);

    private static async Task<double> Ask(PromptServer server, ServiceText text, long started, double due)
    {
        await server.PredictAsync(text.Task, text.Text, text.Pair);
        return 1000 * (Stopwatch.GetElapsedTime(started).TotalSeconds - due);
    }

    private static double Milliseconds(IReadOnlyList<ServiceTask> tasks, IReadOnlyList<ServiceText> texts, PromptServerOptions options, Action<PromptServer> ask)
    {
        var server = ServerOf(tasks, options);
        try
        {
            Ask(server, [.. texts.Take(64)], 32);
            return Milliseconds(texts.Count, () => ask(server));
        }
        finally
        {
            server.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private static double Milliseconds(int rows, Action run)
    {
        long started = Stopwatch.GetTimestamp();
        run();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds / rows;
    }
}
