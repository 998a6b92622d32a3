// BERT tokenization against Hugging Face's, line by line: ids, token types, offsets in the original text, word ids.
using System.Text.Json;
using MLNet.PTuning.Tests.Backbones;
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

    [SharedFact("golden/tokenizers/bert-4x128/truncated_extra.jsonl")]
    public void EveryRecordedLengthIsCutAsTheReferenceCutsIt()
    {
        TextTokenizer tokenizer = TextTokenizer.Load(Shared.Fixture("tokenizers", "bert-4x128"));
        JsonElement inputs = Read(File.ReadAllText(Shared.At("golden", "tokenizers", "inputs.json")));
        // Cutting at the start, of one text only, or into windows is not offered.
        JsonElement[] lines =
        [
            .. File.ReadLines(Shared.At("golden", "tokenizers", "bert-4x128", "truncated_extra.jsonl")).Select(Read)
                .Where(l => (l.GetProperty("strategy").GetString(), l.GetProperty("direction").GetString(), l.GetProperty("stride").GetInt32())
                    == ("longest_first", "right", 0)),
        ];
        Assert.Equal(230, lines.Length);
        Assert.All(lines, line =>
        {
            bool isPair = line.GetProperty("kind").GetString() == "pair";
            JsonElement input = inputs.GetProperty(isPair ? "pairs" : "single")[line.GetProperty("i").GetInt32()];
            string? pair = isPair ? input.GetProperty("pair").GetString() : null;
            Encoded encoded = tokenizer.Encode(input.GetProperty("text").GetString(), pair, line.GetProperty("max_length").GetInt32());
            Assert.Equal(line.GetProperty("ids").Deserialize<int[]>(), encoded.Ids);
            Assert.Equal(line.GetProperty("type_ids").Deserialize<int[]>(), encoded.Types);
        });
    }

    private static JsonElement Read(string json) => JsonSerializer.Deserialize<JsonElement>(json);

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
        string config = lowerCase ? """{"do_lower_case": true}""" : """{"do_lower_case": false}""";
        using var folder = TokenizerFiles.Bert(File.ReadAllBytes(Shared.At("tokenizers", name, "vocab.txt")), config);
        Assert.Empty(Golden.Differences(TextTokenizer.Load(folder.Path), Shared.At("golden", "tokenizers", name, file)));
    }

    // Their vocab.txt is bert-base-uncased's with CRLF after every piece.
    [SharedTheory("golden/tokenizers")]
    [InlineData(RealBackbones.MiniLm, "single.jsonl")]
    [InlineData(RealBackbones.MiniLm, "pairs.jsonl")]
    [InlineData(RealBackbones.Arctic, "single.jsonl")]
    [InlineData(RealBackbones.Arctic, "words.jsonl")]
    public void BackbonesFromNuGetTokenizeAsTheReferenceOnEveryLine(string name, string file)
    {
        Assert.Contains("[unused0]\r\n", File.ReadAllText(Path.Combine(RealBackbones.Folder(name), "vocab.txt")));
        TextTokenizer tokenizer = TextTokenizer.Load(RealBackbones.Folder(name));
        Assert.Equal(30522, tokenizer.VocabularySize);
        Assert.Empty(Golden.Differences(tokenizer, Shared.At("golden", "tokenizers", "bert-base-uncased", file)));
    }
}
