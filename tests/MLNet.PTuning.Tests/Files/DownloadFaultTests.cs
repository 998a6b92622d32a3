// What a failed download left in place of a file is named as such, whichever file of a model it is.
using System.Text;
using MLNet.PTuning.Files;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Files;

public sealed class DownloadFaultTests : IDisposable
{
    private const string Html = "\n<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>", Pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        Message = """{"error":"Repository not found"}""", Plain = "Entry not found: no such revision\n";

    private readonly TempFolder _folder = new();

    public static TheoryData<string, string, string> Weights
    {
        get
        {
            var cases = new TheoryData<string, string, string>();
            foreach (string name in (string[])["model.safetensors", "pytorch_model.bin"])
            {
                cases.Add(name, Html, "HTML page");
                cases.Add(name, Pointer, "git lfs pull");
                cases.Add(name, Message, "Repository not found");
                cases.Add(name, Plain, "Entry not found");
                cases.Add(name, "", "empty");
            }
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Weights))]
    public void Instead_of_weights(string name, string content, string expected)
    {
        string path = _folder.Write(name, Encoding.UTF8.GetBytes(content));
        string message = Assert.Throws<InvalidDataException>(() => WeightFile.Open(path)).Message;
        Assert.Contains(expected, message);
        Assert.Contains(path, message);
    }

    [Theory]
    [InlineData(Html, "HTML page")]
    [InlineData(Pointer, "git lfs pull")]
    [InlineData(Message, "Repository not found")]
    [InlineData("", "empty")]
    public void Instead_of_config_json(string content, string expected)
    {
        _folder.Write("config.json", Encoding.UTF8.GetBytes(content));
        string message = Assert.Throws<InvalidDataException>(() => new ModelFolder(_folder.Path)).Message;
        Assert.Contains(expected, message);
        Assert.Contains("config.json", message);
    }

    [Theory]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    [InlineData("vocab.txt")]
    [InlineData("vocab.json")]
    [InlineData("merges.txt")]
    [InlineData("sentencepiece.bpe.model")]
    public void Instead_of_a_tokenizers_file(string name)
    {
        if (name == "tokenizer_config.json") _folder.Write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n"u8);
        if (name == "merges.txt") _folder.Write("vocab.json", """{"a": 0}"""u8);
        foreach (var (content, expected) in (ReadOnlySpan<(string, string)>)[(Html, "HTML page"), (Pointer, "git lfs pull"), ("", "empty")])
        {
            _folder.Write(name, Encoding.UTF8.GetBytes(content));
            string message = Assert.Throws<InvalidDataException>(() => TextTokenizer.Load(_folder.Path)).Message;
            Assert.Contains(expected, message);
            Assert.Contains(name, message);
        }
    }

    public void Dispose() => _folder.Dispose();
}
