// Random masks of training: seeded a step at a time, so that a run can be repeated or continued bit for bit.
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>Drops elements at random. A pass without one drops nothing.</summary>
/// <param name="seed">What all masks are a function of.</param>
/// <param name="device">Where they are used.</param>
/// <param name="inBackbone">Whether the backbone's own places drop too, or only what is trained.</param>
internal sealed class Dropout(long seed, torch.Device device, bool inBackbone) : IDisposable
{
    private readonly torch.Generator _generator = new((ulong)seed, device);

    /// <summary>Makes the masks that follow a function of the seed, <paramref name="step"/> and the index of the step's pass, and of nothing else: a part of a pass has its part of the masks.</summary>
    public void StartStep(long step, int pass = 0, PassPart? part = null)
    {
        Part = part;
        StepSeed = (ulong)(pass == 0 ? Mix(seed, step) : Mix(Mix(seed, step), pass));
        _generator.manual_seed((long)StepSeed);
    }

    /// <summary>Whether the backbone's own places drop too.</summary>
    public bool DropsInBackbone => inBackbone;

    /// <summary>The probability at one of the backbone's own places.</summary>
    /// <param name="configured">The one that its configuration names.</param>
    public double InBackbone(double configured) => inBackbone ? configured : 0;

    /// <summary>What all masks of the current pass are a function of.</summary>
    public ulong StepSeed { get; private set; }

    /// <summary>The part of a pass that is computed here; null for all of it.</summary>
    public PassPart? Part { get; private set; }

    /// <summary>Goes on to a head of the pass: the masks that follow are of its vectors. Nothing changes where all of the pass is computed here.</summary>
    /// <param name="vectors">Which of the head's are here.</param>
    public void GoOnWith(Share vectors) => Part = Part is { } part ? part with { Vectors = vectors } : null;

    /// <summary>Draws a mask that is not used here, since what a generator gives next depends on all before it.</summary>
    /// <param name="elements">How many it has.</param>
    /// <param name="p">The probability.</param>
    public void Skip(long elements, double p)
    {
        if (p <= 0) return;
        using var noGrad = torch.no_grad();
        using var skipped = torch.empty(elements, dtype: torch.ScalarType.Float32, device: device).bernoulli_(1 - p, _generator);
    }

    /// <summary>Zeroes each element with probability <paramref name="p"/> and scales the others by 1 / (1 − p).</summary>
    /// <param name="values">What is dropped of.</param>
    /// <param name="p">The probability.</param>
    /// <param name="counted">What its first dimension counts.</param>
    /// <param name="padded">What its last two but one and one count, where these are as long as a pass's longest row: its queries; its keys are word pieces.</param>
    public torch.Tensor Apply(torch.Tensor values, double p, Counted counted, Counted padded = Counted.Nothing)
    {
        if (p <= 0) return values;
        using var noGrad = torch.no_grad();
        var mask = Part is null || counted == Counted.Nothing ? Mask(values.shape, values, p) : PartOfMask(Part, values, p, counted, padded);
        noGrad.Dispose();
        return values * mask;
    }

    private torch.Tensor Mask(long[] shape, torch.Tensor like, double p) => torch.empty(shape, dtype: like.dtype, device: like.device).bernoulli_(1 - p, _generator).DividedInPlace(1 - p);

    // The whole pass's mask is drawn: what a generator gives next depends on all before it.
    private torch.Tensor PartOfMask(PassPart part, torch.Tensor values, double p, Counted counted, Counted padded)
    {
        var share = part.Of(counted);
        long[] own = values.shape, whole = [.. own];
        whole[0] = own[0] * share.Total / share.Count;
        if (padded != Counted.Nothing)
        {
            whole[^2] += part.Further(padded);
            whole[^1] += part.Further(Counted.Pieces);
        }
        var mask = Mask(whole, values, p).narrow(0, own[0] * share.First / share.Count, own[0]);
        return padded == Counted.Nothing ? mask : mask.narrow(-2, 0, own[^2]).narrow(-1, 0, own[^1]);
    }

    public void Dispose() => _generator.Dispose();

    // SplitMix64 (Steele, Lea and Flood, 2014): neighboring steps get unrelated seeds.
    private static long Mix(long seed, long step)
    {
        ulong x = (ulong)seed + (ulong)(step + 1) * 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return (long)((x ^ (x >> 31)) >> 1);
    }
}
