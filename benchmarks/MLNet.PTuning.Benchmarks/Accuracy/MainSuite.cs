// The suite `main`: P-Tuning v2 with the library's defaults between what trains least and what trains everything, both at their best rates.
namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class MainSuite
{
    /// <summary>What trains least, P-Tuning v2 with its defaults, and what trains everything.</summary>
    public static readonly MethodCase[] Methods =
    [
        new("head only", new HeadOnly(), [1e-2, 1e-1, 3e-1]),
        new("P-Tuning v2", null, []),
        new("full fine-tuning", new FullFineTuning(), [5e-5, 1e-4, 2e-4]),
    ];

    /// <summary>The same three, all with the library's defaults: for tasks that are too small to choose rates on, or too long.</summary>
    public static readonly MethodCase[] Defaults = [.. Methods.Select(method => method with { Rates = [] })];

    public static AccuracySuite Create() => new([
        new AccuracyTask("SST-2", "accuracy", 2000, SentenceTask.On(SentenceFiles.Sst2), Methods),
        new AccuracyTask("TREC", "accuracy", null, SentenceTask.On(SentenceFiles.Trec), Methods),
        new AccuracyTask("MRPC", "accuracy", null, SentenceTask.On(SentenceFiles.Mrpc), Methods),
        new AccuracyTask("CoLA", "Matthews", null, SentenceTask.On(SentenceFiles.Cola), Methods),
        new AccuracyTask("RTE", "accuracy", null, SentenceTask.On(SentenceFiles.Rte), Methods),
        new AccuracyTask("CoNLL-2003", "entity F1", 2000, LabelingTask.Conll2003, Methods),
        new AccuracyTask("WNUT-17", "entity F1", 2000, LabelingTask.Wnut17, Methods),
        new AccuracyTask("roles, EWT", "F1", 2000, LabelingTask.Roles, Methods)], AccuracySuite.MiniLm);
}
