// The suite `few`: which method to take where there are few rows, each with the library's defaults. Scores vary by ten points from seed to seed: take five.
namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class FewRowsSuite
{
    private const int PerClass = 32;

    private static readonly MethodCase[] Methods =
    [
        new("head only", new HeadOnly(), []),
        new("Prompt Tuning", new SoftPrompt(), []),
        new("P-Tuning v2", new DeepPrompt(), []),
        new("P-Tuning v2 from class names", new DeepPrompt { Start = PromptStart.ClassNames }, []),
        new("P-Tuning v2 from random values", new DeepPrompt { Start = PromptStart.Random }, []),
        new("BitFit", new BitFit(), []),
        new("adapters", new BottleneckAdapter(), []),
        new("full fine-tuning", new FullFineTuning(), []),
    ];

    public static AccuracySuite Create() => new([
        new AccuracyTask("SST-2, 32 a class", "accuracy", null, SentenceTask.On(SentenceFiles.Sst2, PerClass), Methods),
        new AccuracyTask("TREC, 32 a class", "accuracy", null, SentenceTask.On(SentenceFiles.Trec, PerClass), Methods),
        new AccuracyTask("RTE, FewGLUE", "accuracy", null, SentenceTask.On(SentenceFiles.FewRte), Methods),
        new AccuracyTask("CB, FewGLUE", "accuracy", null, SentenceTask.On(SentenceFiles.FewCb), Methods)], AccuracySuite.MiniLm);
}
