// What libtorch knows of a tensor besides its elements, read in one call.
using System.Runtime.CompilerServices;
using TorchSharp.Native;

namespace TorchSharp;

/// <summary>Dimensions, elements, type, device type, device index, element size, flags, then sizes and strides.</summary>
[InlineArray(Capacity)]
internal struct Description
{
    private const int Capacity = 7 + 2 * 64;

    private long _first;

    internal static unsafe Description Of(torch.Tensor tensor)
    {
        Unsafe.SkipInit(out Description known);
        Shim.Check(Shim.ts_describe(tensor.Handle, &known._first, Capacity));
        GC.KeepAlive(tensor);
        return known;
    }

    internal readonly long[] Numbers(int start, int count) => ((ReadOnlySpan<long>)this).Slice(start, count).ToArray();
}
