// What a frozen encoder gives for the rows of a training run, where nothing before the head is trained or dropped: every epoch reads the same, so it is computed once.
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tasks;

/// <summary>The vectors that the head reads, of each example, on the managed heap; those of further examples are computed anew once the memory is full.</summary>
internal sealed class KeptStates
{
    private const long MostNumbers = 128L << 20;

    private readonly Dictionary<Example, float[]> _vectors = new(ReferenceEqualityComparer.Instance);
    private long _numbers;

    /// <summary>The vectors of a batch: [V, H].</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="read">Computes the vectors of a batch.</param>
    public torch.Tensor Of(Batch batch, Func<Batch, torch.Tensor> read)
    {
        using var scope = torch.NewDisposeScope();
        Example[] missing = [.. batch.Examples.Where(example => !_vectors.ContainsKey(example))];
        if (missing.Length > 0)
        {
            using var noGrad = torch.no_grad();
            var vectors = read(Batch.Of(missing));
            float[] values = ParameterFactory.ToArray(vectors);
            if (_numbers + values.Length > MostNumbers) return missing.Length == batch.Examples.Count ? vectors.MoveToOuterDisposeScope() : read(batch).MoveToOuterDisposeScope();
            int width = (int)vectors.shape[1], at = 0;
            foreach (var example in missing) _vectors[example] = values[at..(at += example.VectorCount * width)];
            _numbers += values.Length;
        }
        float[] all = [.. batch.Examples.SelectMany(example => _vectors[example])];
        return torch.tensor(all).view(batch.VectorStarts[^1], -1).MoveToOuterDisposeScope();
    }
}
