// Memory outside the garbage collector's heap: grown when needed, kept, and freed with its owner.
using System.Runtime.InteropServices;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>A block of floats whose start is a multiple of 64 bytes.</summary>
internal sealed unsafe class Scratch : IDisposable
{
    private const nuint Alignment = 64;
    private float* _block;
    private long _length;

    ~Scratch() => Free();

    /// <summary>At least so many floats, of any content; what was reserved before is gone.</summary>
    public float* Reserve(long length)
    {
        if (length <= _length) return _block;
        Free();
        _block = (float*)NativeMemory.AlignedAlloc((nuint)length * sizeof(float), Alignment);
        _length = length;
        return _block;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_block);
        _block = null;
        _length = 0;
    }
}
