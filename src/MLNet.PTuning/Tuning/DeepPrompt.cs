// P-Tuning v2: trained keys and values at every layer (Liu et al., 2022, "P-Tuning v2: Prompt Tuning Can Be Comparable to Fine-tuning
// Universally Across Scales and Tasks"; the tensors are named and laid out as its authors' code does).
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Text;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning;

/// <summary>P-Tuning v2's deep prompt: <see cref="Length"/> trained key and value vectors before the text's own, at every layer.</summary>
public sealed class DeepPrompt : TuningMethod
{
    // Known of a task; null before.
    private StartWords? _words;

    /// <summary>Prompt length P in vectors a layer. Default 20. It takes P of the backbone's positions.</summary>
    public int Length { get; init; } = 20;

    /// <summary>
    /// Probability of dropping an element of the prompt in training. Default null: the backbone's <c>hidden_dropout_prob</c>.
    /// </summary>
    public double? Dropout { get; init; }

    /// <summary>
    /// Trains the prompt through an embedding [P, H] and a two-layer tanh network instead of directly. Default false.
    /// A saved model holds the network's output, so it is no larger and no slower.
    /// </summary>
    public bool Reparameterize { get; init; }

    /// <summary>Width of that network's inner layer. Default 512.</summary>
    public int EncoderHiddenSize { get; init; } = 512;

    /// <summary>
    /// Initial values: the backbone's own keys and values, at every layer, of words (as Prefix-Tuning's authors propose for few rows: Li and Liang, 2021, section 7.4),
    /// or <see cref="PromptStart.Random"/>, as the authors' code. Default null: <see cref="PromptStart.FrequentWords"/>, but random for the network of
    /// <see cref="Reparameterize"/>, which cannot begin with words, and where <see cref="InitialDeviation"/> is set.
    /// </summary>
    public PromptStart? Start { get; init; }

    /// <summary>The text whose keys and values the prompt begins as where <see cref="Start"/> says so.</summary>
    public string? StartText { get; init; }

    /// <summary>Standard deviation of the normal distribution that random initial values come from. Default null: 0.02, as the authors' code.</summary>
    public double? InitialDeviation { get; init; }

    private bool BeginsAtRandom => Start is { } start ? start == PromptStart.Random : Reparameterize || InitialDeviation is not null;

    internal override int PromptLength => Length;

    // The best of those tried on held-out training rows with MiniLM (docs/methods.md). A network multiplies its rate.
    internal override MethodDefaults Defaults(bool ofWords) => new((Reparameterize, ofWords) switch
    {
        (false, false) => 3e-2,
        (false, true) => 6e-2,
        (true, false) => 1e-3,
        (true, true) => 3e-3,
    })
    {
        Steps = ofWords ? 1000 : 500,
        FewestEpochs = 8,
        HeadFactor = Reparameterize ? 1 : 0.1,
    };

    internal override void Validate()
    {
        if (Length < 1) throw new ArgumentOutOfRangeException(nameof(Length), Length, "A deep prompt has at least 1 vector.");
        if (Dropout is { } p && !(p >= 0 && p < 1)) throw new ArgumentOutOfRangeException(nameof(Dropout), p, "A dropout is at least 0 and less than 1.");
        if (EncoderHiddenSize < 1) throw new ArgumentOutOfRangeException(nameof(EncoderHiddenSize), EncoderHiddenSize, "The network's inner layer has at least 1 unit.");
        if (Start is { } start) StartWords.Validate(start, StartText);
        if (Start is not (null or PromptStart.Random) && Reparameterize)
            throw new ArgumentException($"A prompt that is trained through a network begins at random; leave {nameof(Start)} unset, or {nameof(Reparameterize)} false.", nameof(Start));
        if (Start is not (null or PromptStart.Random) && InitialDeviation is not null)
            throw new ArgumentException($"{nameof(InitialDeviation)} is of random initial values, and {nameof(Start)} is {Start}; set one of them.", nameof(InitialDeviation));
        if (InitialDeviation is <= 0 or double.NaN) throw new ArgumentOutOfRangeException(nameof(InitialDeviation), InitialDeviation, "A standard deviation is positive.");
    }

    internal override TuningMethod For(IReadOnlyList<string> classNames, Func<int[]> frequentPieces)
    {
        var known = (DeepPrompt)MemberwiseClone();
        known._words = new StartWords(Start ?? PromptStart.FrequentWords, StartText, classNames, frequentPieces);
        return known;
    }

    internal override Tuner CreateTuner(FrozenBackbone backbone, long seed)
    {
        using var factory = new ParameterFactory(seed, backbone.Device);
        var config = backbone.Config;
        // Without training rows there are no frequent words.
        var words = BeginsAtRandom ? null : _words ?? (Start is { } start ? new StartWords(start, StartText) : null);
        var table = Reparameterize
            ? PrefixTable.Network(Length, config.LayerCount, config.KeyValueWidth, config.HiddenSize, EncoderHiddenSize, Random)
            : PrefixTable.Direct(Length, config.LayerCount, config.KeyValueWidth, words is null ? Random : (_, _) => OfWords(words, backbone, seed));
        return new PrefixTuner(backbone, table, Length, Dropout ?? config.HiddenDropout);

        TorchSharp.Modules.Parameter Random(string name, long[] shape) => shape.Length > 1 ? factory.Normal(InitialDeviation ?? 0.02, shape) : factory.Zeros(shape);
    }

    // Keys and values of the words as one row, special tokens around them; a prompt that the backbone has no room for at once is made of several rows: [P, 2·L·H].
    private TorchSharp.Modules.Parameter OfWords(StartWords words, FrozenBackbone backbone, long seed) => ComputeThread.Run(() =>
    {
        // On one thread sums have one order, and the same seed gives the same bits.
        ComputeThread.SetLibtorchThreads(1);
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var tokenizer = backbone.Tokenizer;
        int[] pieces = [.. words.Take(Length, backbone, seed).SelectMany(word => word).Take(Length)];
        int room = backbone.Encoder.MaxRowLength(0) - tokenizer.SpecialCount(false);
        return ParameterFactory.From(torch.cat([.. pieces.Chunk(room).Select(chunk =>
        {
            var row = tokenizer.Join([.. chunk.Select(id => new Piece(id, 0, 0, 0))], null, int.MaxValue);
            return backbone.Encoder.KeysAndValues(new PackedBatch(row.Ids, row.Types, [0, row.Ids.Length])).slice(0, row.First.Start.Value, row.First.End.Value, 1);
        })]));
    });

    internal override Tuner LoadTuner(FrozenBackbone backbone, TensorSource saved) => PrefixTuner.Load(backbone, Length, Dropout ?? backbone.Config.HiddenDropout, saved);
}
