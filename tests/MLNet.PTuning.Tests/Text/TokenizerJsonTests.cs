// The parts that a tokenizer.json may name, one by one, and what is said of files that are damaged or hold something else.
using System.Text;
using System.Text.Json;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Text;

public sealed class TokenizerJsonTests
{
    private const string Unigram = """
        {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["▁", -4], ["a", -3], ["▁a", -2], ["b", -3], ["é", -4], ["e", -4], ["\u0301", -9], ["A", -5], ["fi", -3], ["\"", -3]]}
        """;

    private static TextTokenizer Load(string model, string parts = "", string? config = null)
    {
        string json = $$"""{"model": {{model}}{{(parts.Length > 0 ? ", " + parts : "")}}}""";
        using var files = new TokenizerFiles(
            ("tokenizer.json", Encoding.UTF8.GetBytes(json)), ("tokenizer_config.json", Encoding.UTF8.GetBytes(config ?? "{}")));
        return TextTokenizer.Load(files.Path);
    }

    private static IEnumerable<(int, int, int)> Pieces(TextTokenizer tokenizer, string text) => tokenizer.Pieces(text).Select(p => (p.Id, p.Start, p.End));

    [Theory]
    [InlineData("""{"type": "Lowercase"}""", "Aa", new[] { 2, 2 })]
    [InlineData("""{"type": "NFC"}""", "e\u0301", new[] { 5 })]
    [InlineData("""{"type": "NFD"}""", "é", new[] { 6, 7 })]
    [InlineData("""{"type": "NFKC"}""", "ﬁ", new[] { 9 })]
    [InlineData("""{"type": "Sequence", "normalizers": [{"type": "NFKD"}, {"type": "StripAccents"}]}""", "é", new[] { 6 })]
    [InlineData("""{"type": "Strip", "strip_left": true, "strip_right": false}""", " a", new[] { 2 })]
    [InlineData("""{"type": "Replace", "pattern": {"String": "``"}, "content": "\""}""", "a``", new[] { 2, 10 })]
    [InlineData("""{"type": "Replace", "pattern": {"Regex": "b{2,}"}, "content": "b"}""", "abbb", new[] { 2, 4 })]
    [InlineData("""{"type": "Prepend", "prepend": "▁"}""", "a", new[] { 3 })]
    public void NormalizersAreApplied(string normalizer, string text, int[] ids) =>
        Assert.Equal(ids, Load(Unigram, $"\"normalizer\": {normalizer}").Pieces(text).Select(p => p.Id));

    [Fact]
    public void WhatIsReplacedStandsForTheOriginal()
    {
        string normalizer = """
            "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Replace", "pattern": {"String": "``"}, "content": "\""}]}
            """;
        Assert.Equal([(9, 0, 1), (10, 1, 3), (5, 3, 5)], Pieces(Load(Unigram, normalizer), "ﬁ``e\u0301"));
    }

    [Theory]
    [InlineData("""{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}""", "a a", new[] { 3, 3 })]
    [InlineData("""{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never"}""", "a a", new[] { 2, 3 })]
    [InlineData("""{"type": "Metaspace", "replacement": "▁", "add_prefix_space": true}""", " a", new[] { 3 })]
    [InlineData("""{"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "▁"}]}""", "\ta \n a", new[] { 3, 3 })]
    [InlineData("""{"type": "WhitespaceSplit"}""", "a  b", new[] { 2, 4 })]
    public void PreTokenizersAreApplied(string preTokenizer, string text, int[] ids) =>
        Assert.Equal(ids, Load(Unigram, $"\"pre_tokenizer\": {preTokenizer}").Pieces(text).Select(p => p.Id));

    // The patterns of Qwen2 and Llama 3, and SmolLM's digits.
    [Theory]
    [InlineData(Qwen2, "I'm 42 years!\n\n  ok", new[] { "I", "'m", " ", "4", "2", " years", "!\n\n", " ", " ok" })]
    [InlineData(Qwen2, "(x) \U00020000y", new[] { "(x", ")", " \U00020000y" })]
    [InlineData("""{"type": "Digits", "individual_digits": true}, {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}""", "a 12 b", new[] { "a", " ", "1", "2", " b" })]
    [InlineData("""{"type": "Digits"}, {"type": "ByteLevel", "add_prefix_space": false}""", "a 12b", new[] { "a", " ", "12", "b" })]
    public void WordsAreSplitByPatternsBeforeTheirBytes(string parts, string text, string[] words)
    {
        // Without merges every byte is a piece; what is of one word has its number.
        string vocabulary = string.Join(", ", ByteCharacters().Select((c, id) => $"{JsonSerializer.Serialize(c.ToString())}: {id}"));
        var tokenizer = Load($$"""{"type": "BPE", "vocab": { {{vocabulary}} }, "merges": []}""", $$""" "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{{parts}}]} """);
        Assert.Equal(words, tokenizer.Pieces(text).GroupBy(p => p.Word).Select(word => text[word.First().Start..word.Last().End]));
    }

    private const string Qwen2 = """
        {"type": "Split", "pattern": {"Regex": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated", "invert": false},
        {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}
        """;

    // The characters that stand for the 256 bytes in a byte-level vocabulary.
    private static IEnumerable<char> ByteCharacters()
    {
        int next = 256;
        for (int b = 0; b < 256; b++) yield return b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (char)b : (char)next++;
    }

    [Fact]
    public void FirstMarkStandsOnlyAtTheStartOfTheText()
    {
        string parts = """
            "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"},
            "added_tokens": [{"id": 11, "content": "<x>"}]
            """;
        Assert.Equal([(3, 0, 1), (11, 1, 4), (2, 4, 5)], Pieces(Load(Unigram, parts), "a<x>a"));
    }

    [Fact]
    public void NormalizedAddedTokensAreFoundInNormalizedText()
    {
        string parts = """
            "normalizer": {"type": "Lowercase"},
            "added_tokens": [{"id": 11, "content": "<X>", "normalized": true}, {"id": 12, "content": "<Y>", "normalized": false}]
            """;
        Assert.Equal([(11, 0, 3), (11, 3, 6), (12, 6, 9), (0, 9, 12)], Pieces(Load(Unigram, parts), "<x><X><Y><y>"));
    }

    [Fact]
    public void TemplatesPutSpecialTokensAndTypesWhereTheySay()
    {
        string parts = """
            "post_processor": {"type": "TemplateProcessing",
                "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                "pair": [{"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "<s>", "type_id": 2}}, {"Sequence": {"id": "A", "type_id": 0}}],
                "special_tokens": {"<s>": {"id": "<s>", "ids": [7, 8], "tokens": ["<s>", "<s>"]}}}
            """;
        TextTokenizer tokenizer = Load(Unigram, parts);
        Assert.Equal([7, 8, 2], tokenizer.Encode("a", null, 16).Ids);
        Encoded pair = tokenizer.Encode("a", "b", 16);
        Assert.Equal([4, 7, 8, 2], pair.Ids);
        Assert.Equal([1, 2, 2, 0], pair.Types);
        Assert.Equal((3..4, 0..1), (pair.First, pair.Second));
    }

    [Fact]
    public void ConfigGoesBeforeTheNormalizersFlags()
    {
        string model = """{"type": "WordPiece", "unk_token": "?", "vocab": {"?": 0, "É": 1, "e": 2}}""";
        string parts = """
            "normalizer": {"type": "BertNormalizer", "lowercase": true}, "pre_tokenizer": {"type": "BertPreTokenizer"}
            """;
        Assert.Equal([2], Load(model, parts).Pieces("É").Select(p => p.Id));
        Assert.Equal([1], Load(model, parts, """{"do_lower_case": false}""").Pieces("É").Select(p => p.Id));
    }

    [Fact]
    public void BytePairsMayHoldBlanksAndCharactersBeyondTheBasicPlane()
    {
        string model = """{"type": "BPE", "unk_token": "<u>", "vocab": {"<u>": 0, "a": 1, " ": 2, "😀": 3, "a ": 4, "😀a": 5}, "merges": [["a", " "], ["😀", "a"]]}""";
        Assert.Equal([(5, 0, 3), (4, 3, 5), (0, 5, 7), (3, 7, 9)], Pieces(Load(model), "😀aa 😁😀"));
    }

    [Fact]
    public void BytePairsFallBackToBytesAndFuseTheRest()
    {
        string model = """{"type": "BPE", "unk_token": "<u>", "fuse_unk": true, "byte_fallback": true, "vocab": {"<u>": 0, "a": 1, "<0xC3>": 2, "<0xA9>": 3}, "merges": []}""";
        Assert.Equal([(1, 0, 1), (2, 1, 2), (3, 1, 2), (0, 2, 5), (1, 5, 6)], Pieces(Load(model), "aé你好xa"));
    }

    [Fact]
    public void WordsThatArePiecesAreNotMergedWhereMergesAreIgnored()
    {
        string model = """{"type": "BPE", "ignore_merges": true, "vocab": {"a": 0, "b": 1, "ab": 2, "aab": 3, "aa": 4}, "merges": ["a a"]}""";
        Assert.Equal([3], Load(model).Pieces("aab").Select(p => p.Id));
        Assert.Equal([4, 1, 1], Load(model).Pieces("aabb").Select(p => p.Id));
    }

    [Theory]
    [InlineData("{", "tokenizer.json is not valid JSON")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("{}", "lacks 'model'")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {}, "merges": []}}""", "model: vocab' is empty")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}}""", "vocab: a' must be an id")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 2000000000}, "merges": []}}""", "vocab: a' must be an id")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 1}, "merges": ["a b"]}}""", "does not fit together")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 1}, "merges": ["a"]}}""", "merges[0]' must be a pair")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 1}, "unk_token": "<u>", "merges": []}}""", "does not fit together")]
    [InlineData("""{"model": {"type": "WordPiece", "vocab": {"a": 1}}}""", "lacks its unknown piece '[UNK]'")]
    [InlineData("""{"model": {"type": "WordPiece", "unk_token": "a", "vocab": {"a": 1, "b": 1}}}""", "'a' and 'b' have the same id 1")]
    [InlineData("""{"model": {"type": "Unigram", "vocab": [["a", "x"]]}}""", "vocab[0][1]' must be a number")]
    [InlineData("""{"model": {"type": "Unigram", "vocab": [["a", 0]], "unk_id": 3}}""", "lacks the unknown piece")]
    [InlineData("""{"model": {"type": "Unigram", "vocab": [["a", 0]]}, "normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}}""", "precompiled_charsmap")]
    [InlineData("""{"model": {"type": "Unigram", "vocab": [["\uD800", 0]]}}""", "tokenizer.json")]
    public void DamagedPartsAreNamed(string json, string expected)
    {
        using var files = new TokenizerFiles(("tokenizer.json", Encoding.UTF8.GetBytes(json)));
        string message = Assert.Throws<InvalidDataException>(() => TextTokenizer.Load(files.Path)).Message;
        Assert.Contains("tokenizer.json", message);
        Assert.Contains(expected, message);
    }

    [Theory]
    [InlineData("""{"model": {"type": "WordLevel", "vocab": {}}}""", "'WordLevel', which is not supported (WordPiece, BPE and Unigram are)")]
    [InlineData("""{"model": {"type": "Unigram", "vocab": [["a", 0]]}, "normalizer": {"type": "Nmt"}}""", "a normalizer 'Nmt', which is not supported")]
    [InlineData("""{"model": {"type": "Unigram", "vocab": [["a", 0]]}, "normalizer": {"type": "Replace", "pattern": {"Regex": "("}, "content": ""}}""", "pattern that is not supported")]
    [InlineData("""{"model": {"type": "Unigram", "vocab": [["a", 0]]}, "pre_tokenizer": {"type": "Split"}}""", "pre-tokenizer 'Split', which is not supported")]
    [InlineData("""{"model": {"type": "Unigram", "vocab": [["a", 0]]}, "post_processor": {"type": "X"}}""", "post-processor 'X', which is not supported")]
    [InlineData("""{"model": {"type": "Unigram", "vocab": [["a", 0]]}, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "ByteLevel"}]}}""", "a sequence of pre-tokenizers that is not supported")]
    [InlineData("""{"model": {"type": "Unigram", "vocab": [["a", 0]]}, "normalizer": {"type": "Sequence", "normalizers": [{"type": "Nmt"}]}}""", "normalizers[0]")]
    public void PartsThatAreNotSupportedAreNamedAsThat(string json, string expected)
    {
        using var files = new TokenizerFiles(("tokenizer.json", Encoding.UTF8.GetBytes(json)));
        string message = Assert.Throws<NotSupportedException>(() => TextTokenizer.Load(files.Path)).Message;
        Assert.Contains("tokenizer.json", message);
        Assert.Contains(expected, message);
        Assert.DoesNotContain("ownload", message);
    }
}
