// Writing a file leaves the older one whole until the new one is complete.
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Tests.Files;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void A_new_file_replaces_the_older_one()
    {
        string path = _folder.Write("model.zip", "older"u8);
        AtomicFile.Write(path, stream => stream.Write("newer"u8));
        Assert.Equal("newer", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void An_error_in_the_middle_keeps_the_older_file_and_leaves_nothing_beside_it()
    {
        string path = _folder.Write("model.zip", "older"u8);
        string message = Assert.Throws<IOException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("half of it"u8);
            throw new IOException("No space left on device");
        })).Message;
        Assert.Contains(path, message);
        Assert.Contains("No space left on device", message);
        Assert.Equal("older", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_missing_folder_is_named() => Assert.Contains("absent",
        Assert.Throws<DirectoryNotFoundException>(() => AtomicFile.Write(Path.Combine(_folder.Path, "absent", "model.zip"), _ => { })).Message);

    public void Dispose() => _folder.Dispose();
}
