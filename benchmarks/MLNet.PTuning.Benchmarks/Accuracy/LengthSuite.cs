// The suite `length`: P-Tuning v2 over the prompt's length, trained directly and through the network, on a simple and a harder task.
using MLNet.PTuning.Pipeline;

namespace MLNet.PTuning.Benchmarks.Accuracy;

internal static class LengthSuite
{
    private const string Network = ", network";

    private static readonly Dictionary<string, DeepPrompt> Prompts = (from reparameterize in new[] { false, true } from length in new[] { 4, 8, 16, 32, 64, 128 } select new DeepPrompt { Length = length, Reparameterize = reparameterize })
        .ToDictionary(prompt => $"P-Tuning v2, {prompt.Length} vectors{(prompt.Reparameterize ? Network : "")}");

    public static AccuracySuite Create()
    {
        MethodCase[] methods = [.. Prompts.Select(prompt => new MethodCase(prompt.Key, prompt.Value, []))];
        return new([new AccuracyTask("SST-2", "accuracy", 2000, SentenceTask.On(SentenceFiles.Sst2), methods), new AccuracyTask("CoNLL-2003", "entity F1", 2000, LabelingTask.Conll2003, methods)], AccuracySuite.MiniLm, Plot);
    }

    // Mean scores over the length as SVG, a line for each task and way of training.
    private static string Plot(IReadOnlyList<AccuracyResult> results)
    {
        var plot = new ScorePlot("vectors a layer", results.Select(Length), results.Select(r => r.Mean));
        foreach (var line in results.GroupBy(r => (r.Task, Prompts[r.Method].Reparameterize)))
        {
            bool isDirect = !line.Key.Reparameterize;
            string color = plot.Legend($"{line.Key.Task}{(isDirect ? "" : Network)}", isDirect);
            plot.Line(line.Select(r => (Length(r), r.Mean)), color);
            foreach (var result in line) plot.Point(Length(result), result.Mean, color, isDirect, 4, $"{result.Task}, {result.Method}: {result.Mean:f4}");
        }
        return plot.ToString();

        static double Length(AccuracyResult result) => Prompts[result.Method].Length;
    }
}
