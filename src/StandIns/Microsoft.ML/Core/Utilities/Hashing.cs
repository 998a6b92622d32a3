// MurmurHash3 (32 bits), by which rows are assigned to the parts of a split.
using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Microsoft.ML.Internal.Utilities;

internal static class Hashing
{
    internal static uint MurmurRound(uint hash, uint chunk) => (BitOperations.RotateLeft(hash ^ Scramble(chunk), 13) * 5) + 0xE6546B64;

    internal static uint MurmurHash(uint seed, ReadOnlySpan<byte> data)
    {
        uint hash = seed;
        int length = data.Length;
        for (; data.Length >= 4; data = data[4..])
            hash = MurmurRound(hash, BinaryPrimitives.ReadUInt32LittleEndian(data));
        uint tail = 0;
        for (int i = 0; i < data.Length; i++)
            tail |= (uint)data[i] << (8 * i);
        hash ^= Scramble(tail) ^ (uint)length;
        hash = (hash ^ (hash >> 16)) * 0x85EBCA6B;
        hash = (hash ^ (hash >> 13)) * 0xC2B2AE35;
        return hash ^ (hash >> 16);
    }

    internal static uint MurmurHash(uint seed, ReadOnlyMemory<char> text) => MurmurHash(seed, Encoding.UTF8.GetBytes(text.ToString()));

    private static uint Scramble(uint chunk) => BitOperations.RotateLeft(chunk * 0xCC9E2D51, 15) * 0x1B873593;
}
