// tokenizer.json of every kind against Hugging Face's tokenizers, line by line.
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Text;

public sealed class TokenizerJsonGoldenTests
{
    [Fact]
    public void SmallBertEqualsTheReferenceOnEveryLine()
    {
        TextTokenizer tokenizer = TextTokenizer.Load(Shared.Fixture("tokenizers", "bert-4x128-json"));
        foreach (string file in (string[])["single.jsonl", "pairs.jsonl", "words.jsonl", "truncated.jsonl"])
            Assert.Empty(Golden.Differences(tokenizer, Shared.Fixture("tokenizers", "bert-4x128", file)));
    }

    [SharedTheory("golden/tokenizers")]
    [InlineData("tokenizers/bert-base-uncased", "bert-base-uncased")]
    [InlineData("tokenizers/bert-base-chinese", "bert-base-chinese")]
    [InlineData("golden/tokenizers/roberta-like", "roberta-like")]
    [InlineData("tokenizers/gpt2", "gpt2")]
    [InlineData("backbones/tinystories-656k-llama", "tinystories-656k-llama")]
    public void EqualsTheReferenceOnEveryLine(string folder, string name)
    {
        using var files = new TokenizerFiles(("tokenizer.json", File.ReadAllBytes(Shared.At(folder, "tokenizer.json"))));
        TextTokenizer tokenizer = TextTokenizer.Load(files.Path);
        foreach (string file in (string[])["single.jsonl", "pairs.jsonl", "words.jsonl", "truncated.jsonl"])
            Assert.Empty(Golden.Differences(tokenizer, Shared.At("golden", "tokenizers", name, file), spaced: false));
    }

    [SharedTheory("golden/tokenizers")]
    [InlineData("golden/tokenizers/roberta-like", "roberta-like")]
    [InlineData("tokenizers/gpt2", "gpt2")]
    public void ByteLevelWordsEqualTheReferenceWithPrefixSpace(string folder, string name)
    {
        using var files = new TokenizerFiles(("tokenizer.json", File.ReadAllBytes(Shared.At(folder, "tokenizer.json"))));
        Assert.Empty(Golden.Differences(TextTokenizer.Load(files.Path), Shared.At("golden", "tokenizers", name, "words_prefix_space.jsonl")));
    }
}
