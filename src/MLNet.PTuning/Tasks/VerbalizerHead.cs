// The head that scores classes by the words that represent them, with the backbone's own masked-word head or, of a decoder, the one that scores the next token.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tasks;

/// <summary>The words' pieces, each once, and the weight of each in each class.</summary>
internal sealed class VerbalizerHead : Head
{
    // Scores of the pieces by hidden states [R, H], with the encoder's word embeddings.
    private readonly Func<torch.Tensor, EmbeddingTable, torch.Tensor> _scores;
    private readonly torch.Tensor _pieces, _weights;

    /// <param name="backbone">Whose head scores.</param>
    /// <param name="words">Words of each class.</param>
    /// <exception cref="NotSupportedException">The backbone has no such head.</exception>
    /// <exception cref="ArgumentException">A word has no pieces, or two classes have the same.</exception>
    public VerbalizerHead(FrozenBackbone backbone, IReadOnlyList<IReadOnlyList<string>> words)
    {
        bool isDecoder = backbone.Encoder.IsCausal;
        if (!isDecoder && backbone.MaskedWords is null) throw new NotSupportedException(
            $"{backbone.Folder.Path} has no masked-word head that is known here, so a verbalizer has nothing to score words with; "
            + "take a checkpoint of masked-language training (BERT, RoBERTa, DistilBERT or ALBERT), or leave Verbalizer null for a classification head.");
        var head = isDecoder ? backbone.LanguageHead : null;
        // As within a text, after a blank.
        var pieces = words.Select(w => w.Select(word => Pieces(backbone, word)).ToList()).ToList();
        for (int a = 0; a < words.Count; a++)
            for (int b = 0; b < a; b++)
                if (pieces[a].SelectMany(p => p).ToHashSet().SetEquals(pieces[b].SelectMany(p => p)))
                    throw new ArgumentException($"The words '{string.Join(", ", words[a])}' and '{string.Join(", ", words[b])}' of two classes are the same word pieces to this backbone; give other words.");
        int[] all = [.. pieces.SelectMany(w => w).SelectMany(p => p).Distinct()];
        var weights = new float[all.Length * words.Count];
        for (int c = 0; c < words.Count; c++)
            foreach (int[] word in pieces[c])
                foreach (int piece in word) weights[Array.IndexOf(all, piece) * words.Count + c] += 1f / pieces[c].Count / word.Length;
        _pieces = torch.tensor(Array.ConvertAll(all, p => (long)p), device: backbone.Device).DetachFromDisposeScope();
        _scores = isDecoder ? (hidden, table) => torch.nn.functional.linear(hidden, head?.index_select(0, _pieces) ?? table.Rows(_pieces))
            : (hidden, table) => backbone.MaskedWords!.Scores(hidden, table, _pieces);
        _weights = torch.tensor(weights, device: backbone.Device).view(all.Length, words.Count).DetachFromDisposeScope();
    }

    public override IReadOnlyList<Parameter> Parameters => [];

    public override bool SuitsAnyThread => false;

    public override torch.Tensor Logits(torch.Tensor hidden, Encoder encoder, Dropout? dropout, double dropProbability) =>
        _scores(hidden, encoder.WordEmbeddings).matmul(_weights);

    public override void DivideScores(double divisor) => _weights.DividedInPlace(divisor);

    public override void Dispose()
    {
        _pieces.Dispose();
        _weights.Dispose();
    }

    private static int[] Pieces(FrozenBackbone backbone, string word)
    {
        int[] pieces = [.. backbone.Tokenizer.PiecesOfWords([word]).Select(p => p.Id)];
        // Of a word of several pieces a decoder's next token is the first that is more than the blank before the word, which is a piece of its own before words of some scripts.
        return pieces.Length > 0 ? backbone.Encoder.IsCausal ? [pieces.FirstOrDefault(IsMoreThanBlank, pieces[0])] : pieces : throw new ArgumentException($"The verbalizer's word '{word}' has no word pieces in this backbone's vocabulary; give another word.");

        bool IsMoreThanBlank(int piece)
        {
            var text = new List<byte>();
            backbone.Tokenizer.Spell(piece, isFirst: true, text);
            return text is not [(byte)' '];
        }
    }
}
