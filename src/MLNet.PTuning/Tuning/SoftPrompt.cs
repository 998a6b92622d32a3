// Prompt Tuning (Lester et al., 2021, "The Power of Scale for Parameter-Efficient Prompt Tuning").
using System.Text.Json.Serialization;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning;

/// <summary>What a soft prompt's vectors begin as.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SoftPromptStart>))]
public enum SoftPromptStart
{
    /// <summary>Embeddings of word pieces drawn from the vocabulary.</summary>
    Vocabulary,

    /// <summary>Random numbers.</summary>
    Random,

    /// <summary>Embeddings of the word pieces of <see cref="SoftPrompt.StartText"/>, repeated or cut to the prompt's length.</summary>
    Text,

    /// <summary>A vector a class: the mean of the embeddings of its name's word pieces; what is left of the prompt is drawn from the vocabulary.</summary>
    ClassNames,
}

/// <summary>
/// Prompt Tuning: trained vectors [P, E] before the row's first token, at the input only (E is the width of the backbone's embeddings).
/// They are embedded as words are: positions 0 … P − 1 and the first segment's type are added, then comes the norm; the text's positions follow
/// (as Lester et al., 2021, and PEFT compute it). Classification reads the text's own first token, or the first vector on request.
/// </summary>
public sealed class SoftPrompt : TuningMethod
{
    private IReadOnlyList<string>? _classNames;

    /// <summary>Prompt length P in vectors. Default 20. It takes P of the backbone's positions.</summary>
    public int Length { get; init; } = 20;

    /// <summary>Initial values. Default: word pieces drawn from the vocabulary.</summary>
    public SoftPromptStart Start { get; init; }

    /// <summary>The text that the prompt begins as where <see cref="Start"/> says so.</summary>
    public string? StartText { get; init; }

    /// <summary>Standard deviation of random initial values. Default 0.02.</summary>
    public double InitialDeviation { get; init; } = 0.02;

    /// <summary>
    /// Whether classification reads the prompt's first vector instead of the text's first token, as Python's classes do with a prompt of PEFT's. Default false.
    /// </summary>
    public bool PoolsFirstVector { get; init; }

    internal override int PromptLength => Length;

    internal override int VectorsInFront => Length;

    internal override bool ReadsVectors => PoolsFirstVector;

    internal override void Validate()
    {
        if (Length < 1) throw new ArgumentOutOfRangeException(nameof(Length), Length, "A soft prompt has at least 1 vector.");
        if (!Enum.IsDefined(Start)) throw new ArgumentOutOfRangeException(nameof(Start), Start, "There is no such start.");
        if (Start == SoftPromptStart.Text && string.IsNullOrWhiteSpace(StartText)) throw new ArgumentException("A prompt that begins as a text needs StartText.");
        if (!(InitialDeviation > 0)) throw new ArgumentOutOfRangeException(nameof(InitialDeviation), InitialDeviation, "A standard deviation is positive.");
    }

    internal override TuningMethod For(IReadOnlyList<string> classNames)
    {
        var known = (SoftPrompt)MemberwiseClone();
        known._classNames = classNames;
        return known;
    }

    internal override Tuner CreateTuner(FrozenBackbone backbone, long seed)
    {
        using var factory = new ParameterFactory(seed, backbone.Device);
        long width = backbone.Encoder.WordEmbeddings.shape[1];
        if (Start == SoftPromptStart.Random) return VectorTuner.Direct(backbone, factory.Normal(InitialDeviation, Length, width));
        float[] values = [.. StartingPieces(backbone, seed).SelectMany(pieces => MeanEmbedding(backbone, pieces))];
        return VectorTuner.Direct(backbone, ParameterFactory.From(values, [Length, width], backbone.Device));
    }

    internal override Tuner LoadTuner(FrozenBackbone backbone, TensorSource saved) => VectorTuner.Load(backbone, Length, saved);

    // The word pieces whose mean each vector begins as.
    private IEnumerable<int[]> StartingPieces(FrozenBackbone backbone, long seed)
    {
        var tokenizer = backbone.Tokenizer;
        if (Start == SoftPromptStart.Text)
        {
            var pieces = tokenizer.Pieces(StartText);
            if (pieces.Count == 0) throw new ArgumentException($"StartText '{StartText}' has no word pieces; give words.");
            return Enumerable.Range(0, Length).Select(i => new[] { pieces[i % pieces.Count].Id });
        }
        var names = Start == SoftPromptStart.ClassNames
            ? _classNames ?? throw new ArgumentException("The classes' names are not known here; let the prompt begin as a text, or as words of the vocabulary.")
            : [];
        var random = new Random((int)seed);
        int[] special = [.. tokenizer.Encode("", "", tokenizer.SpecialCount(true)).Ids, tokenizer.PadId, tokenizer.MaskId ?? tokenizer.PadId];
        return names.Select(name => tokenizer.Pieces(name).Select(p => p.Id).ToArray()).Where(pieces => pieces.Length > 0).Concat(Drawn()).Take(Length);

        IEnumerable<int[]> Drawn()
        {
            while (true)
            {
                int id = random.Next(Math.Min(tokenizer.VocabularySize, backbone.Config.VocabSize));
                if (!special.Contains(id)) yield return [id];
            }
        }
    }

    private static float[] MeanEmbedding(FrozenBackbone backbone, int[] pieces)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var words = backbone.Encoder.WordEmbeddings;
        return ParameterFactory.ToArray(words.index_select(0, torch.tensor(Array.ConvertAll(pieces, p => (long)p), device: words.device)).mean([0]));
    }
}
