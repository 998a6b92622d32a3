// Prompt Tuning (Lester et al., 2021, "The Power of Scale for Parameter-Efficient Prompt Tuning").
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning;

/// <summary>
/// Prompt Tuning: trained vectors [P, E] before the row's first token, at the input only (E is the width of the backbone's embeddings).
/// They are embedded as words are: positions 0 … P − 1 and the first segment's type are added, then comes the norm; the text's positions follow
/// (as Lester et al., 2021, and PEFT compute it). Classification reads the text's own first token, or the first vector on request.
/// </summary>
public sealed class SoftPrompt : TuningMethod
{
    private StartWords? _words;

    /// <summary>Prompt length P in vectors. Default 20. It takes P of the backbone's positions.</summary>
    public int Length { get; init; } = 20;

    /// <summary>Initial values. Default: word pieces drawn from the vocabulary.</summary>
    public PromptStart Start { get; init; }

    /// <summary>The text that the prompt begins as where <see cref="Start"/> says so.</summary>
    public string? StartText { get; init; }

    /// <summary>Standard deviation of random initial values. Default 0.02.</summary>
    public double InitialDeviation { get; init; } = 0.02;

    /// <summary>
    /// Whether classification reads the prompt's first vector instead of the text's first token, as Python's classes do with a prompt of PEFT's. Default false.
    /// Of a decoder the row's last token is read in any case, as Python's classes do, too: its first vector has seen nothing of the text.
    /// </summary>
    public bool PoolsFirstVector { get; init; }

    internal override int PromptLength => Length;

    internal override int VectorsInFront => Length;

    internal override bool ReadsVectors => PoolsFirstVector;

    internal override void Validate()
    {
        if (Length < 1) throw new ArgumentOutOfRangeException(nameof(Length), Length, "A soft prompt has at least 1 vector.");
        StartWords.Validate(Start, StartText);
        if (!(InitialDeviation > 0)) throw new ArgumentOutOfRangeException(nameof(InitialDeviation), InitialDeviation, "A standard deviation is positive.");
    }

    internal override TuningMethod For(IReadOnlyList<string> classNames, Func<int[]> frequentPieces)
    {
        var known = (SoftPrompt)MemberwiseClone();
        known._words = new StartWords(Start, StartText, classNames, frequentPieces);
        return known;
    }

    internal override Tuner CreateTuner(FrozenBackbone backbone, long seed)
    {
        using var factory = new ParameterFactory(seed, backbone.Device);
        long width = backbone.Encoder.WordEmbeddings.Width;
        if (Start == PromptStart.Random) return VectorTuner.Direct(backbone, factory.Normal(InitialDeviation, Length, width));
        float[] values = [.. (_words ?? new StartWords(Start, StartText)).Take(Length, backbone, seed).SelectMany(pieces => MeanEmbedding(backbone, pieces))];
        return VectorTuner.Direct(backbone, ParameterFactory.From(values, [Length, width], backbone.Device));
    }

    internal override Tuner LoadTuner(FrozenBackbone backbone, TensorSource saved) => VectorTuner.Load(backbone, Length, saved);

    private static float[] MeanEmbedding(FrozenBackbone backbone, int[] pieces)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        return ParameterFactory.ToArray(backbone.Encoder.WordEmbeddings.Rows(Array.ConvertAll(pieces, p => (long)p)).mean([0]));
    }
}
