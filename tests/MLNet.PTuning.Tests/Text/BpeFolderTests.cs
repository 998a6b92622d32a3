// What a RoBERTa or GPT-2 folder's files decide, and what is said of files that are missing or damaged.
using System.Text;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Text;

public sealed class BpeFolderTests
{
    private const string Vocabulary = """{"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "a": 4, "b": 5, "ab": 6, "Ġ": 7, "Ġa": 8, "Ã": 9, "©": 10, "<mask>": 11}""";

    private static TokenizerFiles Files(string vocabulary = Vocabulary, string merges = "#version: 0.2\na b\nĠ a\n") =>
        new(("vocab.json", Encoding.UTF8.GetBytes(vocabulary)), ("merges.txt", Encoding.UTF8.GetBytes(merges)));

    private static string Message<T>(TokenizerFiles files) where T : Exception => Assert.Throws<T>(() => TextTokenizer.Load(files.Path)).Message;

    [Fact]
    public void RobertaPutsItsSpecialTokensAroundATextAndAPair()
    {
        using TokenizerFiles files = Files();
        TextTokenizer tokenizer = TextTokenizer.Load(files.Path);
        Assert.Equal([0, 6, 8, 2], tokenizer.Encode("ab a", null, 16).Ids);
        Assert.Equal([0, 6, 2, 2, 4, 2], tokenizer.Encode("ab", "a", 16).Ids);
        Assert.Equal((2, 4), (tokenizer.SpecialCount(pair: false), tokenizer.SpecialCount(pair: true)));
        Assert.Equal((1, 11), (tokenizer.PadId, tokenizer.MaskId));
    }

    [Fact]
    public void PiecesOfBytesStandForTheirCharacter()
    {
        using TokenizerFiles files = Files();
        Assert.Equal([new Piece(9, 0, 1, 0), new Piece(10, 0, 1, 0)], TextTokenizer.Load(files.Path).Pieces("é"));
    }

    [Fact]
    public void MaskTakesTheBlankBeforeIt()
    {
        using TokenizerFiles files = Files();
        Assert.Equal([new Piece(4, 0, 1, 0), new Piece(11, 2, 8, 1)], TextTokenizer.Load(files.Path).Pieces("a <mask>"));
    }

    [Fact]
    public void WordsStandAsAfterABlankUnlessTakenAlone()
    {
        using TokenizerFiles files = Files();
        TextTokenizer tokenizer = TextTokenizer.Load(files.Path);
        Assert.Equal([8, 8], tokenizer.PiecesOfWords(["a", "a"]).Select(p => p.Id));
        Assert.Equal([4, 4], tokenizer.PiecesOfWords(["a", "a"], spaced: false).Select(p => p.Id));
    }

    [Fact]
    public void VocabularyWithoutSpecialTokensGetsNone()
    {
        using TokenizerFiles files = Files("""{"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3}""", "a b");
        TextTokenizer tokenizer = TextTokenizer.Load(files.Path);
        Assert.Equal([2, 3], tokenizer.Encode("ab<|endoftext|>", null, 16).Ids);
        Assert.Equal([0, 1], tokenizer.Encode("a", "b", 16).Types);
    }

    [Fact]
    public void MissingMergesAreNamed()
    {
        using var files = new TokenizerFiles(("vocab.json", Encoding.UTF8.GetBytes(Vocabulary)));
        Assert.Contains("merges.txt' is missing", Message<FileNotFoundException>(files));
    }

    [Theory]
    [InlineData("a b c")]
    [InlineData("a z")]
    [InlineData("b a")]
    public void MergesThatDoNotFitTheVocabularyAreNamed(string merge)
    {
        using TokenizerFiles files = Files(merges: merge);
        Assert.Contains("merges.txt' does not fit vocab.json", Message<InvalidDataException>(files));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"a": -1}""")]
    [InlineData("""{"a": "x"}""")]
    public void DamagedVocabularyIsNamed(string vocabulary)
    {
        using TokenizerFiles files = Files(vocabulary);
        Assert.Contains("vocab.json", Message<InvalidDataException>(files));
    }

    [Fact]
    public void AHundredThousandCharactersBecomePieces()
    {
        using TokenizerFiles files = Files();
        TextTokenizer tokenizer = TextTokenizer.Load(files.Path);
        foreach (string repeated in (string[])["a", "ab", " a", "\uD800"])
        {
            string text = string.Concat(Enumerable.Repeat(repeated, 100_000 / repeated.Length));
            Assert.InRange(tokenizer.Pieces(text).Count, repeated == "\uD800" ? 0 : 1, text.Length);
        }
    }
}
