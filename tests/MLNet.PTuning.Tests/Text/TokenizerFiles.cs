// A tokenizer's files in a folder of their own that goes away with them.
using System.Text;

namespace MLNet.PTuning.Tests.Text;

internal sealed class TokenizerFiles : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tokenizer-files-");

    public TokenizerFiles(params (string Name, byte[] Content)[] files)
    {
        foreach (var (name, content) in files) File.WriteAllBytes(System.IO.Path.Combine(Path, name), content);
    }

    public static TokenizerFiles Bert(byte[] vocabulary, string? config = null) => config is null
        ? new TokenizerFiles(("vocab.txt", vocabulary))
        : new TokenizerFiles(("vocab.txt", vocabulary), ("tokenizer_config.json", Encoding.UTF8.GetBytes(config)));

    public static TokenizerFiles Bert(IEnumerable<string> pieces, string? config = null) =>
        Bert(Encoding.UTF8.GetBytes(string.Concat(pieces.Select(p => p + "\n"))), config);

    public string Path => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);
}
