// The loss of every task: cross-entropy of a softmax over classes, over the vectors of an example, or over the vocabulary.
using TorchSharp;

namespace MLNet.PTuning.Tasks;

internal static class CrossEntropy
{
    /// <summary>The mean over a pass's targets; targets of <see cref="Example.NoTarget"/> do not count.</summary>
    /// <param name="logits">Scores: [V, classes].</param>
    /// <param name="pass">What was scored.</param>
    /// <param name="classWeights">Weight of each class: [classes]; null for all 1.</param>
    public static torch.Tensor Mean(torch.Tensor logits, Batch pass, torch.Tensor? classWeights)
    {
        var targets = torch.tensor(Array.ConvertAll(pass.Targets, t => (long)t), device: logits.device);
        var scores = pass.Over == SoftmaxOver.Vectors ? ByExampleAndClass(logits, pass) : logits;
        return torch.nn.functional.cross_entropy(scores, targets, classWeights, ignore_index: Example.NoTarget);
    }

    /// <summary>The weight of targets in the mean over further ones.</summary>
    public static double Weight(int[] targets, IReadOnlyList<double>? classWeights) => targets.Sum(t => t == Example.NoTarget ? 0 : classWeights?[t] ?? 1);

    /// <summary>The sum over an example's targets, and their number.</summary>
    /// <param name="example">The example.</param>
    /// <param name="predicted">What <see cref="TunedModel.Predict"/> gives for it.</param>
    /// <param name="classes">Number of classes.</param>
    public static (double Sum, int Count) OfPrediction(Example example, float[] predicted, int classes)
    {
        double sum = 0;
        int count = 0;
        for (int i = 0; i < example.Targets.Length; i++)
        {
            if (example.Targets[i] is not (>= 0 and var target)) continue;
            sum += example.Over == SoftmaxOver.Tokens ? -predicted[i] : example.Over == SoftmaxOver.Vectors ? LogTotal(predicted, i, classes) - predicted[target * classes + i] : -Log(predicted[i * classes + target]);
            count++;
        }
        return (sum, count);
    }

    /// <summary>The logarithm of a probability; one that has become 0 counts as 1e-30.</summary>
    public static double Log(float probability) => Math.Log(Math.Max(probability, 1e-30f));

    // log Σ exp of a class's scores.
    private static double LogTotal(float[] scores, int of, int classes)
    {
        double highest = double.NegativeInfinity, total = 0;
        for (int at = of; at < scores.Length; at += classes) highest = Math.Max(highest, scores[at]);
        for (int at = of; at < scores.Length; at += classes) total += Math.Exp(scores[at] - highest);
        return highest + Math.Log(total);
    }

    // [V, classes] → [B · classes, longest]: a line for each example and class, with −∞ after the example's last vector.
    private static torch.Tensor ByExampleAndClass(torch.Tensor logits, Batch pass)
    {
        int[] starts = pass.VectorStarts;
        int examples = starts.Length - 1, classes = (int)logits.shape[1], longest = Enumerable.Range(0, examples).Max(e => starts[e + 1] - starts[e]), at = 0;
        var index = new long[examples * classes * longest];
        Array.Fill(index, logits.shape[0] * classes);
        for (int e = 0; e < examples; e++)
            for (int c = 0; c < classes; c++, at += longest)
                for (int i = starts[e]; i < starts[e + 1]; i++) index[at + i - starts[e]] = (long)i * classes + c;
        var lowest = torch.tensor([float.NegativeInfinity], device: logits.device);
        return torch.cat([logits.flatten(), lowest]).index_select(0, torch.tensor(index, device: logits.device)).view(examples * classes, longest);
    }
}
