// The verb `serving`: eight tasks on one backbone in one server: memory, answers, throughput, latency, and a long run with faults.
using System.CommandLine;
using System.Globalization;
using MLNet.PTuning.Benchmarks.Accuracy;
using MLNet.PTuning.Benchmarks.Speed;
using Spectre.Console;

namespace MLNet.PTuning.Benchmarks.Serving;

internal static class ServingCommand
{
    private const int TextsOfTask = 125, Threads = 32;

    public static Command Create()
    {
        var data = new Option<DirectoryInfo>("--data") { Description = "Folder of the data sets.", DefaultValueFactory = _ => new("../shared/data") };
        var backbone = new Option<DirectoryInfo>("--backbone") { Description = "Folder of the backbone.", DefaultValueFactory = _ => new(AccuracySuite.MiniLm) };
        var models = new Option<DirectoryInfo>("--models") { Description = "Folder of the tasks' model files; those that are missing are trained first.", DefaultValueFactory = _ => new("artifacts/serving") };
        var rounds = new Option<int>("--rounds") { Description = "Passes of each way of answering that are counted.", DefaultValueFactory = _ => 3 };
        var load = new Option<double?>("--load") { Description = "Runs so many minutes under load, with tasks that change and faults, in place of the other measurements." };
        var requests = new Option<long>("--requests") { Description = "Requests after which the run under load ends earlier.", DefaultValueFactory = _ => 200_000 };
        var json = new Option<FileInfo?>("--json") { Description = "Writes the figures to this file as well." };
        var hold = new Option<string[]>("--hold") { Description = "Serves these model files until the input ends; the verb starts itself with it to measure memory.", Hidden = true, AllowMultipleArgumentsPerToken = true };
        var command = new Command("serving", "Eight tasks on MiniLM in one server: memory, answers, throughput, latency; with --load a long run with faults.") { data, backbone, models, rounds, load, requests, json, hold };
        command.SetAction(async arguments =>
        {
            if (arguments.GetValue(hold) is { Length: > 0 } files)
            {
                await ServiceMemory.Hold(files);
                return;
            }
            var folders = new Folders(arguments.GetRequiredValue(data).FullName, arguments.GetRequiredValue(backbone).FullName);
            var tasks = ServiceTasks.Prepare(folders, arguments.GetRequiredValue(models).FullName, TextsOfTask);
            ServiceText[] texts = [.. tasks.SelectMany(task => task.Texts)];
            new Random(1).Shuffle(texts);
            JsonReport.Write(arguments.GetValue(json), arguments.GetValue(load) is { } minutes
                ? await Load(tasks, texts, TimeSpan.FromMinutes(minutes), arguments.GetValue(requests))
                : await Measure(tasks, texts, arguments.GetValue(rounds)));
        });
        return command;
    }

    private static async Task<object> Measure(IReadOnlyList<ServiceTask> tasks, ServiceText[] texts, int rounds)
    {
        // First, while nothing else has grown this process.
        ServiceMemory[] memory = [ServiceMemory.Measure([tasks[0]]), ServiceMemory.Measure([tasks]), ServiceMemory.Measure([.. tasks.Select(task => (IReadOnlyList<ServiceTask>)[task])])];
        Print("serving: memory in MB", ["processes", "tasks in all", "resident", "with shared pages counted once"],
            memory.Select(m => (string[])[Text(m.Processes), Text(m.Tasks), Text(m.Resident / 1e6), Text(m.Proportional / 1e6)]));

        int same = await CountSame(tasks, texts);
        AnsiConsole.WriteLine($"{texts.Length} requests of {tasks.Count} tasks from {Threads} threads: {same} answers are to the last bit those of the tasks' own transformers.");

        var throughput = ServiceSpeed.Throughput(tasks, texts, Threads, rounds);
        Print($"serving: {texts.Length} requests, medians of {rounds} rounds", ["", "ms a request", "requests a second", "times as fast as one after the other"],
            throughput.Select(t => (string[])[t.Name, t.Median.ToString("0.00", CultureInfo.InvariantCulture), Text(1000 / t.Median), throughput[0].Over(t).ToString()]));
        AnsiConsole.WriteLine($"Mixed against one task, all at once: {throughput[4].Over(throughput[3])} of its speed; against each task's rows in its transformer: {throughput[5].Over(throughput[3])}");

        double half = 500 / throughput[1].Median;
        var latency = await ServiceSpeed.Latency(tasks, texts, half, requests: (int)(30 * half));
        AnsiConsole.WriteLine(FormattableString.Invariant(
            $"At {latency.RequestsPerSecond:0} requests a second, half of what {Threads} threads reach: median {latency.Median:0.0} ms, 95 % within {latency.P95:0.0}, 99 % within {latency.P99:0.0}, longest {latency.Longest:0.0} ({latency.Requests} requests)"));
        return new { machine = JsonReport.Machine, rounds, threads = Threads, requests = texts.Length, memory, same, throughput, latency };
    }

    private static async Task<object> Load(IReadOnlyList<ServiceTask> tasks, ServiceText[] texts, TimeSpan time, long requests)
    {
        await using var server = ServiceSpeed.ServerOf(tasks, new());
        var counts = new ServiceLoad(server, tasks, texts).Run(time, requests, Threads);
        AnsiConsole.WriteLine(FormattableString.Invariant($"""
            {counts.Requests} requests in {counts.Seconds:0} s: {counts.Answered} answered, {counts.Cancelled} cancelled, {counts.Refused} refused by a full queue, {counts.UnknownTask} for a task that was not there.
            Wrong answers: {counts.Wrong}; without an end: {counts.Lost}; unexpected errors: {counts.Unexpected}.
            Tasks added {counts.Added}, replaced {counts.Replaced}, removed {counts.Removed}; damaged files refused {counts.DamagedRefused}, loaded {counts.DamagedLoaded}.
            Resident memory {counts.MemoryBefore / 1e6:0} MB after a twentieth of it, {counts.MemoryAfter / 1e6:0} MB at the end ({100 * ((double)counts.MemoryAfter / counts.MemoryBefore - 1):+0.0;-0.0} %).
            """));
        return new { machine = JsonReport.Machine, threads = Threads, counts };
    }

    private static async Task<int> CountSame(IReadOnlyList<ServiceTask> tasks, ServiceText[] texts)
    {
        await using var server = ServiceSpeed.ServerOf(tasks, new());
        var answers = texts.Zip(ServiceSpeed.Ask(server, texts, Threads)).GroupBy(pair => pair.First.Task).ToDictionary(task => task.Key, task => task.ToList());
        return tasks.Sum(task =>
        {
            using var own = new OwnAnswers(task, answers[task.Name].Select(pair => pair.First));
            return own.AsText().Zip(answers[task.Name]).Count(pair => pair.First == OwnAnswers.AsText(pair.Second.Second));
        });
    }

    private static void Print(string title, string[] headings, IEnumerable<string[]> rows)
    {
        var table = new Table { Title = new TableTitle(title), Border = TableBorder.Markdown };
        foreach (string heading in headings) table.AddColumn(heading);
        foreach (string[] row in rows) table.AddRow(row);
        AnsiConsole.Write(table);
    }

    private static string Text(double value) => value.ToString("0", CultureInfo.InvariantCulture);
}
