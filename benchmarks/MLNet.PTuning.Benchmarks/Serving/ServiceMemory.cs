// Resident memory of one process with one task, one with all, and as many processes as tasks, once each has answered.
using System.Diagnostics;

namespace MLNet.PTuning.Benchmarks.Serving;

/// <summary>Memory of processes that run at the same time, in bytes.</summary>
/// <param name="Resident">The sum of their resident memory.</param>
/// <param name="Proportional">The same, with pages that several of them share (files of libraries) counted in parts, once in all.</param>
internal sealed record ServiceMemory(int Processes, int Tasks, long Resident, long Proportional)
{
    /// <summary>Starts a process for each group of tasks, waits until all have answered, and reads their memory.</summary>
    public static ServiceMemory Measure(params IReadOnlyList<ServiceTask>[] groups)
    {
        var processes = new List<Process>();
        try
        {
            foreach (var group in groups)
            {
                string[] arguments = [.. OwnProcess.Command[1..], "serving", "--hold", .. group.Select(task => task.File)];
                processes.Add(Process.Start(new ProcessStartInfo(OwnProcess.Command[0], arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!);
            }
            foreach (var process in processes)
                if (process.StandardOutput.ReadLine() != "ready") throw new InvalidOperationException("A process that loads tasks ended; its message is above.");
            return new ServiceMemory(groups.Length, groups.Sum(group => group.Count), processes.Sum(p => Kilobytes(p, "Rss:")) * 1024, processes.Sum(p => Kilobytes(p, "Pss:")) * 1024);
        }
        finally
        {
            foreach (var process in processes)
            {
                process.StandardInput.Close();
                process.WaitForExit();
                process.Dispose();
            }
        }
    }

    /// <summary>What such a process does: serves the tasks, answers 64 requests of each, 32 at a time, says so, and waits until its input ends.</summary>
    public static async Task Hold(IReadOnlyList<string> files)
    {
        await using var server = new PromptServer();
        foreach (string file in files) server.Add(Path.GetFileNameWithoutExtension(file), file);
        const string Text = "The quick brown fox jumps over the lazy dog in the garden behind the old house in London on Sunday.";
        for (int round = 0; round < 2; round++)
            await Task.WhenAll(server.Tasks.SelectMany(task => Enumerable.Range(0, 32).Select(_ => server.PredictAsync(task.Name, Text, task.ReadsPairs ? Text : null))));
        ResidentMemory.Collect();
        Console.WriteLine("ready");
        Console.In.ReadLine();
    }

    private static long Kilobytes(Process process, string field) =>
        long.Parse(File.ReadLines($"/proc/{process.Id}/smaps_rollup").First(line => line.StartsWith(field, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
}
