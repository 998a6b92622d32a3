// The suite `multitask`: whether a prompt that was trained on several tasks together is a better start for one of them, with few rows, than random values.
using Microsoft.ML;

namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class MultiTaskSuite
{
    // Rows of the other task.
    private const int OtherRows = 2000;

    public static AccuracySuite Create()
    {
        MethodCase[] method = [new("P-Tuning v2, 20 vectors", new DeepPrompt { Length = 20 }, 1e-2, Reference: null)];
        return new([
            new AccuracyTask("CoNLL-2003 alone", "entity F1", Rows: 500, Epochs: 6, LabelingTask.Conll2003, method),
            new AccuracyTask("CoNLL-2003 alone, as many epochs as both", "entity F1", Rows: 500, Epochs: 12, LabelingTask.Conll2003, method),
            new AccuracyTask("CoNLL-2003 from a prompt for it and WNUT-17", "entity F1", Rows: 500, Epochs: 6, StartedTogether, method)]);
    }

    // The rows of the task itself are the same few in both trainings.
    private static AccuracyRun StartedTogether(Folders folders, Recipe recipe)
    {
        var ml = new MLContext(recipe.Seed);
        var options = recipe.Apply(new MultiTaskOptions(folders.Backbone)
        {
            Tasks = [Task("conll", LabelingTask.Conll, recipe.Rows), Task("wnut", LabelingTask.Wnut, OtherRows)],
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
