// Ids back to text: what a tokenizer that loses nothing makes of a text is the text again, however its bytes are cut into pieces.
using System.Text;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Text;

public class TextDecoderTests
{
    [Fact]
    public void Byte_level_pieces_of_random_texts_are_the_texts_again()
    {
        using var files = new TokenizerFiles(
            ("vocab.json", File.ReadAllBytes(Shared.Fixture("tokenizers", "roberta-like", "vocab.json"))), ("merges.txt", File.ReadAllBytes(Shared.Fixture("tokenizers", "roberta-like", "merges.txt"))));
        RoundTrips(TextTokenizer.Load(files.Path));
    }

    [Fact]
    public void Pieces_with_marks_and_bytes_of_random_texts_are_the_texts_again()
    {
        string[] pieces = ["<unk>", "▁", "▁a", "b", "cd", .. "abcdefghijklmnopqrstuvwxyz".Select(letter => letter.ToString()), .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>")];
        RoundTrips(new TextTokenizer([], null, new MetaspaceSplitter(MetaspaceNormalizer.Mark), new UnigramModel([.. pieces.Select((piece, i) => (piece, -1.0 - i % 7))], 0, fallsBackToBytes: true), SpecialLayout.WithoutSpecials)
        {
            PadId = 0,
            Preparation = new MetaspaceNormalizer(MetaspaceNormalizer.Mark, FirstMark.Always, splitsBlanks: false),
            WordPreparation = new MetaspaceNormalizer(MetaspaceNormalizer.Mark, FirstMark.Always, splitsBlanks: false),
        });
    }

    [SharedFact("backbones/tinystories-656k-llama")]
    public void A_real_models_pieces_of_a_story_are_the_story_again()
    {
        const string Story = "Once upon a time, Tom had a red ball. \"Look, Mom!\" he said.\n\n He didn't stop at 3 o'clock.";
        var tokenizer = TextTokenizer.Load(Shared.At("backbones", "tinystories-656k-llama"));
        Assert.Equal(" " + Story, TextDecoder.Decode(tokenizer, tokenizer.Encode(Story, null, 200).Ids));
    }

    [Fact]
    public void Word_pieces_are_joined_with_blanks_and_special_tokens_are_left_out()
    {
        using var files = TokenizerFiles.Bert(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "play", "##ing", ".", "it", "##s", ","]);
        var tokenizer = TextTokenizer.Load(files.Path);
        Assert.Equal("playing, its.", TextDecoder.Decode(tokenizer, [2, 5, 6, 10, 8, 9, 7, 3, 99]));
        Assert.Equal("##ing play", TextDecoder.Decode(tokenizer, [6, 5]));
    }

    [Fact]
    public void Text_that_a_later_token_may_change_is_held_back()
    {
        using var files = new TokenizerFiles(
            ("vocab.json", File.ReadAllBytes(Shared.Fixture("tokenizers", "roberta-like", "vocab.json"))), ("merges.txt", File.ReadAllBytes(Shared.Fixture("tokenizers", "roberta-like", "merges.txt"))));
        var tokenizer = TextTokenizer.Load(files.Path);
        int[] ids = [.. tokenizer.Pieces("a😀b").Select(piece => piece.Id)];
        var decoder = new TextDecoder(tokenizer);
        string[] parts = [.. ids.Select(decoder.Append)];
        Assert.Equal("a😀b", string.Concat(parts));
        Assert.All(parts, part => Assert.False(part.Any(char.IsSurrogate) && part.Length < 2));
        Assert.Equal("a\ufffd", TextDecoder.Decode(tokenizer, ids[..2]));

        var text = new WrittenText(tokenizer, ["STOP", "TOPAZ"]);
        var taken = new List<string>();
        foreach (string piece in new[] { " so", " S", "TO", "N", "E TOP", "A", "Z more" })
        {
            foreach (var id in tokenizer.Pieces(piece)) text.Append(id.Id);
            taken.Add(text.Take());
        }
        Assert.Equal(["so", " ", "", "STON", "E ", "", ""], taken);
        Assert.Equal((true, "so STONE "), (text.IsStopped, text.ToString()));
    }

    private static void RoundTrips(TextTokenizer tokenizer)
    {
        var random = new Random(1);
        for (int i = 0; i < 300; i++)
        {
            // Halves of surrogate pairs are no text, and special tokens' own texts are taken for them.
            string text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(RandomText.Next(random, 1 + random.Next(30)).Replace("<", "").Replace("▁", "")));
            int[] ids = [.. tokenizer.PiecesOfWords([text]).Select(piece => piece.Id)];
            // Byte-level pieces of a text that begins with a blank have that one.
            string expected = text.StartsWith(' ') ? text[1..] : text;
            var written = WrittenText.Of(tokenizer, [], ids);
            written.End();
            Assert.Equal(expected, written.ToString());
        }
    }
}
