// P-Tuning (Liu et al., 2021, "GPT Understands, Too"): prompt vectors that a small network relates to each other, placed by a template.
using System.Text.Json.Serialization;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning;

/// <summary>What the prompt's vectors go through while they are trained.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PromptEncoderKind>))]
public enum PromptEncoderKind
{
    /// <summary>A bidirectional LSTM of two layers, then Linear(2h → 2h), ReLU, Linear(2h → E).</summary>
    Lstm,

    /// <summary>Linear(E → h), ReLU, Linear(h → h), ReLU, Linear(h → E).</summary>
    Mlp,
}

/// <summary>
/// P-Tuning, the first version: prompt vectors [P, E] at the input only, at the positions that a template names, trained through a prompt encoder
/// (the shapes are PEFT's). A saved model holds the encoder's output alone, so it predicts as fast as any soft prompt.
/// </summary>
public sealed class PTuningV1 : TuningMethod
{
    /// <summary>
    /// Where the vectors go: <c>{prompt:N}</c> for N vectors, <c>{text}</c> for the row's text, <c>{mask}</c> for the word that a <see cref="Verbalizer"/> scores,
    /// <c>{pair}</c> for the second text, words as they are. Special tokens are added around it; a second text that it does not name follows as the second segment.
    /// Default <c>{prompt:3} {text} {prompt:2} {mask}</c>.
    /// </summary>
    public string Template { get; init; } = "{prompt:3} {text} {prompt:2} {mask}";

    /// <summary>The prompt encoder. Default: the LSTM.</summary>
    public PromptEncoderKind Encoder { get; init; }

    /// <summary>h, the encoder's inner width. Default null: E / 2 for the LSTM, E for the MLP.</summary>
    public int? EncoderHiddenSize { get; init; }

    internal override PromptTemplate RowTemplate => PromptTemplate.Parse(Template);

    internal override int PromptLength => RowTemplate.PromptLength;

    internal override MethodDefaults Defaults(bool ofWords) => new(1e-3);

    internal override void Validate()
    {
        if (RowTemplate.PromptLength == 0) throw new ArgumentException($"The template '{Template}' has no prompt vectors; put {{prompt:N}} where N of them go, or use HardPrompt.");
        if (!Enum.IsDefined(Encoder)) throw new ArgumentOutOfRangeException(nameof(Encoder), Encoder, "There is no such prompt encoder.");
        if (EncoderHiddenSize < 1) throw new ArgumentOutOfRangeException(nameof(EncoderHiddenSize), EncoderHiddenSize, "A prompt encoder has at least 1 unit.");
    }

    internal override Tuner CreateTuner(FrozenBackbone backbone, long seed)
    {
        using var factory = new ParameterFactory(seed, backbone.Device);
        long width = backbone.Encoder.WordEmbeddings.Width;
        var parameters = new List<Parameter>();
        var embedding = Add("embedding.weight", factory.Normal(1, PromptLength, width));
        if (Encoder == PromptEncoderKind.Mlp)
        {
            long size = EncoderHiddenSize ?? width;
            Linear[] layers = [Layer("mlp_head.0", size, width), Layer("mlp_head.2", size, size), Layer("mlp_head.4", width, size)];
            return new VectorTuner(backbone, parameters, () => layers[2].Apply(layers[1].Apply(layers[0].Apply(embedding).relu()).relu()));
        }
        else
        {
            long size = EncoderHiddenSize ?? Math.Max(1, width / 2);
            var lstm = torch.nn.LSTM(width, size, numLayers: 2, bidirectional: true, device: backbone.Device);
            foreach (var (name, value) in lstm.named_parameters()) factory.Uniform(Add("lstm_head." + name, value), 1 / Math.Sqrt(size));
            Linear inner = Layer("mlp_head.0", 2 * size, 2 * size), outer = Layer("mlp_head.2", width, 2 * size);
            // The prompt is one sequence: [P, 1, E].
            return new VectorTuner(backbone, parameters, () => outer.Apply(inner.Apply(lstm.call(embedding.unsqueeze(1)).Item1.squeeze(1)).relu()), lstm);
        }

        // Initial values as PyTorch's modules have them.
        Linear Layer(string name, long outputs, long inputs) => new(
            Add(name + ".weight", factory.Uniform(1 / Math.Sqrt(inputs), outputs, inputs)), Add(name + ".bias", factory.Uniform(1 / Math.Sqrt(inputs), outputs)));

        TorchSharp.Modules.Parameter Add(string name, TorchSharp.Modules.Parameter value)
        {
            parameters.Add(new Parameter("prompt_encoder." + name, value, Decays: value.dim() > 1));
            return value;
        }
    }

    internal override Tuner LoadTuner(FrozenBackbone backbone, TensorSource saved) => VectorTuner.Load(backbone, PromptLength, saved);
}
