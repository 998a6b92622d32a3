// The named tensors of a weights file, or of several that belong together, read one at a time.
using System.Runtime.InteropServices;

namespace MLNet.PTuning.Files;

/// <summary>Named tensors on disk. Nothing but the names, types and shapes is in memory until a tensor is read.</summary>
internal sealed class WeightFile : IDisposable
{
    private const int WindowBytes = 1 << 24;
    private readonly List<MappedFile> _files;

    public WeightFile(string path, List<MappedFile> files, IReadOnlyDictionary<string, TensorEntry> entries, IReadOnlyDictionary<string, string> metadata)
    {
        Path = path;
        _files = files;
        Entries = entries;
        Metadata = metadata;
    }

    /// <summary>The file that was opened; for shards, their index.</summary>
    public string Path { get; }

    /// <summary>Every tensor, by name.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Entries { get; }

    /// <summary>The file's own remarks, such as <c>format: pt</c>; empty where its format has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a weights file and checks all that it says about its tensors.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or of a format or element type that is not known here.</exception>
    public static WeightFile Open(string path)
    {
        var file = new MappedFile(path);
        try
        {
            (IReadOnlyDictionary<string, TensorEntry> entries, IReadOnlyDictionary<string, string> metadata) = SafetensorsHeader.Read(file);
            return new WeightFile(path, [file], entries, metadata);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Fills <paramref name="destination"/> with a tensor's elements in row-major order, converted to float.</summary>
    /// <exception cref="KeyNotFoundException">There is no tensor of that name.</exception>
    /// <exception cref="ArgumentException">The destination's length is not the tensor's number of elements.</exception>
    public void Read(string name, Span<float> destination)
    {
        TensorEntry entry = Find(name, destination.Length);
        int step = WindowBytes / entry.Type.Size();
        for (int done = 0; done < destination.Length; done += step)
        {
            Span<float> part = destination.Slice(done, Math.Min(step, destination.Length - done));
            using MappedFile.Window window = entry.File.Map(entry.Offset + (long)done * entry.Type.Size(), part.Length * entry.Type.Size());
            ElementConversion.ToFloats(entry.Type, window.Bytes, part);
        }
    }

    /// <summary>Fills <paramref name="destination"/> with a tensor's elements as the file holds them (little-endian), in row-major order.</summary>
    /// <typeparam name="T">A type as large as the tensor's elements, for example <c>long</c> for I64 and <c>ushort</c> for BF16.</typeparam>
    public void ReadRaw<T>(string name, Span<T> destination) where T : unmanaged
    {
        TensorEntry entry = Find(name, destination.Length);
        int size = entry.Type.Size();
        if (Marshal.SizeOf<T>() != size)
            throw new ArgumentException($"{entry.File.Path}: tensor '{name}' holds {entry.Type} ({size} bytes an element), not {typeof(T).Name}.");
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

    public void Dispose() => _files.ForEach(file => file.Dispose());

    private long CountOf(string name) => Entries.TryGetValue(name, out TensorEntry? entry) ? entry.Count : throw Missing(name);

    private TensorEntry Find(string name, int length)
    {
        if (!Entries.TryGetValue(name, out TensorEntry? entry))
            throw Missing(name);
        if (entry.Count != length)
            throw new ArgumentException($"{entry.File.Path}: tensor '{name}' of shape {entry.ShapeText} has {entry.Count} elements; the destination holds {length}.");
        return entry;
    }

    private KeyNotFoundException Missing(string name) => new($"{Path} holds no tensor '{name}'. It holds {Entries.Count} tensors"
        + (Entries.Count == 0 ? "." : $", the first of them '{Entries.Keys.First()}'."));
}
