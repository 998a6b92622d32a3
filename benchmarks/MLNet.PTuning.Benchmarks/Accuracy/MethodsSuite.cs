// The suite `methods`: every tuning method on tasks of each kind, each at the best of as many rates on held-out training rows.
namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class MethodsSuite
{
    private const int Epochs = 8;

    public static AccuracySuite Create() => new([
        new AccuracyTask("SST-2", "accuracy", 2000, SentenceTask.On(SentenceFiles.Sst2), [.. Methods(), WithVerbalizer(new() { ["0"] = ["bad", "terrible"], ["1"] = ["good", "great"] })]),
        new AccuracyTask("TREC", "accuracy", 2000, SentenceTask.On(SentenceFiles.Trec),
            [.. Methods(), WithVerbalizer(new() { ["0"] = ["description"], ["1"] = ["thing"], ["2"] = ["abbreviation"], ["3"] = ["person"], ["4"] = ["place"], ["5"] = ["number"] })]),
        new AccuracyTask("CoNLL-2003", "entity F1", 2000, LabelingTask.Conll2003, Methods())], AccuracySuite.MiniLm);

    private static MethodCase[] Methods() =>
    [
        new("head only", new HeadOnly(), [1e-2, 1e-1, 3e-1], Epochs),
        new("Prompt Tuning, 20 vectors", new SoftPrompt { Length = 20 }, [1e-2, 3e-2, 1e-1], Epochs),
        new("P-Tuning, LSTM, 5 vectors", new PTuningV1(), [1e-3, 3e-3, 1e-2], Epochs),
        new("P-Tuning, MLP, 5 vectors", new PTuningV1 { Encoder = PromptEncoderKind.Mlp }, [1e-3, 3e-3, 1e-2], Epochs),
        new("Prefix-Tuning, 20 vectors", new PrefixTuning { Length = 20 }, [1e-3, 3e-3, 1e-2], Epochs),
        new("P-Tuning v2, 20 vectors", new DeepPrompt { Length = 20 }, [1e-2, 3e-2, 6e-2], Epochs),
        new("P-Tuning v2, 20 vectors, MLP", new DeepPrompt { Length = 20, Reparameterize = true }, [1e-3, 3e-3, 1e-2], Epochs),
        new("BitFit", new BitFit(), [1e-3, 3e-3, 1e-2], Epochs),
        new("adapters, Houlsby, 16", new BottleneckAdapter { Size = 16 }, [3e-4, 1e-3, 3e-3], Epochs),
        new("adapters, Pfeiffer, 16", new BottleneckAdapter { Size = 16, Placement = AdapterPlacement.FeedForward }, [3e-4, 1e-3, 3e-3], Epochs),
        new("hard prompt, full fine-tuning", new HardPrompt { Template = "{text} it was {mask} ." }, [5e-5, 1e-4, 2e-4], Epochs / 2),
        new("full fine-tuning", new FullFineTuning(), [5e-5, 1e-4, 2e-4], Epochs / 2),
    ];

    // Refused on backbones without a masked-word head, such as the default one.
    private static MethodCase WithVerbalizer(Dictionary<string, string[]> words) =>
        new("P-Tuning v2, 20 vectors, verbalizer", new DeepPrompt { Length = 20 }, [3e-2, 1e-1, 3e-1], Epochs, Verbalizer: new Verbalizer { Words = words, Template = "{text} it was {mask} ." });
}
