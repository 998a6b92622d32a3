// The suite `answers`: question answering with P-Tuning v2, between what trains least and what trains everything.
namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class AnswersSuite
{
    private static readonly MethodCase[] Methods =
    [
        new("head only", new HeadOnly(), [1e-2, 1e-1, 3e-1]),
        new("P-Tuning v2", null, []),
        new("full fine-tuning", new FullFineTuning(), [5e-5, 1e-4, 2e-4]),
    ];

    public static AccuracySuite Create() => new([new AccuracyTask("XQuAD to MLQA, English", "F1", null, AnswersTask.On(SquadFiles.English), Methods)], AccuracySuite.MiniLm);
}
