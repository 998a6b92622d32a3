// A long run of a server under load while tasks are added, replaced and removed, requests are cancelled and damaged files are offered: every answer is compared.
using System.Collections.Concurrent;
using System.Diagnostics;

namespace MLNet.PTuning.Benchmarks.Serving;

/// <summary>What a long run counted.</summary>
/// <param name="Wrong">Answers that no model gives that was in place when the request was accepted.</param>
/// <param name="Lost">Accepted requests without an end after a minute.</param>
/// <param name="Unexpected">Requests that ended with an error which nothing explains.</param>
/// <param name="DamagedRefused">Damaged files that were refused.</param>
/// <param name="DamagedLoaded">Damaged files that loaded all the same.</param>
/// <param name="MemoryBefore">Resident bytes after the first twentieth of the run.</param>
internal sealed record LoadCounts(long Requests, long Answered, long Cancelled, long Refused, long UnknownTask, long Wrong, long Lost, long Unexpected, long Added, long Replaced, long Removed,
    long DamagedRefused, long DamagedLoaded, long MemoryBefore, long MemoryAfter, double Seconds);

/// <summary>The run. Two names are not there all the time: one is replaced by models of other tasks in turn, one is added and removed.</summary>
internal sealed class ServiceLoad(PromptServer server, IReadOnlyList<ServiceTask> tasks, IReadOnlyList<ServiceText> texts)
{
    private const string Replaced = "replaced", Coming = "coming";

    private readonly Dictionary<ServiceText, string> _own = OwnAnswersOf(tasks, texts);
    // Tasks of one text each, which take the changing names in turn, and the text of each that is asked under them.
    private readonly ServiceTask[] _changing = [.. tasks.Where(task => task.Texts[0].Pair is null)];
    private readonly ConcurrentDictionary<string, string> _unexpected = new();
    // Models of a changing name so far; -1 stands for none. A request's answer must be of one that stood there from when it was sent until it was accepted.
    private readonly Dictionary<string, List<int>> _models = new() { [Replaced] = [], [Coming] = [-1] };
    private long _requests, _answered, _cancelled, _refused, _unknown, _wrong, _lost, _failed, _added, _replaced, _removed, _damagedRefused, _damagedLoaded;

    public LoadCounts Run(TimeSpan time, long requests, int threads)
    {
        Put(Replaced, 0);
        using var ended = new CancellationTokenSource();
        long started = Stopwatch.GetTimestamp();
        var asking = Enumerable.Range(0, threads).Select(seed => Task.Factory.StartNew(() => Ask(new Random(seed), ended.Token), TaskCreationOptions.LongRunning)).ToList();
        var changing = Task.Factory.StartNew(() => Change(new Random(-1), ended.Token), TaskCreationOptions.LongRunning);
        long before = 0, nextLine = 10;
        while (Stopwatch.GetElapsedTime(started) < time && Interlocked.Read(ref _requests) < requests && !changing.IsCompleted)
        {
            Thread.Sleep(100);
            double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            if (before == 0 && (seconds > time.TotalSeconds / 20 || _requests > requests / 20)) before = ResidentMemory.Measure();
            if (seconds < nextLine) continue;
            nextLine += 10;
            Console.Error.WriteLine(FormattableString.Invariant($"{seconds:0} s: {_requests} requests, {_wrong} wrong, {_lost} lost, {_failed} unexpected, {ResidentMemory.Measure() / 1e6:0} MB"));
        }
        ended.Cancel();
        Task.WaitAll([.. asking, changing]);
        double taken = Stopwatch.GetElapsedTime(started).TotalSeconds;
        foreach (var (error, where) in _unexpected) Console.Error.WriteLine($"Unexpected, {where}: {error}");
        return new LoadCounts(_requests, _answered, _cancelled, _refused, _unknown, _wrong, _lost, _failed, _added, _replaced, _removed, _damagedRefused, _damagedLoaded, before, ResidentMemory.Measure(), taken);
    }

    private static Dictionary<ServiceText, string> OwnAnswersOf(IReadOnlyList<ServiceTask> tasks, IReadOnlyList<ServiceText> texts)
    {
        var answers = new Dictionary<ServiceText, string>();
        foreach (var task in tasks)
        {
            // A single task's texts are asked of the other ones too.
            ServiceText[] asked = [.. texts.Where(text => text.Task == task.Name).Concat(task.Texts[0].Pair is null ? ChangingTexts(texts).Select(text => text with { Task = task.Name }) : []).Distinct()];
            using var own = new OwnAnswers(task, asked);
            foreach (var (text, answer) in asked.Zip(own.AsText())) answers[text] = answer;
        }
        return answers;
    }

    // Texts for the changing names.
    private static IEnumerable<ServiceText> ChangingTexts(IEnumerable<ServiceText> texts) => texts.Where(text => text.Pair is null).GroupBy(text => text.Task).SelectMany(task => task.Take(4));

    private void Ask(Random random, CancellationToken ended)
    {
        ServiceText[] shared = [.. ChangingTexts(texts)];
        while (!ended.IsCancellationRequested)
        {
            int kind = random.Next(100);
            string? name = kind < 6 ? Replaced : kind < 10 ? Coming : null;
            var text = name is null ? texts[random.Next(texts.Count)] : shared[random.Next(shared.Length)];
            // Now and then more is asked at once than the queue holds; one request in twenty is cancelled within about the time that an answer takes.
            var asked = random.Next(20_000) == 0 ? Task.WhenAll(Enumerable.Range(0, 1200).Select(_ => Ask(null, text, null))) : Ask(name, text, random.Next(20) == 0 ? random.Next(20) : null);
            asked.GetAwaiter().GetResult();
        }
    }

    private async Task Ask(string? name, ServiceText text, int? cancelAfter)
    {
        using var source = cancelAfter is { } milliseconds ? new CancellationTokenSource(milliseconds) : new CancellationTokenSource();
        Interlocked.Increment(ref _requests);
        int from = name is null ? 0 : Current(name);
        var asked = server.PredictAsync(name ?? text.Task, text.Text, text.Pair, source.Token);
        IEnumerable<int> models = name is null ? [] : Between(name, from);
        try
        {
            string answer = OwnAnswers.AsText(await asked.WaitAsync(TimeSpan.FromMinutes(1)));
            Interlocked.Increment(ref _answered);
            bool isRight = name is null ? answer == _own[text] : models.Any(model => model >= 0 && answer == _own[text with { Task = _changing[model].Name }]);
            if (!isRight) Interlocked.Increment(ref _wrong);
        }
        catch (OperationCanceledException) when (cancelAfter is not null) { Interlocked.Increment(ref _cancelled); }
        catch (ServerBusyException) { Interlocked.Increment(ref _refused); }
        catch (KeyNotFoundException) when (models.Contains(-1)) { Interlocked.Increment(ref _unknown); }
        catch (TimeoutException) { Interlocked.Increment(ref _lost); }
        catch (Exception e)
        {
            Interlocked.Increment(ref _failed);
            _unexpected.TryAdd($"{e.GetType().Name}: {e.Message}", name ?? text.Task);
        }
    }

    private void Change(Random random, CancellationToken ended)
    {
        byte[] file = File.ReadAllBytes(_changing[0].File);
        string damaged = Path.GetTempFileName();
        try
        {
            for (int round = 1; !ended.IsCancellationRequested; round++)
            {
                Put(Replaced, round % _changing.Length);
                Interlocked.Increment(ref _replaced);
                Put(Coming, round % _changing.Length);
                Interlocked.Increment(ref _added);
                // Every permanent task is replaced by itself at times: its answers must not change.
                var same = tasks[round % tasks.Count];
                server.Add(same.Name, same.File);
                Offer(damaged, file, random);
                ended.WaitHandle.WaitOne(50);
                Take(Coming);
                Interlocked.Increment(ref _removed);
                ended.WaitHandle.WaitOne(50);
            }
        }
        catch (Exception e) { _unexpected.TryAdd(e.ToString(), "changing tasks"); }
        finally
        {
            File.Delete(damaged);
        }
    }

    // A file that is cut, or has bytes changed, in place of a task that is there: its answers must not change.
    private void Offer(string path, byte[] file, Random random)
    {
        byte[] bytes = random.Next(2) == 0 ? file[..random.Next(file.Length)] : [.. file];
        if (bytes.Length == file.Length)
            for (int i = 0; i < 20; i++) bytes[random.Next(bytes.Length)] ^= (byte)(1 + random.Next(255));
        File.WriteAllBytes(path, bytes);
        try
        {
            server.Add(_changing[0].Name, path);
            Interlocked.Increment(ref _damagedLoaded);
        }
        catch (Exception) { Interlocked.Increment(ref _damagedRefused); }
    }

    // A name's list of models has each twice: from before the server has it, and from after. Where its last two differ, either may answer.
    private int Current(string name)
    {
        lock (_models) return Math.Max(0, _models[name].Count - 2);
    }

    private IEnumerable<int> Between(string name, int from)
    {
        lock (_models) return [.. _models[name].Skip(from)];
    }

    private void Put(string name, int model)
    {
        lock (_models) _models[name].Add(model);
        server.Add(name, _changing[model].File);
        lock (_models) _models[name].Add(model);
    }

    private void Take(string name)
    {
        lock (_models) _models[name].Add(-1);
        server.Remove(name);
        lock (_models) _models[name].Add(-1);
    }
}
