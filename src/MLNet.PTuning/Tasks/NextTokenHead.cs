// The head that scores the token after each position: a decoder's own, frozen.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tasks;

/// <summary>Scores of all word pieces by a matrix of the checkpoint, or by the word embeddings, those of a fine-tuned copy where there is one.</summary>
/// <param name="weight">[V, H]; null for the encoder's word embeddings. The backbone owns it.</param>
internal sealed class NextTokenHead(torch.Tensor? weight) : Head
{
    public override IReadOnlyList<Parameter> Parameters => [];

    public override bool SuitsAnyThread => false;

    public override torch.Tensor Logits(torch.Tensor hidden, Encoder encoder, Dropout? dropout, double dropProbability) =>
        torch.nn.functional.linear(hidden, weight ?? Floats(encoder.WordEmbeddings));

    public override void DivideScores(double divisor) => throw new NotSupportedException("A decoder's own head is frozen, and its scores are not divided.");

    private static torch.Tensor Floats(EmbeddingTable words) => words.Scales is null ? words.Values : words.Rows(torch.arange(words.RowCount, device: words.Values.device));
}
