// The source of tensors for an encoder that is being created, which names each with its shape.
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>Named tensors of known shapes. Names are without the family's prefix; the creator of this object owns the tensors.</summary>
/// <param name="has">Whether there is a tensor of a name.</param>
/// <param name="get">The tensor of a name and shape.</param>
/// <param name="int8">Rounds the layers' weights and the embeddings to 8 bits; null for floats.</param>
internal sealed class EncoderWeights(Func<string, bool> has, Func<string, long[], torch.Tensor> get, Int8Weights? int8 = null)
{
    public bool Has(string name) => has(name);

    public torch.Tensor Tensor(string name, params long[] shape) => get(name, shape);

    /// <summary>An embedding table.</summary>
    public EmbeddingTable Table(string name, long rows, long width) => int8?.Table(name, rows, width) ?? new EmbeddingTable(get(name, [rows, width]));

    /// <summary>A linear layer of floats.</summary>
    public Linear Linear(string name, long outputs, long inputs) => new(get(name + ".weight", [outputs, inputs]), get(name + ".bias", [outputs]));

    /// <summary>One of the linear layers that a transformer layer is made of.</summary>
    public Linear LayerLinear(string name, long outputs, long inputs, bool hasBias = true)
    {
        var weight = int8 is null ? new Linear(get(name + ".weight", [outputs, inputs]), null) : new Linear(int8.Matrix(name + ".weight", outputs, inputs), null);
        return hasBias ? weight with { Bias = get(name + ".bias", [outputs]) } : weight;
    }

    /// <summary>Linear layers of a transformer layer whose weights are stored [in, out], one beside the other in one tensor, as are their biases.</summary>
    public Linear[] LayerLinearsFromInputs(string name, long inputs, params long[] outputs)
    {
        long total = outputs.Sum(), first = 0;
        var rounded = int8?.MatricesFromInputs(name + ".weight", inputs, outputs);
        var weight = rounded is null ? get(name + ".weight", [inputs, total]) : null;
        var bias = get(name + ".bias", [total]);
        var parts = new Linear[outputs.Length];
        for (int i = 0; i < parts.Length; first += outputs[i++])
            parts[i] = (rounded is null ? new Linear(weight!, bias) { StartsWithInputs = true } : new Linear(rounded[i], bias)).Part(first, outputs[i]);
        return parts;
    }

    public Norm Norm(string name, long size, double epsilon) => new(get(name + ".weight", [size]), get(name + ".bias", [size]), size, epsilon);

    /// <summary>The linear layer of a name where the checkpoint has it.</summary>
    public Linear? OptionalLinear(string name, long outputs, long inputs) => has(name + ".weight") ? Linear(name, outputs, inputs) : null;
}
