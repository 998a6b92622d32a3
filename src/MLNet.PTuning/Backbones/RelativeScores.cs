// A layer's scores for the distance between two word pieces, as the attention takes them.
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>What is added to a layer's scores q kᵀ · <see cref="Scale"/> between word pieces. A prefix has no distances, so nothing is added to its scores.</summary>
/// <param name="Scale">Factor on q kᵀ, for the prefix too.</param>
/// <param name="Of">Queries [B · heads, Sq, d], the rows' own keys [B · heads, Sk, d] and the distances from query to key [B, Sq, Sk] →
/// [B · heads, Sq, Sk].</param>
internal sealed record RelativeScores(double Scale, Func<torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor> Of);
