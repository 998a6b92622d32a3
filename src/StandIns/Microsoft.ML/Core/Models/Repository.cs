// A model file is a zip archive; entries are found by folder and name.
using System.IO.Compression;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

internal sealed class RepositoryWriter : IDisposable
{
    private readonly ZipArchive _zip;

    private RepositoryWriter(ZipArchive zip) => _zip = zip;

    public static RepositoryWriter CreateNew(Stream stream, IExceptionContext ectx)
    {
        ectx.CheckValue(stream, nameof(stream));
        return new RepositoryWriter(new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true));
    }

    /// <summary>The stream of a new entry; it must be closed before the next one is created.</summary>
    public Stream CreateEntry(string dir, string name) => _zip.CreateEntry(RepositoryReader.EntryName(dir, name)).Open();

    public void Dispose() => _zip.Dispose();
}

internal sealed class RepositoryReader : IDisposable
{
    private readonly ZipArchive _zip;
    private readonly IExceptionContext _ectx;

    private RepositoryReader(ZipArchive zip, IExceptionContext ectx)
    {
        _zip = zip;
        _ectx = ectx;
    }

    public static RepositoryReader Open(Stream stream, IExceptionContext ectx)
    {
        ectx.CheckValue(stream, nameof(stream));
        try
        {
            return new RepositoryReader(new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true), ectx);
        }
        catch (InvalidDataException e)
        {
            throw ectx.ExceptDecode(e, "Failed to open a zip archive");
        }
    }

    public static string EntryName(string dir, string name) => string.IsNullOrEmpty(dir) ? name : $"{dir}/{name}";

    public Stream OpenEntry(string dir, string name) =>
        OpenEntryOrNull(dir, name) ?? throw _ectx.Except($"Repository doesn't contain entry {EntryName(dir, name)}");

    /// <summary>The entry's bytes as a stream that can be sought, or null where there is no such entry.</summary>
    public Stream OpenEntryOrNull(string dir, string name)
    {
        if (_zip.GetEntry(EntryName(dir, name)) is not { } entry)
            return null;
        // The length that a damaged file claims is not trusted beyond this.
        var bytes = new MemoryStream((int)Math.Clamp(entry.Length, 0, 1 << 20));
        using Stream compressed = entry.Open();
        compressed.CopyTo(bytes);
        bytes.Position = 0;
        return bytes;
    }

    public void Dispose() => _zip.Dispose();
}
