// Sums and multiples of tensors by numbers that live as long as libtorch reads them.
using TorchSharp;

namespace MLNet.PTuning.Backbones;

/// <summary>
/// TorchSharp 0.107 makes an object of every number that an operator takes, also of the 1 in <c>a + b</c>, and does not keep it while libtorch reads it:
/// the garbage collector may free it meanwhile. These keep it.
/// </summary>
internal static class Arithmetic
{
    /// <summary>The factor of the second operand that libtorch's addition takes.</summary>
    public static readonly Scalar One = 1;

    /// <summary>a + b.</summary>
    public static torch.Tensor Plus(this torch.Tensor a, torch.Tensor b) => a.add(b, One);

    /// <summary>a + b, in the memory of <paramref name="a"/>.</summary>
    public static torch.Tensor PlusInPlace(this torch.Tensor a, torch.Tensor b) => a.add_(b, One);

    /// <summary>a + number.</summary>
    public static torch.Tensor Plus(this torch.Tensor a, double number)
    {
        using Scalar added = number;
        return a.add(added, One);
    }

    /// <summary>a, no less than <paramref name="least"/> and no more than <paramref name="most"/>.</summary>
    public static torch.Tensor Within(this torch.Tensor a, double least, double most)
    {
        using Scalar from = least, to = most;
        return a.clamp(from, to);
    }

    /// <summary>a · factor.</summary>
    public static torch.Tensor Times(this torch.Tensor a, double factor)
    {
        using Scalar number = factor;
        return a.mul(number);
    }

    /// <summary>a · factor, in the memory of <paramref name="a"/>.</summary>
    public static torch.Tensor TimesInPlace(this torch.Tensor a, double factor)
    {
        using Scalar number = factor;
        return a.mul_(number);
    }

    /// <summary>a / divisor, in the memory of <paramref name="a"/>.</summary>
    public static torch.Tensor DividedInPlace(this torch.Tensor a, double divisor)
    {
        using Scalar number = divisor;
        return a.div_(number);
    }
}
