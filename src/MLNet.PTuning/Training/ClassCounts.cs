// Notices a model that gives every row the same class.
using System.Runtime.InteropServices;
using TorchSharp;

namespace MLNet.PTuning.Training;

/// <summary>How often each class was predicted and wanted over an epoch.</summary>
internal sealed class ClassCounts(int classes)
{
    private readonly long[] _predicted = new long[classes];
    private readonly long[] _wanted = new long[classes];

    /// <summary>The one class that was predicted although several were wanted; null where the model tells classes apart.</summary>
    public int? CollapsedTo => _predicted.Count(n => n > 0) == 1 && _wanted.Count(n => n > 0) > 1 ? Array.FindIndex(_predicted, n => n > 0) : null;

    public void Add(torch.Tensor predictions, int[] targets)
    {
        var predicted = MemoryMarshal.Cast<byte, long>(predictions.cpu().bytes);
        for (int i = 0; i < targets.Length; i++)
        {
            if (targets[i] < 0) continue;
            _predicted[predicted[i]]++;
            _wanted[targets[i]]++;
        }
    }
}
