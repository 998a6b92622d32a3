// The suite `multitask`: whether a prompt that was trained on several tasks together is a better start for one of them, with few rows, than frequent words.
using Microsoft.ML;

namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class MultiTaskSuite
{
    // Rows of the task itself, and at most of each other one.
    private const int Rows = 200, OtherRows = 2000;

    private static readonly (string Name, SentenceFiles Files)[] Tasks = [("SST-2", SentenceFiles.Sst2), ("TREC", SentenceFiles.Trec), ("MRPC", SentenceFiles.Mrpc), ("RTE", SentenceFiles.Rte)];

    public static AccuracySuite Create()
    {
        MethodCase[] prompt = [new("P-Tuning v2", new DeepPrompt(), [])];
        return new([.. Tasks.SelectMany(task => new[]
        {
            new AccuracyTask(task.Name, "accuracy", Rows, SentenceTask.On(task.Files), prompt),
            new AccuracyTask($"{task.Name} from a prompt for all four", "accuracy", Rows, StartedTogether(task.Files), prompt),
        })], AccuracySuite.MiniLm);
    }

    // The rows of the task itself are the same few in both trainings.
    private static Func<Folders, Recipe, AccuracyRun> StartedTogether(SentenceFiles one) => (folders, recipe) =>
    {
        var ml = new MLContext(recipe.Seed);
        var options = recipe.Apply(new MultiTaskOptions(folders.Backbone) { Tasks = [.. Tasks.Select(t => Task(t.Name, t.Files))] });
        using var together = ml.Transforms.PTuningV2MultiTask(options).Fit();
        return SentenceTask.Train(folders, recipe, one, start: together.Prompt);

        PromptTask Task(string name, SentenceFiles files)
        {
            var data = ml.Data.LoadFromEnumerable(files.Train(folders).Take(files == one ? recipe.Rows!.Value : OtherRows));
            return new PromptTask(name, files.Options(folders), ml.Transforms.Conversion.MapValueToKey(nameof(Sentence.Label)).Fit(data).Transform(data));
        }
    };
}
