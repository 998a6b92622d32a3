// The boundary of a frozen transformer: packed rows and a prompt in, hidden states out.
using MLNet.PTuning.Backbones.Cpu;
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>
/// A transformer encoder, or a decoder whose word pieces attend to those before them. It knows nothing of tasks; how it computes attention, in which precision and on which device, is internal to it.
/// Calls are safe from several threads as long as the weights are not disposed.
/// </summary>
internal abstract class Encoder(BackboneConfig config) : IDisposable
{
    private (PackedBackbone Backbone, PackedEngines Engines)? _packed;
    private bool _isAsked;

    public BackboneConfig Config { get; } = config;

    /// <summary>The vectors that word pieces begin as: [V, E].</summary>
    public abstract EmbeddingTable WordEmbeddings { get; }

    /// <summary>Whether a word piece attends to those before it alone, so that the last one of a row has read all of it.</summary>
    public virtual bool IsCausal => false;

    /// <summary>Whether <see cref="Run"/> can take 8-bit weights: whether it has products of its own for the backbone's layers.</summary>
    public bool TakesInt8 => FastLayers is not null;

    /// <summary>The backbone's own dense layer over the first token, [H, H]; null where its checkpoint has none.</summary>
    public Linear? Pooler { get; init; }

    /// <summary>The function after a pooler, the backbone's or the head's own.</summary>
    public Func<torch.Tensor, torch.Tensor> PoolerActivation { get; init; } = x => x.tanh();

    /// <summary>Longest row, specials included, with a prompt of the given length.</summary>
    public abstract int MaxRowLength(int promptLength);

    /// <summary>Hidden states before the first layer: [T, H].</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="prompt">What the tuning method gives.</param>
    /// <param name="dropout">Masks of training; null in prediction.</param>
    public abstract torch.Tensor Embed(PackedBatch batch, PromptState prompt, Dropout? dropout);

    /// <summary>One layer: hidden states [T, H] → [T, H], or [R, H] where only the positions <paramref name="readPositions"/> [R] are computed.</summary>
    public abstract torch.Tensor Layer(int index, torch.Tensor hidden, IAttention layout, PromptState prompt, Dropout? dropout, torch.Tensor? readPositions);

    /// <summary>
    /// Runs a batch in the fastest way that this encoder has for the prompt. A gradient reaches the prompt once <see cref="EncoderPass.Backward"/> is called,
    /// after the backward pass of what was computed from the hidden states.
    /// </summary>
    /// <param name="batch">The rows.</param>
    /// <param name="readPositions">Positions in the packed batch, ascending: [R].</param>
    /// <param name="prompt">What the tuning method gives.</param>
    /// <param name="dropout">Masks of training; null in prediction.</param>
    /// <param name="precision">Of frozen weights and products, where the encoder has a choice.</param>
    public EncoderPass Run(PackedBatch batch, int[] readPositions, PromptState prompt, Dropout? dropout, Precision precision) =>
        RunMixed(batch, readPositions, [new PromptedRows(prompt, batch.RowCount) { Dropout = dropout }], precision);

    /// <summary>Whether rows with this prompt may be in one pass with rows of others (<see cref="RunMixed"/>).</summary>
    public bool Mixes(PromptState prompt) => FastLayers is not null && prompt.Adapters.Count == 0;

    /// <summary>
    /// Runs rows of several prompts in one pass: each row's hidden states are those that it has in a batch of one prompt, and each prompt has the gradient of its rows.
    /// </summary>
    /// <param name="batch">The rows.</param>
    /// <param name="readPositions">Positions in the packed batch, ascending: [R].</param>
    /// <param name="prompts">Each prompt with its rows and their masks, in the order of the rows; where there are several, all of them such as <see cref="Mixes"/>.</param>
    /// <param name="precision">Of frozen weights and products, where the encoder has a choice.</param>
    public EncoderPass RunMixed(PackedBatch batch, int[] readPositions, IReadOnlyList<PromptedRows> prompts, Precision precision)
    {
        if (FastLayers is not var (backbone, engines) || prompts[0].Prompt.Adapters.Count > 0)
        {
            ComputeThread.SetLibtorchThreads(ComputeThread.ThreadCount);
            var alone = prompts.Single();
            return new(Forward(batch, readPositions, alone.Prompt, alone.Dropout));
        }
        var rows = Embed(batch, prompts, backbone.Embeds);
        var packed = engines.For(precision, engine => engine.ForwardMixed(batch, readPositions, [.. rows.Select(run => run with { Dropout = null })], keep: false));
        // A trained table says that it requires a gradient even where none is recorded.
        bool recorded = torch.is_grad_enabled(), toEmbedded = recorded && rows.Any(run => run.Embedded?.requires_grad == true);
        bool trained = toEmbedded || recorded && rows.Any(run => run.Prompt.Prefix?.requires_grad == true);
        torch.Tensor hidden;
        using (torch.no_grad()) hidden = packed.ForwardMixed(batch, readPositions, rows, keep: trained);
        if (!trained) return new EncoderPass(hidden) { SuitsAnyThread = rows is [{ Embedded: null }] && packed.HasOwnProducts };
        return new EncoderPass(hidden.requires_grad_(true), gradient =>
        {
            var (ofPrefixes, ofEmbedded) = packed.BackwardMixed(gradient, toEmbedded);
            // One after the other, as passes of one prompt each would: what they have in common has the same sums.
            for (int i = 0, first = 0; i < rows.Length; first += rows[i++].RowCount)
            {
                if (ofPrefixes[i] is { } ofPrefix && rows[i].Prompt.Prefix!.requires_grad) torch.autograd.backward(rows[i].Prompt.Prefix!, ofPrefix);
                if (rows[i].Embedded is not { requires_grad: true } embedded) continue;
                int start = batch.RowStarts[first], end = batch.RowStarts[first + rows[i].RowCount];
                torch.autograd.backward(embedded, ofEmbedded!.narrow(0, start, end - start));
            }
        });
    }

    // Each prompt's rows with their hidden states before the first layer, where the layers do not compute these themselves.
    private PromptedRows[] Embed(PackedBatch batch, IReadOnlyList<PromptedRows> prompts, bool layersEmbed)
    {
        var rows = new PromptedRows[prompts.Count];
        for (int i = 0, first = 0; i < rows.Length; first += rows[i++].RowCount)
            rows[i] = prompts[i].Prompt.Vectors is null && layersEmbed ? prompts[i]
                : prompts[i] with { Embedded = Embed(rows.Length == 1 ? batch : batch.Slice(first, prompts[i].RowCount), prompts[i].Prompt, prompts[i].Dropout).contiguous() };
        return rows;
    }

    /// <summary>The layers as <c>Backbones/Cpu</c> is to compute them, if it can; null where they add something of their own.</summary>
    public abstract PackedBackbone? Packed();

    // Asked for at every pass, and libtorch would be asked for every tensor.
    private (PackedBackbone Backbone, PackedEngines Engines)? FastLayers
    {
        get
        {
            if (!_isAsked) (_packed, _isAsked) = (Packed() is { IsComputed: true } packed ? (packed, new PackedEngines(halves => PackedLayers.Create(packed, halves))) : null, true);
            return _packed;
        }
    }

    /// <summary>The keys and values that every layer has of every word piece, chunk 2l of a row layer l's keys and chunk 2l + 1 its values, as a prefix has them: [T, 2·L·W].</summary>
    public torch.Tensor KeysAndValues(PackedBatch batch)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var hidden = Embed(batch, PromptState.None, null);
        var layout = new AttentionLayout(batch.RowStarts, batch.RowStarts, 0, hidden.device, isCausal: IsCausal);
        var parts = new List<torch.Tensor>();
        for (int layer = 0; layer < Config.LayerCount; layer++)
        {
            var (keys, values) = KeysAndValues(layer, hidden, layout);
            parts.Add(keys);
            parts.Add(values);
            if (layer < Config.LayerCount - 1) hidden = Layer(layer, hidden, layout, PromptState.None, null, null);
        }
        return torch.cat([.. parts], 1).MoveToOuterDisposeScope();
    }

    /// <summary>A layer's keys and values of every word piece, without a prompt: [T, W] each.</summary>
    protected abstract (torch.Tensor Keys, torch.Tensor Values) KeysAndValues(int index, torch.Tensor hidden, AttentionLayout layout);

    /// <summary>A layer's prefix, in training with its dropout; null without one.</summary>
    protected (torch.Tensor Keys, torch.Tensor Values)? PrefixOf(int index, IAttention layout, PromptState prompt, Dropout? dropout)
    {
        if (prompt.PrefixOf(index, Config.KeyValueWidth) is not var (keys, values)) return null;
        return dropout is null || prompt.Dropout <= 0 ? (keys, values) : (DropPerRow(keys), DropPerRow(values));

        // P-Tuning v2 drops after the prefix is expanded over the batch, so that each row has its own mask.
        torch.Tensor DropPerRow(torch.Tensor x) => dropout.Apply(x.expand(layout.RowCount, x.shape[0], x.shape[1]), prompt.Dropout);
    }

    /// <summary>Drops at one of the backbone's own places.</summary>
    protected static torch.Tensor Drop(torch.Tensor values, Dropout? dropout, double configured) => dropout?.Apply(values, dropout.InBackbone(configured)) ?? values;

    /// <summary>A sublayer's output through its adapter, where it has one.</summary>
    protected static torch.Tensor Adapt(Func<torch.Tensor, torch.Tensor>? adapter, torch.Tensor x) => adapter?.Invoke(x) ?? x;

    /// <summary>Frees the memory of past passes.</summary>
    public void Trim() => _packed?.Engines.Trim();

    /// <summary>Frees what the encoder made itself; its weights are their owner's.</summary>
    public void Dispose() => _packed?.Engines.Dispose();

    /// <summary>Hidden states of the last layer at the positions <paramref name="readPositions"/>, under autograd: [R, H].</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="readPositions">Positions in the packed batch, ascending: [R].</param>
    /// <param name="prompt">What the tuning method gives.</param>
    /// <param name="dropout">Masks of training; null in prediction.</param>
    public torch.Tensor Forward(PackedBatch batch, int[] readPositions, PromptState prompt, Dropout? dropout)
    {
        using var scope = torch.NewDisposeScope();
        var hidden = Embed(batch, prompt, dropout);
        var device = hidden.device;
        int prefixLength = prompt.Prefix is null ? 0 : prompt.Length;
        var all = new AttentionLayout(batch.RowStarts, batch.RowStarts, prefixLength, device, isCausal: IsCausal);
        for (int layer = 0; layer < Config.LayerCount - 1; layer++) hidden = Layer(layer, hidden, all, prompt, dropout, null);

        var index = torch.tensor(Array.ConvertAll(readPositions, i => (long)i), device: device);
        var selected = new AttentionLayout(batch.StartsOf(readPositions), batch.RowStarts, prefixLength, device, readPositions, IsCausal);
        return Layer(Config.LayerCount - 1, hidden, selected, prompt, dropout, index).MoveToOuterDisposeScope();
    }
}

/// <summary>A batch that went through an encoder.</summary>
/// <param name="Hidden">Hidden states at the positions read: [R, H].</param>
/// <param name="BackwardToPrompt">From the gradient of <paramref name="Hidden"/> to the prompt; null where autograd does it.</param>
internal sealed record EncoderPass(torch.Tensor Hidden, Action<torch.Tensor>? BackwardToPrompt = null)
{
    /// <summary>Whether it was computed without libtorch's threads, so that the next row like it may be on any thread (<see cref="ComputeThread.RunBriefly"/>).</summary>
    public bool SuitsAnyThread { get; init; }

    /// <summary>Propagates the gradient to the prompt.</summary>
    public void Backward() => BackwardToPrompt?.Invoke(Hidden.grad!);
}
