// The suite `answers`: question answering with P-Tuning v2, between what trains least and what trains everything.
namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class AnswersSuite
{
    public static AccuracySuite Create() => new([new AccuracyTask("XQuAD to MLQA, English", "F1", null, AnswersTask.On(SquadFiles.English), MainSuite.Defaults)], AccuracySuite.MiniLm);
}
