// The suite `reference`: the same computation in PyTorch, on the same rows, recipe and small backbone (scores: means of seeds 1, 2, 3).
namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class ReferenceSuite
{
    private static readonly DeepPrompt Prompt = new() { Length = 20, InitialDeviation = 0.02, Dropout = 0.1 };

    public static AccuracySuite Create() => new([
        new AccuracyTask("SST-2", "accuracy", 2000, SentenceTask.On(SentenceFiles.Sst2), [
            Case("head only", new HeadOnly(), 1e-2, epochs: 6, .711),
            Case("P-Tuning v2, 20 vectors", Prompt, 1e-2, epochs: 6, .701),
            Case("full fine-tuning", new FullFineTuning(), 3e-4, epochs: 6, .752)]),
        new AccuracyTask("CoNLL-2003", "entity F1", 2000, LabelingTask.Conll2003, Labeling(.424, .445, .447, .617)),
        new AccuracyTask("WNUT-17", "entity F1", 2000, LabelingTask.Wnut17, Labeling(null, null, null, null))], Path.Combine("..", "shared", "backbones", "bert-4x128"));

    private static MethodCase[] Labeling(double? headOnly, double? deepPrompt, double? softPrompt, double? everything) =>
    [
        Case("head only", new HeadOnly(), 1e-2, epochs: 4, headOnly),
        Case("P-Tuning v2, 20 vectors", Prompt, 1e-2, epochs: 4, deepPrompt),
        Case("soft prompt at the input, 20 vectors", new SoftPrompt { Length = 20, Start = PromptStart.Random }, 1e-2, epochs: 4, softPrompt),
        Case("full fine-tuning", new FullFineTuning(), 1e-3, epochs: 4, everything),
    ];

    private static MethodCase Case(string name, TuningMethod method, double rate, int epochs, double? reference) => new(name, method, [rate], epochs, reference, Set: Pin);

    // All that the reference's recipe says, so that changed defaults leave the comparison as it is.
    private static void Pin(PTuningOptions options)
    {
        (options.BatchSize, options.Schedule, options.WarmupRatio, options.WeightDecay, options.ClipNorm) = (32, LearningRateSchedule.Linear, 0, 0.01, 1);
        (options.HeadLearningRate, options.BackboneDropout, options.HeadDropout) = (options.LearningRate, true, 0.1);
    }
}
