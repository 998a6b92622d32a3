// The suite `multitask`: whether a prompt that was trained on several tasks together is a better start for one of them, with few rows, than random values.
using Microsoft.ML;

namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class MultiTaskSuite
{
    // Rows of the other task.
    private const int OtherRows = 2000;

    public static AccuracySuite Create()
    {
        return new([
            new AccuracyTask("CoNLL-2003 alone", "entity F1", 500, LabelingTask.Conll2003, Prompt(epochs: 6)),
            new AccuracyTask("CoNLL-2003 alone, as many epochs as both", "entity F1", 500, LabelingTask.Conll2003, Prompt(epochs: 12)),
            new AccuracyTask("CoNLL-2003 from a prompt for it and WNUT-17", "entity F1", 500, StartedTogether, Prompt(epochs: 6))], AccuracySuite.MiniLm);

        static MethodCase[] Prompt(int epochs) => [new("P-Tuning v2, 20 vectors", new DeepPrompt { Length = 20 }, [3e-2], epochs)];
    }

    // The rows of the task itself are the same few in both trainings.
    private static AccuracyRun StartedTogether(Folders folders, Recipe recipe)
    {
        var ml = new MLContext(recipe.Seed);
        var options = recipe.Apply(new MultiTaskOptions(folders.Backbone)
        {
            Tasks = [Task("conll", LabelingTask.Conll, recipe.Rows!.Value), Task("wnut", LabelingTask.Wnut, OtherRows)],
        });
        using var together = ml.Transforms.PTuningV2MultiTask(options).Fit();
        return LabelingTask.Train(folders, recipe, LabelingTask.Conll, together.Prompt);

        PromptTask Task(string name, ColumnFiles files, int rows)
        {
            var data = ml.Data.TakeRows(files.Train(ml, folders), rows);
            return new PromptTask(name, new TokenLabelingOptions(folders.Backbone), ml.Transforms.Conversion.MapValueToKey("Label").Fit(data).Transform(data));
        }
    }
}
