// Finds where the uncompressed entries of a zip archive lie in its file, so that they can be read in place.
using System.Text;

namespace MLNet.PTuning.Files;

internal static class ZipDirectory
{
    private const uint EntrySignature = 0x02014b50, LocalSignature = 0x04034b50, EndSignature = 0x06054b50;
    private const uint End64Signature = 0x06064b50, Locator64Signature = 0x07064b50;
    private const int EndLength = 22, Locator64Length = 20, End64Length = 56, LocalLength = 30;
    private const int MaxDirectoryLength = 1 << 26;

    /// <summary>The entries of an archive by name. Compressed and encrypted ones are refused: they cannot be read in place.</summary>
    public static IReadOnlyDictionary<string, Extent> Read(MappedFile file)
    {
        (long start, long length) = Locate(file);
        using MappedFile.Window window = file.Map(start, (int)length);
        var cursor = new ByteCursor(file.Path, window.Bytes, start);
        var entries = new Dictionary<string, Extent>();
        while (cursor.Remaining > 0)
        {
            (string name, Extent extent) = ReadEntry(file, ref cursor, start);
            if (!entries.TryAdd(name, extent))
                throw Damaged(file, $"the entry '{name}' occurs twice", cursor.FileOffset);
        }
        return entries;
    }

    // The directory's offset is at the very end, before a comment of unknown length.
    private static (long Start, long Length) Locate(MappedFile file)
    {
        int tailLength = (int)Math.Min(file.Length, EndLength + ushort.MaxValue);
        long tailStart = file.Length - tailLength;
        using MappedFile.Window tail = file.Map(tailStart, tailLength);
        ReadOnlySpan<byte> signature = BitConverter.GetBytes(EndSignature);
        int at = tail.Bytes.LastIndexOf(signature);
        if (at < 0 || tailLength - at < EndLength)
            throw Damaged(file, "the directory at its end is missing: it is cut short", file.Length);
        var end = new ByteCursor(file.Path, tail.Bytes[at..], tailStart + at);
        end.Take(12);
        (long length, long start, long limit) = (end.U32(), end.U32(), tailStart + at);
        if (limit >= Locator64Length)
        {
            using MappedFile.Window window = file.Map(limit - Locator64Length, Locator64Length);
            var locator = new ByteCursor(file.Path, window.Bytes, limit - Locator64Length);
            if (locator.U32() == Locator64Signature)
            {
                locator.Take(4);
                limit = locator.I64();
                using MappedFile.Window window64 = file.Map(limit, End64Length);
                var end64 = new ByteCursor(file.Path, window64.Bytes, limit);
                if (end64.U32() != End64Signature)
                    throw Damaged(file, "its zip64 directory is missing", limit);
                end64.Take(36);
                (length, start) = (end64.I64(), end64.I64());
            }
        }
        if (start < 0 || length < 0 || length > MaxDirectoryLength || start > limit - length)
            throw Damaged(file, $"its directory claims {length} bytes from byte {start}", limit);
        return (start, length);
    }

    private static (string Name, Extent Extent) ReadEntry(MappedFile file, ref ByteCursor cursor, long limit)
    {
        long at = cursor.FileOffset;
        if (cursor.U32() != EntrySignature)
            throw Damaged(file, "its directory holds something other than entries", at);
        cursor.Take(4);
        (ushort flags, ushort method) = (cursor.U16(), cursor.U16());
        cursor.Take(8);
        (long packed, long length) = (cursor.U32(), cursor.U32());
        (int nameLength, int extraLength, int commentLength) = (cursor.U16(), cursor.U16(), cursor.U16());
        cursor.Take(8);
        long local = cursor.U32();
        ReadOnlySpan<byte> nameBytes = cursor.Take(nameLength);
        var extra = new ByteCursor(file.Path, cursor.Take(extraLength), cursor.FileOffset - extraLength);
        cursor.Take(commentLength);
        string name = Encoding.UTF8.GetString(nameBytes);
        while (extra.Remaining >= 4)
        {
            ushort kind = extra.U16();
            var field = new ByteCursor(file.Path, extra.Take(extra.U16()), extra.FileOffset);
            // Zip64: the wide values come in this order, each only where the narrow one has its highest value.
            if (kind != 1)
                continue;
            length = length == uint.MaxValue ? field.I64() : length;
            packed = packed == uint.MaxValue ? field.I64() : packed;
            local = local == uint.MaxValue ? field.I64() : local;
        }
        if (method != 0 || (flags & 1) != 0)
            throw Damaged(file, $"the entry '{name}' is {(method == 0 ? "encrypted" : "compressed")}, and torch.save does neither", at);
        if (packed != length)
            throw Damaged(file, $"the entry '{name}' claims two lengths, {packed} and {length}", at);
        return (name, LocateEntry(file, name, nameBytes, local, length, limit));
    }

    private static Extent LocateEntry(MappedFile file, string name, ReadOnlySpan<byte> nameBytes, long local, long length, long limit)
    {
        if (local < 0 || length < 0 || local > limit - LocalLength)
            throw Damaged(file, $"the entry '{name}' lies outside the file", local);
        using MappedFile.Window window = file.Map(local, (int)Math.Min(LocalLength + nameBytes.Length, limit - local));
        var header = new ByteCursor(file.Path, window.Bytes, local);
        uint signature = header.U32();
        header.Take(22);
        (int localNameLength, int extraLength) = (header.U16(), header.U16());
        if (signature != LocalSignature || localNameLength != nameBytes.Length || !header.Take(localNameLength).SequenceEqual(nameBytes))
            throw Damaged(file, $"the entry '{name}' is not where the directory says", local);
        long data = header.FileOffset + extraLength;
        if (data > limit - length)
            throw Damaged(file, $"the entry '{name}' of {length} bytes runs into the directory", local);
        return new Extent(data, length);
    }

    private static InvalidDataException Damaged(MappedFile file, string what, long at) =>
        new($"{file.Path} is not a usable zip archive: {what} (byte {at}). Download or copy it again.");
}
