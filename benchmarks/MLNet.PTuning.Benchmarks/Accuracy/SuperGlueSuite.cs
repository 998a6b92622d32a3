// The suite `superglue`: SuperGLUE's tasks with P-Tuning v2, between what trains least and what trains everything.
namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class SuperGlueSuite
{
    // All with the library's defaults: some of the tasks are too small to choose rates on.
    private static readonly MethodCase[] Methods =
    [
        new("head only", new HeadOnly(), []),
        new("P-Tuning v2", null, []),
        new("full fine-tuning", new FullFineTuning(), []),
    ];

    public static AccuracySuite Create() => new([.. Enum.GetValues<SuperGlueTask>().Select(task => new AccuracyTask(
        SuperGlueRun.NameOf(task), task == SuperGlueTask.MultiRc ? "F1 of answers" : "accuracy", null, (folders, recipe) => SuperGlueRun.Train(folders, recipe, task), Methods))], AccuracySuite.MiniLm);
}
