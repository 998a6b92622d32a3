// Memory outside of the managed heap, which MPI may write to even after this process has given up waiting.
using System.Runtime.InteropServices;

namespace MLNet.PTuning;

/// <summary>Grows as needed, and is kept from message to message and until the process ends.</summary>
internal sealed unsafe class NativeBuffer
{
    private byte* _at;
    private long _length;

    /// <summary>Memory of any content; what an earlier call gave is of no use any more.</summary>
    public byte* Reserve(long bytes)
    {
        if (bytes <= _length) return _at;
        NativeMemory.Free(_at);
        _at = (byte*)NativeMemory.Alloc((nuint)bytes);
        _length = bytes;
        return _at;
    }
}
