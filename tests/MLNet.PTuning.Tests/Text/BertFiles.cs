// A BERT tokenizer's files in a folder of their own that goes away with them.
using System.Text;

namespace MLNet.PTuning.Tests.Text;

internal sealed class BertFiles : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bert-files-");

    public BertFiles(byte[] vocabulary, string? config = null)
    {
        File.WriteAllBytes(System.IO.Path.Combine(Path, "vocab.txt"), vocabulary);
        if (config is not null) File.WriteAllText(System.IO.Path.Combine(Path, "tokenizer_config.json"), config);
    }

    public BertFiles(IEnumerable<string> pieces, string? config = null)
        : this(Encoding.UTF8.GetBytes(string.Concat(pieces.Select(p => p + "\n"))), config)
    {
    }

    public string Path => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);
}
