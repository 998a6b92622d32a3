// Rotary position embeddings (Su et al., 2021) in the layout of Hugging Face's Llama: the first half of a head's numbers is rotated against the second.
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>Rotates queries and keys by angles that grow with their positions, so that their products depend on distances.</summary>
/// <param name="headSize">d, even.</param>
/// <param name="theta">The base of the angles.</param>
internal sealed class RotaryPositions(int headSize, double theta)
{
    // As Hugging Face, in 32-bit floats.
    private readonly float[] _frequencies = [.. Enumerable.Range(0, headSize / 2).Select(i => 1f / MathF.Pow((float)theta, 2f * i / headSize))];

    /// <summary>[T, heads · d] → [T, heads · d].</summary>
    /// <param name="x">Queries or keys.</param>
    /// <param name="positions">Their positions in their rows, as floats: [T].</param>
    /// <param name="first">The position of a row's first word piece.</param>
    public torch.Tensor Rotate(torch.Tensor x, torch.Tensor positions, int first)
    {
        var angles = positions.Plus(first).unsqueeze(1) * torch.tensor(_frequencies, device: x.device).unsqueeze(0);
        var (cos, sin) = (angles.cos().unsqueeze(1), angles.sin().unsqueeze(1));
        var heads = x.view(x.shape[0], -1, headSize);
        var (left, right) = (heads.narrow(2, 0, headSize / 2), heads.narrow(2, headSize / 2, headSize / 2));
        return torch.cat([left * cos - right * sin, (right * cos).Plus(left * sin)], 2).view(x.shape);
    }
}
