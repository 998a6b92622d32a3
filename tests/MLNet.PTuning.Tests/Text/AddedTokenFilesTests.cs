// Tokens that an author added to a published tokenizer: which file holds them differs from one version of Hugging Face's library to the next.
using System.Text;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Text;

public sealed class AddedTokenFilesTests
{
    private const string Special = """{"id": 2, "content": "[CLS]", "special": true}, {"id": 3, "content": "[SEP]", "special": true}""";

    private static readonly string[] Vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "film", "[E1]", "[", "]", "e", "##1"];

    private static string Json(string added = Special) => $$"""
        {"added_tokens": [{{added}}],
        "normalizer": {"type": "BertNormalizer", "lowercase": true}, "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": { {{string.Join(", ", Vocabulary.Select((piece, id) => $"\"{piece}\": {id}"))}} } } }
        """;

    // The same tokenizer as tokenizer.json and as vocab.txt.
    private static int[] Ids(bool isJson, string text, params (string Name, string Content)[] files)
    {
        var own = isJson ? ("tokenizer.json", Json()) : ("vocab.txt", string.Join('\n', Vocabulary));
        using var folder = new TokenizerFiles([.. files.Append(own).Select(f => (f.Item1, Encoding.UTF8.GetBytes(f.Item2)))]);
        return TextTokenizer.Load(folder.Path).Encode(text, null, 32).Ids;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Tokens_of_tokenizer_config_that_the_tokenizer_lacks_are_added(bool isJson) =>
        Assert.Equal([2, 5, 12, 6, 3], Ids(isJson, "a [E2] film", ("tokenizer_config.json", """{"added_tokens_decoder": {"12": {"content": "[E2]", "special": true}}}""")));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Tokens_of_added_tokens_json_are_added(bool isJson) =>
        Assert.Equal([2, 5, 12, 6, 3], Ids(isJson, "a [E2] film", ("added_tokens.json", """{"[E2]": 12}""")));

    [Theory]
    [InlineData(true, "special_tokens_map.json", "additional_special_tokens")]
    [InlineData(false, "special_tokens_map.json", "additional_special_tokens")]
    [InlineData(true, "tokenizer_config.json", "extra_special_tokens")]
    [InlineData(false, "tokenizer_config.json", "extra_special_tokens")]
    public void Further_special_tokens_are_taken_whole_and_those_without_an_id_have_the_next_ones(bool isJson, string file, string field) =>
        Assert.Equal([2, 5, 7, 13, 12, 6, 3], Ids(isJson, "a [E1] [E3][E2] film", (file, $$"""{"{{field}}": ["[E1]", "[E2]", {"content": "[E3]"}]}""")));

    [Fact]
    public void Extra_special_tokens_may_have_names() =>
        Assert.Equal([2, 12, 3], Ids(isJson: true, "<image>", ("tokenizer_config.json", """{"extra_special_tokens": {"image_token": "<image>"}}""")));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_special_token_of_a_role_that_the_tokenizer_lacks_is_taken_whole(bool isJson) =>
        Assert.Equal([2, 5, 7, 6, 3], Ids(isJson, "a [E1] film", ("special_tokens_map.json", """{"bos_token": {"content": "[E1]", "lstrip": true}}""")));

    [Fact]
    public void A_token_has_the_id_that_tokenizer_json_says()
    {
        string json = Json(Special + """, {"id": 15, "content": "[E2]"}""");
        using var folder = new TokenizerFiles(
            ("tokenizer.json", Encoding.UTF8.GetBytes(json)), ("added_tokens.json", Encoding.UTF8.GetBytes("""{"[E2]": 12}""")));
        Assert.Equal([2, 15, 3], TextTokenizer.Load(folder.Path).Encode("[E2]", null, 32).Ids);
    }

    // As Hugging Face's fast classes: normalized where it is no special token.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Where_case_is_lowered_an_added_token_is_found_in_any_case(bool isJson)
    {
        var added = ("added_tokens.json", """{"Cool-Token": 12, "[E2]": 13}""");
        Assert.Equal([2, 12, 5, 12, 12, 3], Ids(isJson, "Cool-Token a cOOl-token cool-token", added));
        var special = ("special_tokens_map.json", """{"additional_special_tokens": ["Cool-Token"]}""");
        Assert.Equal([2, 12, 1, 1, 1, 3], Ids(isJson, "Cool-Token cool-token", added, special));
    }

    [Theory]
    [InlineData(null, new[] { 1, 6 })]
    [InlineData("BertTokenizerFast", new[] { 1, 6 })]
    [InlineData("PreTrainedTokenizerFast", new[] { 6, 6 })]
    [InlineData("TokenizersBackend", new[] { 6, 6 })]
    public void Classes_that_take_tokenizer_json_as_it_is_do_not_read_BERTs_flags(string? tokenizerClass, int[] expected)
    {
        string name = tokenizerClass is null ? "" : $$"""
            "tokenizer_class": "{{tokenizerClass}}", 
            """;
        Assert.Equal([2, .. expected, 3], Ids(isJson: true, "FILM film", ("tokenizer_config.json", $$"""{ {{name}}"do_lower_case": false}""")));
    }
}
