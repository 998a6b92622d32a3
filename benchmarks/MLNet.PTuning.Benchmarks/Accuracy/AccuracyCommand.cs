// The verb `accuracy`: trains every method of a suite with every seed and sets the scores beside the reference's.
using System.CommandLine;
using Spectre.Console;

namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class AccuracyCommand
{
    public static Command Create()
    {
        var suite = new Option<string>("--suite") { Description = "What to measure.", Required = true };
        suite.AcceptOnlyFromAmong([.. AccuracySuite.All.Keys]);
        var seeds = new Option<string>("--seeds") { Description = "Seeds, separated by commas.", DefaultValueFactory = _ => "1,2,3" };
        var rows = new Option<int?>("--rows") { Description = "Training rows, the first of the file. Default: the suite's own." };
        var epochs = new Option<int?>("--epochs") { Description = "Passes over them. Default: the suite's own." };
        var precision = new Option<Precision>("--precision") { Description = "Of the frozen backbone, where a method lets it be chosen. Default: Float32." };
        var json = new Option<FileInfo?>("--json") { Description = "Writes the figures to this file as well." };
        var data = new Option<DirectoryInfo>("--data") { Description = "Folder of the data sets.", DefaultValueFactory = _ => new("../shared/data") };
        var backbone = new Option<DirectoryInfo>("--backbone") { Description = "Folder of the backbone.", DefaultValueFactory = _ => new("../shared/backbones/bert-4x128") };

        var command = new Command("accuracy", "Scores of the tuning methods beside those of the same computation in PyTorch.") { suite, seeds, rows, epochs, precision, json, data, backbone };
        command.SetAction(arguments =>
        {
            string name = arguments.GetRequiredValue(suite);
            int[] numbers = [.. arguments.GetRequiredValue(seeds).Split(',').Select(int.Parse)];
            var folders = new Folders(arguments.GetRequiredValue(data).FullName, arguments.GetRequiredValue(backbone).FullName);
            var results = Run(AccuracySuite.All[name], folders, numbers, arguments.GetValue(rows), arguments.GetValue(epochs), arguments.GetValue(precision));
            AccuracyReport.Print(name, results, numbers);
            JsonReport.Write(arguments.GetValue(json), new { suite = name, backbone = Path.GetFileName(folders.Backbone), precision = arguments.GetValue(precision).ToString(), seeds = numbers, machine = JsonReport.Machine, results });
        });
        return command;
    }

    private static List<AccuracyResult> Run(AccuracySuite suite, Folders folders, int[] seeds, int? rows, int? epochs, Precision precision)
    {
        var results = new List<AccuracyResult>();
        foreach (var task in suite.Tasks)
        {
            int taskRows = rows ?? task.Rows, taskEpochs = epochs ?? task.Epochs;
            foreach (var method in task.Methods)
            {
                var runs = new List<AccuracyRun>();
                foreach (int seed in seeds)
                {
                    var run = task.Train(folders, new Recipe(method.Method, method.LearningRate, taskRows, taskEpochs, seed, precision, method.Verbalizer));
                    AnsiConsole.MarkupLineInterpolated($"[grey]{task.Name}, {method.Name}, seed {seed}: {run.Score:0.0000}, training loss {run.FinalTrainingLoss:0.000}, {run.TrainingSeconds:0.0} s[/]");
                    runs.Add(run);
                }
                results.Add(new AccuracyResult(task.Name, task.Metric, method.Name, method.LearningRate, taskRows, taskEpochs, runs,
                    taskRows == task.Rows && taskEpochs == task.Epochs ? method.Reference : null));
            }
        }
        return results;
    }
}
