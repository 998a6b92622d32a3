// The verb `accuracy`: chooses the rate of every method of a suite, trains it with every seed and scores it.
using System.CommandLine;
using System.Globalization;
using Spectre.Console;

namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class AccuracyCommand
{
    public static Command Create()
    {
        var suite = new Option<string>("--suite") { Description = "What to measure.", Required = true };
        suite.AcceptOnlyFromAmong([.. AccuracySuite.All.Keys]);
        var tasks = new Option<string[]>("--task") { Description = "Only these tasks of the suite, by name.", AllowMultipleArgumentsPerToken = true };
        var methods = new Option<string[]>("--method") { Description = "Only these methods, by name.", AllowMultipleArgumentsPerToken = true };
        var seeds = new Option<string>("--seeds") { Description = "Seeds, separated by commas.", DefaultValueFactory = _ => "1,2,3" };
        var rows = new Option<int?>("--rows") { Description = "Training rows, the first of the file. Default: the suite's own." };
        var epochs = new Option<int?>("--epochs") { Description = "Passes over them. Default: the suite's own." };
        var precision = new Option<Precision>("--precision") { Description = "Of the frozen backbone, where a method lets it be chosen. Default: Float32." };
        var json = new Option<FileInfo?>("--json") { Description = "Writes the figures to this file as well, after every method." };
        var plot = new Option<FileInfo?>("--plot") { Description = "Draws the scores to this SVG file, where the suite has a plot (length)." };
        var data = new Option<DirectoryInfo>("--data") { Description = "Folder of the data sets.", DefaultValueFactory = _ => new("../shared/data") };
        var backbone = new Option<DirectoryInfo?>("--backbone") { Description = "Folder of the backbone. Default: the suite's own." };

        var command = new Command("accuracy", "Scores of the tuning methods.") { suite, tasks, methods, seeds, rows, epochs, precision, json, plot, data, backbone };
        command.Validators.Add(result =>
        {
            if (result.GetValue(plot) is not null && result.GetValue(suite) is { } name && AccuracySuite.All[name].Plot is null) result.AddError($"The suite '{name}' has no plot; leave --plot out.");
        });
        command.SetAction(arguments =>
        {
            string name = arguments.GetRequiredValue(suite);
            var chosen = AccuracySuite.All[name];
            int[] numbers = [.. arguments.GetRequiredValue(seeds).Split(',').Select(int.Parse)];
            var folders = new Folders(arguments.GetRequiredValue(data).FullName, arguments.GetValue(backbone)?.FullName ?? Path.GetFullPath(chosen.Backbone));
            var results = new List<AccuracyResult>();
            foreach (var task in chosen.Tasks.Where(t => IsNamed(arguments.GetValue(tasks), t.Name)))
                foreach (var method in task.Methods.Where(m => IsNamed(arguments.GetValue(methods), m.Name)))
                {
                    var recipe = new Recipe(method.Method, null, arguments.GetValue(rows) ?? task.Rows, arguments.GetValue(epochs) ?? method.Epochs, numbers[0],
                        arguments.GetValue(precision), method.Verbalizer, HoldsOut: false, method.Set);
                    bool isSuites = arguments.GetValue(rows) is null && arguments.GetValue(epochs) is null;
                    try
                    {
                        results.Add(Run(task, isSuites ? method : method with { Reference = null }, recipe, folders, numbers));
                    }
                    // A verbalizer without a masked-word head, Int8 with an activation that it has not, a data set that is not there: the others are still worth their time.
                    catch (Exception e) when (e is NotSupportedException or FileNotFoundException)
                    {
                        AnsiConsole.MarkupLineInterpolated($"[yellow]{task.Name}, {method.Name} is left out: {e.Message}[/]");
                        continue;
                    }
                    JsonReport.Write(arguments.GetValue(json), new { suite = name, backbone = Path.GetFileName(folders.Backbone), precision = arguments.GetValue(precision).ToString(), seeds = numbers, machine = JsonReport.Machine, results });
                }
            AccuracyReport.Print(name, results, numbers);
            if (arguments.GetValue(plot) is { } file) File.WriteAllText(file.FullName, chosen.Plot!(results));
        });
        return command;
    }

    private static bool IsNamed(string[]? names, string name) => names is null or [] || names.Contains(name);

    // The rate is chosen with the first seed on held-out training rows, where there are several to choose from.
    private static AccuracyResult Run(AccuracyTask task, MethodCase method, Recipe recipe, Folders folders, int[] seeds)
    {
        var trials = new List<RateTrial>();
        if (method.Rates.Count > 1)
            foreach (double tried in method.Rates)
            {
                double score = Train(task, method, recipe with { LearningRate = tried, HoldsOut = true }, folders)?.Score ?? 0;
                trials.Add(new RateTrial(tried, score));
            }
        double? rate = trials.Count > 0 ? trials.MaxBy(t => t.Score)!.LearningRate : method.Rates.Count > 0 ? method.Rates[0] : null;
        var runs = seeds.Select(seed => Train(task, method, recipe with { LearningRate = rate, Seed = seed }, folders) ?? throw new InvalidOperationException($"{method.Name} diverged on {task.Name} with rate {rate}."));
        return new AccuracyResult(task.Name, task.Metric, method.Name, rate, trials, [.. runs], method.Reference);
    }

    // Null where training diverged.
    private static AccuracyRun? Train(AccuracyTask task, MethodCase method, Recipe recipe, Folders folders)
    {
        string what = string.Create(CultureInfo.InvariantCulture, $"{task.Name}, {method.Name}, rate {recipe.LearningRate?.ToString("0.#####", CultureInfo.InvariantCulture) ?? "default"}, seed {recipe.Seed}{(recipe.HoldsOut ? ", held-out rows" : "")}");
        try
        {
            var run = task.Train(folders, recipe);
            AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[grey]{what}: {run.Score:0.0000}, {run.Rows} rows x {run.Epochs}, training loss {run.FinalTrainingLoss:0.000}, {run.TrainingSeconds:0.0} s[/]");
            return run;
        }
        catch (InvalidOperationException e) when (recipe.HoldsOut)
        {
            AnsiConsole.MarkupLineInterpolated($"[grey]{what}: {e.Message}[/]");
            return null;
        }
    }
}
