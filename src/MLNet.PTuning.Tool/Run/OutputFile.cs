// An output file that is there in full, or not at all; or a device or pipe, which is written to as it is.
namespace MLNet.PTuning.Tool.Run;

internal static class OutputFile
{
    // Some devices, such as /dev/null, say that they can be sought in.
    private static readonly string[] Devices = OperatingSystem.IsWindows() ? [] : ["/dev/", "/proc/"];

    /// <summary>Writes a file beside, and moves it to its place when it is complete.</summary>
    /// <exception cref="BadInputException">It cannot be written; what was there before is unchanged.</exception>
    /// <exception cref="IOException">It is a device or pipe that cannot be written.</exception>
    public static void Write(string path, Action<TextWriter> write)
    {
        string full = Path.GetFullPath(path), temporary = $"{full}.{Guid.NewGuid():N}.tmp";
        if (Directory.Exists(full)) throw new BadInputException($"{path} is a folder; name a file with -o.");
        if (!Directory.Exists(Path.GetDirectoryName(full))) throw new BadInputException($"There is no folder {Path.GetDirectoryName(full)} to write {Path.GetFileName(full)} to; make it, or write elsewhere with -o.");
        if (DeviceOrPipe(full) is { } device)
        {
            using var writer = new StreamWriter(device);
            write(writer);
            return;
        }
        try
        {
            using (var writer = new StreamWriter(Opened(path, temporary))) write(writer);
            File.Move(temporary, full, overwrite: true);
        }
        catch (OutputException e)
        {
            throw new BadInputException($"{path} could not be written, and what was there before is unchanged ({e.InnerException!.Message.TrimEnd('.')}); free space on its disk, or write elsewhere with -o.", e);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    // A file in its place would end it.
    private static FileStream? DeviceOrPipe(string full)
    {
        if (!File.Exists(full)) return null;
        var stream = new FileStream(full, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        if (!stream.CanSeek || Devices.Any(folder => full.StartsWith(folder, StringComparison.Ordinal))) return stream;
        stream.Dispose();
        return null;
    }

    private static OutputStream Opened(string path, string temporary)
    {
        try
        {
            return new OutputStream(new FileStream(temporary, FileMode.CreateNew, FileAccess.Write));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{path} cannot be written ({e.Message.TrimEnd('.')}); write elsewhere with -o.", e);
        }
    }

    // Tells faults of writing from those of what is read meanwhile.
    private sealed class OutputStream(Stream inner) : Stream
    {
        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => inner.Length;
        public override long Position { get => inner.Position; set => throw new NotSupportedException(); }
        public override void Flush() => Checked(inner.Flush);
        public override void Write(byte[] buffer, int offset, int count) => Checked(() => inner.Write(buffer, offset, count));
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) Checked(inner.Dispose);
            base.Dispose(disposing);
        }

        private static void Checked(Action action)
        {
            try
            {
                action();
            }
            catch (IOException e)
            {
                throw new OutputException(e);
            }
        }
    }

    private sealed class OutputException(IOException cause) : Exception(cause.Message, cause);
}
