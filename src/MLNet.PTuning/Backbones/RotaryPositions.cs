// Rotary position embeddings (Su et al., 2021) in the layout of Hugging Face's Llama: the first half of a head's numbers is rotated against the second.
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>Rotates queries and keys by angles that grow with their positions, so that their products depend on distances.</summary>
/// <param name="headSize">d, even.</param>
/// <param name="theta">The base of the angles.</param>
internal sealed class RotaryPositions(int headSize, double theta)
{
    private readonly float[] _frequencies = [.. Enumerable.Range(0, headSize / 2).Select(i => 1f / MathF.Pow((float)theta, 2f * i / headSize))];

    /// <summary>The angle of each pair of numbers at position 1, in 32-bit floats as in Hugging Face's code: [d / 2].</summary>
    public IReadOnlyList<float> Frequencies => _frequencies;

    /// <summary>The rotation at each position.</summary>
    /// <param name="positions">Word pieces' positions in their rows, as floats: [T].</param>
    /// <param name="first">The position of a row's first word piece.</param>
    public RotaryTurns Turns(torch.Tensor positions, int first)
    {
        var angles = positions.Plus(first).unsqueeze(1) * torch.tensor(_frequencies, device: positions.device).unsqueeze(0);
        return new RotaryTurns(angles.cos().unsqueeze(1), angles.sin().unsqueeze(1));
    }
}

/// <summary>Rotations at some positions: cosines and sines of the angles, [T, 1, d / 2] each.</summary>
internal sealed record RotaryTurns(torch.Tensor Cos, torch.Tensor Sin)
{
    /// <summary>Those at some of the positions, by index.</summary>
    public RotaryTurns At(torch.Tensor index) => new(Cos.index_select(0, index), Sin.index_select(0, index));

    /// <summary>Rotates queries or keys: [T, heads · d] → [T, heads · d].</summary>
    public torch.Tensor Rotate(torch.Tensor x)
    {
        long half = Cos.shape[2];
        var heads = x.view(x.shape[0], -1, 2 * half);
        var (left, right) = (heads.narrow(2, 0, half), heads.narrow(2, half, half));
        return torch.cat([left * Cos - right * Sin, (right * Cos).Plus(left * Sin)], 2).view(x.shape);
    }
}
