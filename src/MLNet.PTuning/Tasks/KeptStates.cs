// What a frozen encoder gives for the rows of a training run, where nothing before the head is trained or dropped: every epoch reads the same, so it is computed once.
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tasks;

/// <summary>The vectors that the head reads, of each example, on the managed heap; those of further examples are computed anew once the memory is full.</summary>
/// <param name="mostNumbers">How many numbers are kept.</param>
internal sealed class KeptStates(long mostNumbers = 128L << 20)
{
    private readonly Dictionary<Example, float[]> _vectors = new(ReferenceEqualityComparer.Instance);
    private long _numbers;
    // From the first batch on that does not fit: what is kept depends on the batches of the first epoch alone.
    private bool _isFull;

    /// <summary>The vectors of a batch: [V, H].</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="read">Computes the vectors of a batch.</param>
    public torch.Tensor Of(Batch batch, Func<Batch, torch.Tensor> read)
    {
        Example[] missing = [.. batch.Examples.Where(example => !_vectors.ContainsKey(example))];
        var computed = new Dictionary<Example, float[]>(ReferenceEqualityComparer.Instance);
        if (missing.Length > 0)
        {
            var pass = Batch.Of(missing);
            computed = ByExample(pass, Compute(pass, read));
            Keep(computed);
        }
        float[] all = [.. batch.Examples.SelectMany(example => computed.TryGetValue(example, out float[]? vectors) ? vectors : _vectors[example])];
        return torch.tensor(all).view(batch.VectorStarts[^1], -1);
    }

    /// <summary>The vectors of a pass, which are not kept: [V · H].</summary>
    public static float[] Compute(Batch pass, Func<Batch, torch.Tensor> read)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        return ParameterFactory.ToArray(read(pass));
    }

    /// <summary>Keeps the vectors of a pass.</summary>
    public void Keep(Batch pass, ReadOnlySpan<float> vectors) => Keep(ByExample(pass, vectors));

    private static Dictionary<Example, float[]> ByExample(Batch pass, ReadOnlySpan<float> vectors)
    {
        var byExample = new Dictionary<Example, float[]>(ReferenceEqualityComparer.Instance);
        int width = vectors.Length / pass.VectorStarts[^1], at = 0;
        foreach (var example in pass.Examples) byExample[example] = vectors[at..(at += example.VectorCount * width)].ToArray();
        return byExample;
    }

    private void Keep(Dictionary<Example, float[]> computed)
    {
        long numbers = computed.Values.Sum(vectors => (long)vectors.Length);
        _isFull |= _numbers + numbers > mostNumbers;
        if (_isFull) return;
        foreach (var (example, vectors) in computed) _vectors[example] = vectors;
        _numbers += numbers;
    }
}
