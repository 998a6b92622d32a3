// The head of masked-language modeling: which word a hidden state predicts.
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>Dense layer, activation, norm, and the scores of words by their embeddings.</summary>
/// <param name="Dense">H → E.</param>
/// <param name="Activation">Function after it.</param>
/// <param name="Norm">Of E.</param>
/// <param name="Bias">One a word piece: [V].</param>
/// <param name="Decoder">[V, E]; null where it is the word embeddings.</param>
internal sealed record MaskedWordHead(Linear Dense, Func<torch.Tensor, torch.Tensor> Activation, Norm Norm, torch.Tensor Bias, torch.Tensor? Decoder)
{
    /// <summary>Scores before softmax of chosen word pieces: [R, H] → [R, pieces].</summary>
    /// <param name="hidden">Hidden states.</param>
    /// <param name="words">The encoder's word embeddings.</param>
    /// <param name="pieces">Ids of the word pieces.</param>
    public torch.Tensor Scores(torch.Tensor hidden, EmbeddingTable words, torch.Tensor pieces) => torch.nn.functional.linear(
        Norm.Apply(Activation(Dense.Apply(hidden))), Decoder?.index_select(0, pieces) ?? words.Rows(pieces), Bias.index_select(0, pieces));
}

/// <summary>What a family calls the tensors of its masked-word head.</summary>
/// <param name="Dense">Weight and bias of the dense layer.</param>
/// <param name="Norm">Weight and bias of the norm.</param>
/// <param name="Bias">The bias of the scores.</param>
/// <param name="Decoder">Their weight, which counts where config.json unties it from the word embeddings.</param>
internal sealed record MaskedWordNames(string Dense, string Norm, string Bias, string Decoder)
{
    /// <summary>The head, where the checkpoint has one.</summary>
    public MaskedWordHead? Read(BackboneConfig config, EncoderWeights weights)
    {
        if (!weights.Has(Dense + ".weight") || !weights.Has(Bias)) return null;
        long size = config.EmbeddingSize;
        return new MaskedWordHead(weights.Linear(Dense, size, config.HiddenSize), Activation.Of(config.HiddenActivation), weights.Norm(Norm, size, config.LayerNormEpsilon),
            weights.Tensor(Bias, config.VocabSize),
            config.Fields.Flag("tie_word_embeddings", true) ? null : weights.Tensor(Decoder, config.VocabSize, size));
    }
}
