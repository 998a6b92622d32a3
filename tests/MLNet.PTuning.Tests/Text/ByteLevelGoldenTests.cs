// Byte-level tokenization (RoBERTa's layout and GPT-2's) against Hugging Face's, line by line.
using System.Text;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Text;

public sealed class ByteLevelGoldenTests
{
    private const string PrefixSpace = """{"add_prefix_space": true}""";

    [Theory]
    [InlineData("single.jsonl", "{}", true)]
    [InlineData("pairs.jsonl", "{}", true)]
    [InlineData("words.jsonl", "{}", false)]
    [InlineData("words_prefix_space.jsonl", "{}", true)]
    [InlineData("words_prefix_space.jsonl", PrefixSpace, false)]
    public void RobertaEqualsTheReference(string file, string config, bool spaced)
    {
        using TokenizerFiles files = Roberta(config);
        Assert.Empty(Golden.Differences(TextTokenizer.Load(files.Path), Shared.Fixture("tokenizers", "roberta-like", file), spaced));
    }

    // Where a blank was put after an added token, the reference's offsets leave out the character after it; docs/tokenizers.md.
    [SharedFact("golden/tokenizers/roberta-like")]
    public void RobertaWithPrefixSpaceDiffersInOffsetsBehindAddedTokens()
    {
        using TokenizerFiles files = Roberta(PrefixSpace);
        List<string> differences = Golden.Differences(TextTokenizer.Load(files.Path), Shared.At("golden", "tokenizers", "roberta-like", "single_prefix_space.jsonl"));
        Assert.Equal(["322", "324", "335"], differences.Select(d => d.Split(' ')[0]));
        Assert.All(differences, d => Assert.Contains(": offsets", d));
    }

    private static TokenizerFiles Roberta(string config) => new(
        ("vocab.json", File.ReadAllBytes(Shared.Fixture("tokenizers", "roberta-like", "vocab.json"))),
        ("merges.txt", File.ReadAllBytes(Shared.Fixture("tokenizers", "roberta-like", "merges.txt"))),
        ("tokenizer_config.json", Encoding.UTF8.GetBytes(config)));

    [SharedTheory("tokenizers/gpt2")]
    [InlineData("single.jsonl", "{}", true)]
    [InlineData("pairs.jsonl", "{}", true)]
    [InlineData("truncated.jsonl", "{}", false)]
    [InlineData("words.jsonl", "{}", false)]
    [InlineData("words_prefix_space.jsonl", "{}", true)]
    [InlineData("single_prefix_space.jsonl", PrefixSpace, true)]
    public void Gpt2EqualsTheReference(string file, string config, bool spaced)
    {
        using var files = new TokenizerFiles(
            ("vocab.json", File.ReadAllBytes(Shared.At("tokenizers", "gpt2", "vocab.json"))),
            ("merges.txt", File.ReadAllBytes(Shared.At("tokenizers", "gpt2", "vocab.bpe"))),
            ("tokenizer_config.json", Encoding.UTF8.GetBytes(config)));
        Assert.Empty(Golden.Differences(TextTokenizer.Load(files.Path), Shared.At("golden", "tokenizers", "gpt2", file), spaced));
    }
}
