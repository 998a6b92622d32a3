// The suite `superglue`: SuperGLUE's tasks with P-Tuning v2, between what trains least and what trains everything.
namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class SuperGlueSuite
{
    public static AccuracySuite Create() => new([.. Enum.GetValues<SuperGlueTask>().Select(task => new AccuracyTask(
        SuperGlueRun.NameOf(task), task == SuperGlueTask.MultiRc ? "F1 of answers" : "accuracy", null, (folders, recipe) => SuperGlueRun.Train(folders, recipe, task), MainSuite.Defaults))], AccuracySuite.MiniLm);
}
