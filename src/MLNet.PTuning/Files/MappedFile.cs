// A file read through short-lived memory-mapped windows, so that what was read does not stay in the process's memory.
using System.IO.MemoryMappedFiles;

namespace MLNet.PTuning.Files;

/// <summary>A file open for reading. Only one window's worth of it is mapped at a time: a mapping of the whole file
/// would count as the process's own memory in addition to the tensors that are filled from it.</summary>
internal sealed class MappedFile : IDisposable
{
    private readonly FileStream _stream;
    private readonly MemoryMappedFile? _map;

    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public MappedFile(string path)
    {
        Path = path;
        if (Directory.Exists(path))
            throw new FileNotFoundException($"{path} is a folder; give the path of a file in it.", path);
        try
        {
            _stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new FileNotFoundException($"{path} does not exist; check the path, or download the file again.", path, error);
        }
        Length = _stream.Length;
        // An empty file cannot be mapped, and has nothing to read.
        if (Length > 0)
        {
            _map = MemoryMappedFile.CreateFromFile(
                _stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        }
    }

    public string Path { get; }

    /// <summary>The file's length when it was opened, in bytes.</summary>
    public long Length { get; }

    /// <summary>Maps <paramref name="length"/> bytes from <paramref name="offset"/>; dispose the window when they are read.</summary>
    /// <exception cref="InvalidDataException">The range lies outside the file, or the file has become shorter.</exception>
    public Window Map(long offset, int length)
    {
        if (offset < 0 || length < 0 || offset > Length - length)
        {
            throw new InvalidDataException(
                $"{Path}: bytes {offset} to {offset + length} lie outside the file ({Length} bytes); it is cut short or damaged.");
        }
        if (length == 0)
            return default;
        // Touching a page beyond the end of a file that another program shortens would end the process.
        if (RandomAccess.GetLength(_stream.SafeFileHandle) < offset + length)
        {
            throw new InvalidDataException(
                $"{Path} became shorter while it was read; wait until it is written in full and open it again.");
        }
        return new Window(_map!.CreateViewAccessor(offset, length, MemoryMappedFileAccess.Read), length);
    }

    public void Dispose()
    {
        _map?.Dispose();
        _stream.Dispose();
    }

    /// <summary>A mapped range of the file.</summary>
    internal readonly unsafe ref struct Window : IDisposable
    {
        private readonly MemoryMappedViewAccessor? _view;

        public Window(MemoryMappedViewAccessor view, int length)
        {
            _view = view;
            byte* start = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            Bytes = new ReadOnlySpan<byte>(start + view.PointerOffset, length);
        }

        public ReadOnlySpan<byte> Bytes { get; }

        public void Dispose()
        {
            _view?.SafeMemoryMappedViewHandle.ReleasePointer();
            _view?.Dispose();
        }
    }
}

/// <summary>Where some bytes lie in a file.</summary>
internal readonly record struct Extent(long Offset, long Length);
