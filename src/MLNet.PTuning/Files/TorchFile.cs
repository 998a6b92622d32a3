// Reads what torch.save wrote: today's zip archive, and the row of pickles that PyTorch before 1.6 wrote.
namespace MLNet.PTuning.Files;

internal static class TorchFile
{
    // The number that older files begin with, as a pickle of its own.
    private static ReadOnlySpan<byte> OldStart =>
        [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];

    public static bool IsZip(ReadOnlySpan<byte> start) => start.StartsWith("PK\x03\x04"u8);

    public static bool IsOld(ReadOnlySpan<byte> start) => start.StartsWith(OldStart);

    public static Dictionary<string, TensorEntry> ReadZip(MappedFile file)
    {
        IReadOnlyDictionary<string, Extent> entries = ZipDirectory.Read(file);
        string[] pickles = [.. entries.Keys.Where(name => name.EndsWith("/data.pkl", StringComparison.Ordinal))];
        if (pickles.Length != 1)
        {
            throw new InvalidDataException($"{file.Path} is a zip archive with {pickles.Length} entries '…/data.pkl' instead of one, "
                + "so torch.save did not write it; give a weights file.");
        }
        string folder = pickles[0][..^"data.pkl".Length];
        CheckByteOrder(file, entries, folder + "byteorder");
        Extent extent = entries[pickles[0]];
        if (extent.Length > PickleReader.MaxLength)
        {
            throw new InvalidDataException($"{file.Path}: its {pickles[0]} has {extent.Length} bytes, more than the "
                + $"{PickleReader.MaxLength} that any model needs; convert the file to safetensors.");
        }
        using MappedFile.Window window = file.Map(extent.Offset, (int)extent.Length);
        var pickle = new PickleReader(file.Path, window.Bytes, extent.Offset);
        var tensors = new Dictionary<string, TensorEntry>();
        foreach ((string name, TorchTensor tensor) in TorchObjects.StateDict(file.Path, pickle.Read()))
        {
            string entry = $"{folder}data/{tensor.Storage.Key}";
            if (!entries.TryGetValue(entry, out Extent data))
                throw Damaged(file, $"tensor '{name}' lies in the entry '{entry}', which is missing");
            long needed = tensor.Storage.Count * tensor.Storage.Type.Size();
            if (data.Length != needed)
                throw Damaged(file, $"tensor '{name}' needs {needed} bytes in the entry '{entry}', which has {data.Length}");
            tensors.Add(name, tensor.ToEntry(name, file, data.Offset));
        }
        return tensors;
    }

    public static Dictionary<string, TensorEntry> ReadOld(MappedFile file)
    {
        int start = OldStart.Length;
        using MappedFile.Window window = file.Map(start, (int)Math.Min(file.Length - start, PickleReader.MaxLength));
        var pickles = new PickleReader(file.Path, window.Bytes, start);
        if (pickles.Read() is not 1001L)
        {
            throw new InvalidDataException(
                $"{file.Path} is of a version of PyTorch's old format that is not known here; save it again with PyTorch 1.6 or later.");
        }
        if (pickles.Read() is not Dictionary<object, object?> system || system.GetValueOrDefault("little_endian") is not true)
            throw BigEndian(file);
        object? root = pickles.Read();
        if (pickles.Read() is not List<object?> keys)
            throw Damaged(file, "the list of its storages is missing");
        Dictionary<string, long> offsets = LocateStorages(file, keys, pickles.Storages, pickles.FileOffset);
        var tensors = new Dictionary<string, TensorEntry>();
        foreach ((string name, TorchTensor tensor) in TorchObjects.StateDict(file.Path, root))
        {
            if (!offsets.TryGetValue(tensor.Storage.Key, out long offset))
                throw Damaged(file, $"the storage '{tensor.Storage.Key}' of tensor '{name}' is missing");
            tensors.Add(name, tensor.ToEntry(name, file, offset));
        }
        return tensors;
    }

    // After the pickles the storages follow in the order of their keys, each as its number of elements and then these.
    private static Dictionary<string, long> LocateStorages(
        MappedFile file, List<object?> keys, Dictionary<string, TorchStorage> storages, long at)
    {
        var offsets = new Dictionary<string, long>();
        foreach (object? key in keys)
        {
            if (key is not string name || !storages.TryGetValue(name, out TorchStorage? storage))
                throw Damaged(file, $"it lists a storage that no tensor uses (before byte {at})");
            using MappedFile.Window window = file.Map(at, sizeof(long));
            long count = new ByteCursor(file.Path, window.Bytes, at).I64();
            long length = storage.Count * storage.Type.Size();
            at += sizeof(long);
            if (count != storage.Count || length > file.Length - at || !offsets.TryAdd(name, at))
            {
                throw Damaged(
                    file, $"the storage '{name}' at byte {at} should have {storage.Count} elements, but has {count} or is cut short");
            }
            at += length;
        }
        return offsets;
    }

    private static void CheckByteOrder(MappedFile file, IReadOnlyDictionary<string, Extent> entries, string name)
    {
        if (!entries.TryGetValue(name, out Extent extent))
            return;
        using MappedFile.Window window = file.Map(extent.Offset, (int)Math.Min(extent.Length, 16));
        if (!window.Bytes.SequenceEqual("little"u8))
            throw BigEndian(file);
    }

    private static InvalidDataException BigEndian(MappedFile file) =>
        new($"{file.Path} was written on a big-endian machine; load it there and save it as safetensors.");

    private static InvalidDataException Damaged(MappedFile file, string what) =>
        new($"{file.Path} is not a usable PyTorch file: {what}. Download or copy it again.");
}
