// Detects a model that gives every row the same class.
using System.Runtime.InteropServices;
using TorchSharp;

namespace MLNet.PTuning.Training;

/// <summary>How often each class was predicted, and was the target, over an epoch.</summary>
internal sealed record ClassCounts(long[] Predicted, long[] Gold)
{
    /// <summary>Counts of an epoch that begins.</summary>
    public static ClassCounts None(int classes) => new(new long[classes], new long[classes]);

    /// <summary>The one class that was predicted although there were several target classes; null where the model tells classes apart.</summary>
    public int? CollapsedClass() =>
        Predicted.Count(n => n > 0) == 1 && Gold.Count(n => n > 0) > 1 ? Array.FindIndex(Predicted, n => n > 0) : null;

    /// <summary>Adds the counts of a step.</summary>
    public void Add(ClassCounts step)
    {
        for (int i = 0; i < Gold.Length; i++)
        {
            Predicted[i] += step.Predicted[i];
            Gold[i] += step.Gold[i];
        }
    }

    public void Add(torch.Tensor predictions, int[] targets)
    {
        var predicted = MemoryMarshal.Cast<byte, long>(predictions.cpu().bytes);
        for (int i = 0; i < targets.Length; i++)
        {
            if (targets[i] < 0) continue;
            Predicted[predicted[i]]++;
            Gold[targets[i]]++;
        }
    }
}
