// How a trained model writes: how long, by which search, where it stops.
namespace MLNet.PTuning;

/// <summary>How text is generated. With the defaults the most probable token is taken at each step (greedy search).</summary>
public sealed record GenerationSettings
{
    /// <summary>Most tokens (word pieces) that are written, the end token included. Default 64. Input and these fit the backbone's positions together: longer inputs are cut at their start.</summary>
    public int MaxNewTokens { get; init; } = 64;

    /// <summary>
    /// Beams of the search, as Hugging Face's <c>generate</c> with <c>early_stopping=False</c>: the best of as many finished texts by the sum of their tokens' log-probabilities over the number of
    /// tokens to the power of <see cref="LengthPenalty"/>. Default 1: greedy.
    /// </summary>
    public int BeamCount { get; init; } = 1;

    /// <summary>The exponent of a beam's length: above 0 the higher, the longer texts. Default 1.</summary>
    public double LengthPenalty { get; init; } = 1;

    /// <summary>What scores are divided by before a token is drawn: 1 draws from the model's own probabilities, less makes probable tokens more so. Default null (as 0): no drawing.</summary>
    public double? Temperature { get; init; }

    /// <summary>Draws among this many most probable tokens. Default null: all.</summary>
    public int? TopK { get; init; }

    /// <summary>Draws among the most probable tokens that have this probability together, of those that <see cref="TopK"/> leaves and at the temperature. Default null: all.</summary>
    public double? TopP { get; init; }

    /// <summary>
    /// Seed of drawing. Each row draws by itself, from this seed and its text, so that it gets the same text alone and among others (and two rows of the same text get the same one).
    /// Default 0; a trained model has the seed of its training.
    /// </summary>
    public int Seed { get; init; }

    /// <summary>Texts that end what is written, which is then cut before the first of them. Default: none.</summary>
    public IReadOnlyList<string> StopTexts { get; init; } = [];

    /// <summary>Whether tokens are drawn.</summary>
    internal bool Draws => Temperature > 0;

    /// <exception cref="ArgumentException">A setting is out of range; the message names it.</exception>
    internal void Validate()
    {
        Require(MaxNewTokens >= 1, nameof(MaxNewTokens), MaxNewTokens, "at least 1");
        Require(BeamCount >= 1, nameof(BeamCount), BeamCount, "at least 1");
        Require(double.IsFinite(LengthPenalty), nameof(LengthPenalty), LengthPenalty, "a finite number");
        Require(Temperature is null or >= 0 and < double.PositiveInfinity, nameof(Temperature), Temperature, "at least 0, or null");
        Require(TopK is null or >= 1, nameof(TopK), TopK, "at least 1, or null for all");
        Require(TopP is null or > 0 and <= 1, nameof(TopP), TopP, "above 0 and at most 1, or null");
        Require(StopTexts is not null && StopTexts.All(text => !string.IsNullOrEmpty(text)), nameof(StopTexts), StopTexts, "texts of at least one character");
        if (Draws && BeamCount > 1) throw new ArgumentException($"{nameof(BeamCount)} is {BeamCount} and {nameof(Temperature)} {Temperature}: beams are searched, not drawn. Set one of them.", nameof(BeamCount));
        if (!Draws && (TopK ?? TopP) is not null) throw new ArgumentException($"{nameof(TopK)} and {nameof(TopP)} say which tokens are drawn from, and nothing is drawn; set {nameof(Temperature)}, 1 for the model's own probabilities.", nameof(Temperature));
    }

    private static void Require(bool holds, string name, object? value, string range)
    {
        if (!holds) throw new ArgumentOutOfRangeException(name, value, $"{name} must be {range}.");
    }
}
