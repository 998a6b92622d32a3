// BERT (Devlin et al., 2019) as Hugging Face's BertModel computes it, with P-Tuning v2's keys and values before each row's own.
using TorchSharp;
using static TorchSharp.torch.nn;

namespace MLNet.PTuning.Backbones;

/// <summary>Word, position and segment embeddings, then layers of post-norm self-attention and feed-forward.</summary>
internal sealed class BertEncoder : Encoder
{
    private readonly torch.Tensor _words, _positions, _types;
    private readonly Norm _embeddingNorm;
    private readonly LayerWeights[] _layers;
    private readonly Linear? _pooler;
    private readonly Func<torch.Tensor, torch.Tensor> _activation;

    /// <param name="config">Sizes and constants.</param>
    /// <param name="weights">The tensor of a name of <see cref="WeightShapes"/>; the caller keeps ownership.</param>
    /// <param name="hasPooler">Whether the checkpoint has the pooler's weights.</param>
    public BertEncoder(BackboneConfig config, Func<string, torch.Tensor> weights, bool hasPooler) : base(config)
    {
        _words = weights("embeddings.word_embeddings.weight");
        _positions = weights("embeddings.position_embeddings.weight");
        _types = weights("embeddings.token_type_embeddings.weight");
        _embeddingNorm = NormOf("embeddings.LayerNorm");
        _layers = [.. Enumerable.Range(0, config.LayerCount).Select(l => new LayerWeights(
            LinearOf($"encoder.layer.{l}.attention.self.query"),
            LinearOf($"encoder.layer.{l}.attention.self.key"),
            LinearOf($"encoder.layer.{l}.attention.self.value"),
            LinearOf($"encoder.layer.{l}.attention.output.dense"),
            NormOf($"encoder.layer.{l}.attention.output.LayerNorm"),
            LinearOf($"encoder.layer.{l}.intermediate.dense"),
            LinearOf($"encoder.layer.{l}.output.dense"),
            NormOf($"encoder.layer.{l}.output.LayerNorm")))];
        _pooler = hasPooler ? LinearOf("pooler.dense") : null;
        _activation = Activation(config.HiddenActivation);

        Linear LinearOf(string name) => new(weights(name + ".weight"), weights(name + ".bias"));
        Norm NormOf(string name) => new(weights(name + ".weight"), weights(name + ".bias"), config.HiddenSize, config.LayerNormEpsilon);
    }

    public override bool HasPooler => _pooler is not null;

    public override int MaxRowLength(int promptLength) => Config.MaxPositions - promptLength;

    /// <summary>Names and shapes of a checkpoint's tensors that the encoder reads, without the prefix "bert.".</summary>
    public static IEnumerable<(string Name, long[] Shape)> WeightShapes(BackboneConfig c, bool hasPooler)
    {
        long h = c.HiddenSize, i = c.IntermediateSize;
        yield return ("embeddings.word_embeddings.weight", [c.VocabSize, h]);
        yield return ("embeddings.position_embeddings.weight", [c.MaxPositions, h]);
        yield return ("embeddings.token_type_embeddings.weight", [c.TypeVocabSize, h]);
        var parts = new List<(string Name, long[] Weight)> { ("embeddings.LayerNorm", [h]) };
        for (int l = 0; l < c.LayerCount; l++)
        {
            string layer = $"encoder.layer.{l}.";
            parts.AddRange([
                (layer + "attention.self.query", [h, h]), (layer + "attention.self.key", [h, h]), (layer + "attention.self.value", [h, h]),
                (layer + "attention.output.dense", [h, h]), (layer + "attention.output.LayerNorm", [h]),
                (layer + "intermediate.dense", [i, h]), (layer + "output.dense", [h, i]), (layer + "output.LayerNorm", [h])]);
        }
        if (hasPooler) parts.Add(("pooler.dense", [h, h]));
        foreach (var (name, weight) in parts)
        {
            yield return (name + ".weight", weight);
            yield return (name + ".bias", [weight[0]]);
        }
    }

    public override torch.Tensor Embed(PackedBatch batch, PromptState prompt, Dropout? dropout)
    {
        var device = _words.device;
        var words = _words.index_select(0, torch.tensor(Array.ConvertAll(batch.Ids, i => (long)i), device: device));
        var positions = _positions.index_select(0, torch.tensor(batch.Positions(prompt.Length), device: device));
        var types = _types.index_select(0, torch.tensor(Array.ConvertAll(batch.Types, i => (long)i), device: device));
        return Drop(_embeddingNorm.Apply(words + types + positions), dropout);
    }

    public override torch.Tensor Layer(int index, torch.Tensor hidden, AttentionLayout layout, PromptState prompt, Dropout? dropout, torch.Tensor? readAt)
    {
        var w = _layers[index];
        var asked = readAt is null ? hidden : hidden.index_select(0, readAt);
        var context = layout.Attend(w.Query.Apply(asked), w.Key.Apply(hidden), w.Value.Apply(hidden), Prefix(), Config.HeadCount,
            dropout is null ? null : p => dropout.Apply(p, Config.AttentionDropout));
        var attended = w.AttentionNorm.Apply(Drop(w.AttentionOutput.Apply(context), dropout) + asked);
        var widened = _activation(w.Intermediate.Apply(attended));
        return w.OutputNorm.Apply(Drop(w.Output.Apply(widened), dropout) + attended);

        (torch.Tensor, torch.Tensor)? Prefix()
        {
            if (prompt.Prefix.Count == 0) return null;
            var (keys, values) = prompt.Prefix[index];
            return dropout is null || prompt.Dropout <= 0 ? (keys, values) : (DropPerRow(keys), DropPerRow(values));
        }

        // P-Tuning v2 drops after the prefix is expanded over the batch, so that each row has its own mask.
        torch.Tensor DropPerRow(torch.Tensor x) => dropout!.Apply(x.expand(layout.RowCount, x.shape[0], x.shape[1]), prompt.Dropout);
    }

    public override torch.Tensor Pool(torch.Tensor first) =>
        (_pooler ?? throw new InvalidOperationException("This backbone has no pooler.")).Apply(first).tanh();

    private torch.Tensor Drop(torch.Tensor values, Dropout? dropout) => dropout?.Apply(values, Config.HiddenDropout) ?? values;

    private static Func<torch.Tensor, torch.Tensor> Activation(string name) => name switch
    {
        "gelu" => functional.gelu,
        "relu" => x => x.relu(),
        "tanh" => x => x.tanh(),
        "gelu_new" or "gelu_pytorch_tanh" => TanhGelu,
        _ => throw new NotSupportedException($"hidden_act '{name}' is not supported; supported are gelu, gelu_new, gelu_pytorch_tanh, relu and tanh."),
    };

    // Hendrycks and Gimpel (2016), equation 2.
    private static torch.Tensor TanhGelu(torch.Tensor x) => 0.5 * x * (1 + (Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x.pow(3))).tanh());

    private sealed record Linear(torch.Tensor Weight, torch.Tensor Bias)
    {
        public torch.Tensor Apply(torch.Tensor x) => functional.linear(x, Weight, Bias);
    }

    private sealed record Norm(torch.Tensor Weight, torch.Tensor Bias, long Size, double Epsilon)
    {
        public torch.Tensor Apply(torch.Tensor x) => functional.layer_norm(x, [Size], Weight, Bias, Epsilon);
    }

    private sealed record LayerWeights(Linear Query, Linear Key, Linear Value, Linear AttentionOutput, Norm AttentionNorm,
        Linear Intermediate, Linear Output, Norm OutputNorm);
}
