// Rows in the form that methods and templates give them: ids, segments, and the position that is read.
using System.Text;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Text;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Tasks;

public sealed class RowFormTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly TextTokenizer _tokenizer;

    public RowFormTests() => _tokenizer = TextTokenizer.Load(_backbone.Path);

    [Fact]
    public void Without_a_template_a_row_is_what_the_tokenizer_makes_of_it()
    {
        var form = new RowForm(_tokenizer, 8, new DeepPrompt(), hasPairs: true);
        var row = form.Encode("the film was very good", "so it is");
        Assert.Equal(_tokenizer.Encode("the film was very good", "so it is", 8).Ids, row.Input.Ids);
        Assert.Equal((1, 0), (row.TextStart, row.ReadPosition));
    }

    [Fact]
    public void A_soft_prompt_comes_before_the_first_token_which_is_read()
    {
        var row = new RowForm(_tokenizer, 20, new SoftPrompt { Length = 3 }, hasPairs: false).Encode("good film", null);
        Assert.Equal("0 1 2 [CLS] good film [SEP]", Show(row.Input));
        Assert.Equal(new int[7], row.Input.Types);
        Assert.Equal((4, 3), (row.TextStart, row.ReadPosition));
    }

    [Fact]
    public void A_templates_vectors_words_and_mask_go_around_the_text_between_the_special_tokens()
    {
        var form = new RowForm(_tokenizer, 20, new PTuningV1 { Template = "{prompt:2} {text} is {prompt:1} {mask}" }, hasPairs: false, new Verbalizer());
        var row = form.Encode("the film", null);
        Assert.Equal("[CLS] 0 1 the film is 2 [MASK] [SEP]", Show(row.Input));
        Assert.Equal((3, 7), (row.TextStart, row.ReadPosition));
    }

    [Fact]
    public void With_a_classification_head_the_first_token_is_read_though_a_mask_is_there()
    {
        var row = new RowForm(_tokenizer, 20, new PTuningV1(), hasPairs: false).Encode("the film", null);
        Assert.Equal("[CLS] 0 1 2 the film 3 4 [MASK] [SEP]", Show(row.Input));
        Assert.Equal(0, row.ReadPosition);
    }

    [Fact]
    public void The_second_text_follows_as_second_segment_with_everything_after_it()
    {
        var followed = new RowForm(_tokenizer, 20, new HardPrompt { Template = "{text} {mask}" }, hasPairs: true, new Verbalizer()).Encode("the film", "a book");
        Assert.Equal("[CLS] the film [MASK] [SEP] a book [SEP]", Show(followed.Input));
        Assert.Equal([0, 0, 0, 0, 0, 1, 1, 1], followed.Input.Types);
        Assert.Equal(3, followed.ReadPosition);

        var named = new RowForm(_tokenizer, 20, new HardPrompt { Template = "{text} so {pair} is {mask}" }, hasPairs: true, new Verbalizer()).Encode("the film", "a book");
        Assert.Equal("[CLS] the film so [SEP] a book is [MASK] [SEP]", Show(named.Input));
        Assert.Equal([0, 0, 0, 0, 0, 1, 1, 1, 1, 1], named.Input.Types);
        Assert.Equal(8, named.ReadPosition);
    }

    [Fact]
    public void Where_blanks_are_part_of_pieces_words_and_text_have_those_that_the_template_shows()
    {
        using var files = new TokenizerFiles(
            ("vocab.json", Encoding.UTF8.GetBytes("""{"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "a": 4, "b": 5, "ab": 6, "Ġ": 7, "Ġa": 8, "Ġb": 9, "<mask>": 10}""")),
            ("merges.txt", Encoding.UTF8.GetBytes("#version: 0.2\na b\nĠ a\nĠ b\n")));
        var tokenizer = TextTokenizer.Load(files.Path);
        var row = new RowForm(tokenizer, 20, new PTuningV1 { Template = "{prompt:1} {text}b b {mask}" }, hasPairs: false, new Verbalizer()).Encode("a a", null);
        Assert.Equal([0, -1, 8, 8, 5, 9, 10, 2], row.Input.Ids);
        var atStart = new RowForm(tokenizer, 20, new HardPrompt { Template = "{text} b" }, hasPairs: false).Encode("a a", null);
        Assert.Equal([0, 4, 8, 9, 2], atStart.Input.Ids);
    }

    [Fact]
    public void A_hard_prompt_around_a_soft_one_has_both()
    {
        var method = new HardPrompt { Template = "it is {text}", Trains = new SoftPrompt { Length = 2 } };
        var row = new RowForm(_tokenizer, 20, method, hasPairs: false).Encode("good", null);
        Assert.Equal("0 1 [CLS] it is good [SEP]", Show(row.Input));
        Assert.Equal((5, 2), (row.TextStart, row.ReadPosition));
    }

    [Fact]
    public void A_long_text_is_cut_and_the_template_is_not()
    {
        var form = new RowForm(_tokenizer, 7, new PTuningV1 { Template = "{prompt:2} {text} it was {mask}" }, hasPairs: false, new Verbalizer());
        Assert.Equal(3, form.FixedPieces);
        Assert.Equal("[CLS] 0 1 the film it was [MASK] [SEP]", Show(form.Encode("the film was good and great", null).Input));
    }

    [Fact]
    public void A_template_that_does_not_fit_the_rows_is_refused()
    {
        Assert.Contains("{pair}", Refused(new HardPrompt { Template = "{text} {pair}" }, hasPairs: false).Message);
        Assert.Contains("{mask}", Refused(new HardPrompt { Template = "{text} is" }, hasPairs: false, new Verbalizer()).Message);
        Assert.Contains("no room", Refused(new HardPrompt { Template = "it was a very good day and {text}" }, hasPairs: false).Message);

        ArgumentException Refused(TuningMethod method, bool hasPairs, Verbalizer? verbalizer = null) =>
            Assert.Throws<ArgumentException>(() => new RowForm(_tokenizer, 9, method, hasPairs, verbalizer));
    }

    public void Dispose() => _backbone.Dispose();

    private static string Show(Encoded row) => string.Join(' ', row.Ids.Select(id => id < 0 ? $"{-id - 1}" : TinyBackbone.Vocabulary[id]));
}

file static class RowForms
{
    public static FormedRow Encode(this RowForm form, string? text, string? pair) => form.Join(form.TextPieces(text), pair is null ? null : form.PairPieces(pair));
}
