// BERT tokenization against Hugging Face's, line by line: ids, token types, offsets in the original text, word ids.
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Text;

public sealed class BertGoldenTests
{
    [Theory]
    [InlineData("single.jsonl")]
    [InlineData("pairs.jsonl")]
    [InlineData("words.jsonl")]
    [InlineData("truncated.jsonl")]
    public void SmallBertEqualsTheReferenceOnEveryLine(string file)
    {
        string folder = Shared.Fixture("tokenizers", "bert-4x128");
        Assert.Empty(Golden.Differences(TextTokenizer.Load(folder), Path.Combine(folder, file)));
    }

    [SharedTheory("tokenizers")]
    [InlineData("bert-base-uncased", true, "single.jsonl")]
    [InlineData("bert-base-uncased", true, "pairs.jsonl")]
    [InlineData("bert-base-uncased", true, "words.jsonl")]
    [InlineData("bert-base-uncased", true, "truncated.jsonl")]
    [InlineData("bert-base-chinese", false, "single.jsonl")]
    [InlineData("bert-base-chinese", false, "pairs.jsonl")]
    [InlineData("bert-base-chinese", false, "words.jsonl")]
    [InlineData("bert-base-chinese", false, "truncated.jsonl")]
    public void PublishedVocabularyEqualsTheReferenceOnEveryLine(string name, bool lowerCase, string file)
    {
        using var folder = TokenizerFiles.Bert(File.ReadAllBytes(Shared.At("tokenizers", name, "vocab.txt")), $$"""{"do_lower_case": {{(lowerCase ? "true" : "false")}}}""");
        Assert.Empty(Golden.Differences(TextTokenizer.Load(folder.Path), Shared.At("golden", "tokenizers", name, file)));
    }
}
