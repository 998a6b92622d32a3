// tokenizer.model of Llama-shaped models: what Hugging Face's conversion makes of it.
using System.Text;
using System.Text.Json;
using MLNet.PTuning.Text;
using static MLNet.PTuning.Tests.Text.SentencePieceModels;

namespace MLNet.PTuning.Tests.Text;

public sealed class LlamaFolderTests
{
    private static readonly (string, float, int)[] Small =
    [
        ("<unk>", 0, Unknown), ("<s>", 0, Control), ("</s>", 0, Control), .. Enumerable.Range(0, 256).Select(b => ($"<0x{b:X2}>", 0f, OneByte)),
        ("▁a", -1, Normal), ("ab", -2, Normal), ("▁", -3, Normal), ("a", -4, Normal), ("b", -5, Normal),
    ];

    private const int FirstByte = 3, MarkedA = 259, Ab = 260, MarkAlone = 261, A = 262, B = 263;

    [SharedFact("golden/tokenizers")]
    public void A_tokenizer_model_gives_what_its_tokenizer_json_does()
    {
        // The recorded tokenizer as the SentencePiece model that it was converted from: a piece's score is the rank of its first merge.
        string folder = Shared.At("backbones", "tinystories-656k-llama");
        var model = JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(Path.Combine(folder, "tokenizer.json"))).GetProperty("model");
        var ranks = new Dictionary<string, float>();
        foreach (var merge in model.GetProperty("merges").EnumerateArray())
            ranks.TryAdd(merge.ValueKind == JsonValueKind.String ? merge.GetString()!.Replace(" ", "") : merge[0].GetString() + merge[1].GetString(), -ranks.Count);
        var pieces = model.GetProperty("vocab").EnumerateObject().OrderBy(p => p.Value.GetInt32()).Select(p => (p.Name, ranks.GetValueOrDefault(p.Name, -1e6f),
            p.Value.GetInt32() switch { 0 => Unknown, 1 or 2 => Control, _ => p.Name.StartsWith("<0x", StringComparison.Ordinal) ? OneByte : Normal }));
        string config = File.ReadAllText(Path.Combine(folder, "tokenizer_config.json")).Replace("\"legacy\": false", "\"legacy\": true", StringComparison.Ordinal);
        var tokenizer = Load(WriteLlama(pieces), config);
        foreach (string file in (string[])["single.jsonl", "pairs.jsonl", "words.jsonl", "truncated.jsonl"])
            Assert.Empty(Golden.Differences(tokenizer, Shared.At("golden", "tokenizers", "tinystories-656k-llama", file), spaced: false));
    }

    [Fact]
    public void A_mark_stands_before_the_text_and_unknown_characters_are_bytes()
    {
        var tokenizer = Load(WriteLlama(Small));
        Assert.Equal([1, MarkedA, B, MarkAlone, MarkedA, B], tokenizer.Encode("ab  ab", null, 16).Ids);
        Assert.Equal([1, MarkAlone, FirstByte + 0xC3, FirstByte + 0xA9], tokenizer.Encode("é", null, 16).Ids);
        Assert.Equal((0, null), (tokenizer.PadId, tokenizer.MaskId));
    }

    [Fact]
    public void The_config_says_which_special_tokens_stand_around_a_text()
    {
        Assert.Equal([MarkedA, 2], Load(WriteLlama(Small), """{"add_bos_token": false, "add_eos_token": true}""").Encode("a", null, 16).Ids);
        Assert.Equal([1, MarkedA, 1, MarkAlone, B], Load(WriteLlama(Small)).Encode("a", "b", 16).Ids);
    }

    [Fact]
    public void Without_the_older_behavior_the_text_s_start_alone_gets_a_mark()
    {
        Assert.Equal([1, MarkedA, 2, MarkedA], Load(WriteLlama(Small)).Encode("a</s>a", null, 16).Ids);
        Assert.Equal([1, MarkedA, 2, A], Load(WriteLlama(Small), """{"legacy": false}""").Encode("a</s>a", null, 16).Ids);
    }

    [Fact]
    public void A_model_of_unigrams_is_refused() =>
        Assert.Contains("of unigrams", Assert.Throws<NotSupportedException>(() => Load(Write(Unigram, [], Small))).Message);

    private static TextTokenizer Load(byte[] model, string config = "{}")
    {
        using var files = new TokenizerFiles(("tokenizer.model", model), ("tokenizer_config.json", Encoding.UTF8.GetBytes(config)));
        return TextTokenizer.Load(files.Path);
    }
}
