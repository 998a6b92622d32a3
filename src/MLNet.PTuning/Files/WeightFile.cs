// The named tensors of a weights file, or of several that belong together, read one at a time.
using System.Collections.ObjectModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MLNet.PTuning.Files;

/// <summary>Named tensors on disk. Nothing but the names, types and shapes is in memory until a tensor is read.</summary>
internal sealed class WeightFile : IDisposable
{
    private const int WindowBytes = 1 << 24;
    private readonly IEnumerable<IDisposable> _parts;

    public WeightFile(string path, IEnumerable<IDisposable> parts, IReadOnlyDictionary<string, TensorEntry> entries,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        Path = path;
        _parts = parts;
        Entries = entries;
        Metadata = metadata ?? ReadOnlyDictionary<string, string>.Empty;
    }

    /// <summary>The file that was opened; for shards, their index.</summary>
    public string Path { get; }

    /// <summary>Every tensor, by name.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Entries { get; }

    /// <summary>The file's own metadata, such as <c>format: pt</c>; empty where its format has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>What a message about a missing tensor should add; empty where there is nothing to add.</summary>
    public string Hint { get; init; } = "";

    /// <summary>Opens a safetensors file, a file of torch.save, an ONNX model, or the index of several files, and checks all that it says
    /// about its tensors.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or of a format or element type that is not known here.</exception>
    public static WeightFile Open(string path) => IsIndex(path) ? new ShardIndex(path).Open() : OpenOne(path);

    /// <summary>Opens a file that is no index.</summary>
    public static WeightFile OpenOne(string path)
    {
        var file = new MappedFile(path);
        try
        {
            return OpenOne(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Whether a path is that of an index of several files.</summary>
    public static bool IsIndex(string path) => path.EndsWith(".index.json", StringComparison.Ordinal);

    private static WeightFile OpenOne(MappedFile file)
    {
        using (MappedFile.Window start = file.Map(0, (int)Math.Min(file.Length, DownloadFault.Length)))
        {
            if (TorchFile.IsZip(start.Bytes))
                return new WeightFile(file.Path, [file], TorchFile.ReadZip(file));
            if (TorchFile.IsOld(start.Bytes))
                return new WeightFile(file.Path, [file], TorchFile.ReadOld(file));
            if (DownloadFault.OfBinary(start.Bytes) is { } fault)
                throw new InvalidDataException($"{file.Path} {fault}");
        }
        if (OnnxFile.IsOnnx(file.Path))
            return OnnxFile.Open(file);
        if (System.IO.Path.GetExtension(file.Path) is ".bin" or ".pt" or ".pth")
        {
            throw new InvalidDataException(
                $"{file.Path} does not begin as torch.save begins a file; it is damaged or of another kind. Download or copy it again.");
        }
        (IReadOnlyDictionary<string, TensorEntry> entries, IReadOnlyDictionary<string, string> metadata) = SafetensorsHeader.Read(file);
        return new WeightFile(file.Path, [file], entries, metadata);
    }

    /// <summary>Fills <paramref name="destination"/> with a tensor's elements in row-major order, converted to float.</summary>
    /// <exception cref="KeyNotFoundException">There is no tensor of that name.</exception>
    /// <exception cref="ArgumentException">The destination's length is not the tensor's number of elements.</exception>
    public void Read(string name, Span<float> destination)
    {
        TensorEntry entry = Find(name, destination.Length);
        if (entry.VarintBytes is null && entry.IsTransposed)
            ReadTransposed(entry, destination);
        else if (entry.Strides is not null)
            ElementConversion.ToFloats(entry.Type, Gather(entry), destination);
        else if (entry.VarintBytes is { } bytes)
            ElementConversion.ToFloats(entry.Type, ReadVarints(entry, bytes), destination);
        else
            ReadInOrder(entry, 0, destination);
    }

    /// <summary>Fills <paramref name="destination"/> with a tensor's elements as the file holds them (little-endian), in row-major
    /// order.</summary>
    /// <typeparam name="T">A type as large as the tensor's elements: for example <c>long</c> for I64, <c>ushort</c> for BF16.</typeparam>
    public void ReadRaw<T>(string name, Span<T> destination) where T : unmanaged
    {
        TensorEntry entry = Find(name, destination.Length);
        int size = entry.Type.Size();
        if (Unsafe.SizeOf<T>() != size)
            throw new ArgumentException($"{Path}: tensor '{name}' holds {entry.Type} ({size} bytes an element), not {typeof(T).Name}.");
        if (entry.Strides is not null)
        {
            Gather(entry).CopyTo(MemoryMarshal.AsBytes(destination));
            return;
        }
        int step = WindowBytes / size;
        for (int done = 0; done < destination.Length; done += step)
        {
            Span<T> part = destination.Slice(done, Math.Min(step, destination.Length - done));
            using MappedFile.Window window = entry.File.Map(entry.Offset + (long)done * size, part.Length * size);
            window.Bytes.CopyTo(MemoryMarshal.AsBytes(part));
        }
    }

    /// <summary>A tensor's elements as floats, in row-major order.</summary>
    public float[] ReadFloats(string name)
    {
        var values = new float[CountOf(name)];
        Read(name, values);
        return values;
    }

    /// <summary>A tensor's elements as the file holds them, in row-major order.</summary>
    public T[] ReadRaw<T>(string name) where T : unmanaged
    {
        var values = new T[CountOf(name)];
        ReadRaw(name, values.AsSpan());
        return values;
    }

    /// <summary>Whether two tensors, in row-major order or transposed, hold the same bytes in the same order.</summary>
    public static bool AreEqual(TensorEntry one, TensorEntry two)
    {
        if (one.Type != two.Type || one.VarintBytes != two.VarintBytes || one.IsTransposed != two.IsTransposed
            || !one.Shape.AsSpan().SequenceEqual(two.Shape))
        {
            return false;
        }
        long length = one.VarintBytes ?? one.ByteLength;
        for (long done = 0; done < length; done += WindowBytes)
        {
            int part = (int)Math.Min(WindowBytes, length - done);
            using MappedFile.Window here = one.File.Map(one.Offset + done, part), there = two.File.Map(two.Offset + done, part);
            if (!here.Bytes.SequenceEqual(there.Bytes))
                return false;
        }
        return true;
    }

    public void Dispose()
    {
        foreach (IDisposable part in _parts)
            part.Dispose();
    }

    // Elements from one on, as they follow each other in the file.
    private static void ReadInOrder(TensorEntry entry, long first, Span<float> destination)
    {
        int size = entry.Type.Size(), step = WindowBytes / size;
        for (int done = 0; done < destination.Length; done += step)
        {
            Span<float> part = destination.Slice(done, Math.Min(step, destination.Length - done));
            using MappedFile.Window window = entry.File.Map(entry.Offset + (first + done) * size, part.Length * size);
            ElementConversion.ToFloats(entry.Type, window.Bytes, part);
        }
    }

    // A few of the file's rows at a time become neighbors in every row of the destination.
    private static void ReadTransposed(TensorEntry entry, Span<float> destination)
    {
        int rows = (int)entry.Shape[1], columns = (int)entry.Shape[0];
        int step = Math.Clamp(WindowBytes / 16 / columns, 1, Math.Min(rows, 64));
        var some = new float[step * columns];
        for (int row = 0; row < rows; row += step)
        {
            int height = Math.Min(step, rows - row);
            ReadInOrder(entry, (long)row * columns, some.AsSpan(0, height * columns));
            for (int column = 0; column < columns; column++)
            {
                Span<float> neighbors = destination.Slice(column * rows + row, height);
                for (int i = 0; i < height; i++)
                    neighbors[i] = some[i * columns + column];
            }
        }
    }

    // The bits of 16-bit elements that are written as varints.
    private static byte[] ReadVarints(TensorEntry entry, long bytes)
    {
        var elements = new byte[entry.ByteLength];
        Span<ushort> halves = MemoryMarshal.Cast<byte, ushort>(elements.AsSpan());
        int count = 0;
        foreach (long bits in new ProtobufFile(entry.File).Numbers(new Extent(entry.Offset, bytes)))
        {
            if (count == halves.Length || bits is < 0 or > ushort.MaxValue)
                throw Damaged();
            halves[count++] = (ushort)bits;
        }
        return count == halves.Length ? elements : throw Damaged();

        InvalidDataException Damaged() => new($"{entry.File.Path}: the elements of the tensor '{entry.Name}' are not {entry.Count} of 16 bits, "
            + $"as its shape {entry.ShapeText} has; the file is damaged. Download or copy it again.");
    }

    // The bytes of a tensor that was saved as a view, such as a transposed one, in row-major order.
    private static byte[] Gather(TensorEntry entry)
    {
        int size = entry.Type.Size();
        long extent = 1 + entry.Shape.Zip(entry.Strides!, (length, stride) => (length - 1) * stride).Sum();
        if (extent * size > Array.MaxLength)
        {
            throw new InvalidDataException($"{entry.File.Path}: tensor '{entry.Name}' of shape {entry.ShapeText} is a view of more than "
                + "2 GB; save it with .contiguous().");
        }
        using MappedFile.Window window = entry.VarintBytes is null ? entry.File.Map(entry.Offset, (int)extent * size) : default;
        ReadOnlySpan<byte> source = entry.VarintBytes is { } bytes ? ReadVarints(entry, bytes) : window.Bytes;
        var gathered = new byte[entry.ByteLength];
        var index = new long[entry.Shape.Length];
        long element = 0;
        for (int done = 0; done < gathered.Length; done += size)
        {
            source.Slice((int)element * size, size).CopyTo(gathered.AsSpan(done));
            for (int i = index.Length - 1; i >= 0; i--)
            {
                element += entry.Strides![i];
                if (++index[i] < entry.Shape[i])
                    break;
                element -= index[i] * entry.Strides[i];
                index[i] = 0;
            }
        }
        return gathered;
    }

    private long CountOf(string name) => Entries.TryGetValue(name, out TensorEntry? entry) ? entry.Count : throw Missing(name);

    private TensorEntry Find(string name, int length)
    {
        if (!Entries.TryGetValue(name, out TensorEntry? entry))
            throw Missing(name);
        if (entry.Count != length)
        {
            throw new ArgumentException(
                $"{Path}: tensor '{name}' of shape {entry.ShapeText} has {entry.Count} elements; the destination holds {length}.");
        }
        return entry;
    }

    private KeyNotFoundException Missing(string name) => new($"{Path} holds no tensor '{name}'. It holds {Entries.Count} tensors"
        + (Entries.Count == 0 ? "." : $", the first of them '{Entries.Keys.First()}'."));
}
