// SentencePiece models as each family numbers and normalizes them, and what is said of damaged ones.
using System.Text;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Text;
using static MLNet.PTuning.Tests.Text.SentencePieceModels;

namespace MLNet.PTuning.Tests.Text;

public sealed class SentencePieceFolderTests
{
    private static readonly (string, float, int)[] Fairseq =
    [
        ("<unk>", 0, Unknown), ("<s>", 0, Control), ("</s>", 0, Control),
        ("▁", -4, Normal), ("▁hello", -5, Normal), ("▁he", -3, Normal), ("llo", -3, Normal), ("▁world", -5, Normal), ("!", -3, Normal), ("l", -6, Normal),
    ];

    private static readonly (string, float, int)[] Bert =
    [
        ("[PAD]", 0, Control), ("[CLS]", 0, Control), ("[SEP]", 0, Control), ("[UNK]", 0, Unknown), ("<x>", 0, UserDefined),
        ("▁", -4, Normal), ("▁a", -2, Normal), ("a", -3, Normal), ("7", -3, Normal), (",", -3, Normal), ("7,", -4, Normal), ("\"", -3, Normal), ("A", -2, Normal),
    ];

    private static TextTokenizer Load(string name, byte[] model, params (string Name, string Text)[] others)
    {
        using var files = new TokenizerFiles([(name, model), .. others.Select(o => (o.Name, Encoding.UTF8.GetBytes(o.Text)))]);
        return TextTokenizer.Load(files.Path);
    }

    [Fact]
    public void XlmRobertaCountsFromFairseqsPieces()
    {
        TextTokenizer tokenizer = Load("sentencepiece.bpe.model", Write(Unigram, [], Fairseq));
        Assert.Equal([0, 5, 8, 9, 2], tokenizer.Encode("hello world!", null, 16).Ids);
        Assert.Equal([0, 5, 2, 2, 8, 2], tokenizer.Encode("hello", "world", 16).Ids);
        Assert.Equal((12, 1, 11), (tokenizer.VocabularySize, tokenizer.PadId, tokenizer.MaskId));
        Assert.Equal([new Piece(5, 0, 6, 0), new Piece(11, 6, 13, 1), new Piece(3, 13, 14, 2)], tokenizer.Pieces(" hello <mask>x").Where(p => p.Id != 4));
    }

    [Fact]
    public void CamembertCountsFromItsOwn()
    {
        (string, float, int)[] pieces = [.. Fairseq];
        TextTokenizer tokenizer = Load("sentencepiece.bpe.model", Write(Unigram, [], pieces), ("config.json", """{"model_type": "camembert"}"""));
        Assert.Equal([5, 8, 6], tokenizer.Encode("hello", null, 16).Ids);
        Assert.Equal([3], tokenizer.Pieces("é").Select(p => p.Id).Where(id => id != 7));
    }

    [Fact]
    public void DebertaKeepsTheModelsPlacesAndAddsItsMask()
    {
        TextTokenizer tokenizer = Load("spm.model", Write(Unigram, [], Bert), ("added_tokens.json", """{"[MASK]": 13}"""));
        Assert.Equal([1, 6, 13, 4, 2], tokenizer.Encode("a [MASK]<x>", null, 16).Ids.Where(id => id != 5));
        Assert.Equal((14, 0, 13), (tokenizer.VocabularySize, tokenizer.PadId, tokenizer.MaskId));
        Assert.Equal([0, 0, 0, 1, 1], tokenizer.Encode("a", "a", 16).Types);
    }

    [Fact]
    public void AlbertLowersAndFoldsAndKeepsNumbersFromCommas()
    {
        TextTokenizer tokenizer = Load("spiece.model", Write(Unigram, [], Bert));
        Assert.Equal([6, 8, 9], tokenizer.Pieces("Á7,").Select(p => p.Id));
        Assert.Equal([6, 11], tokenizer.Pieces("a``").Select(p => p.Id));
        Assert.Equal([6, 10], Load("spm.model", Write(Unigram, [], Bert)).Pieces("a7,").Select(p => p.Id));
    }

    [Fact]
    public void CompiledMapIsAppliedAndOffsetsStayTheTexts()
    {
        TextTokenizer tokenizer = Load("spm.model", Write(Unigram, Map(('~', "aa"), ('\t', " ")), Bert));
        Assert.Equal([new Piece(6, 0, 1, 0), new Piece(7, 0, 1, 0), new Piece(6, 1, 3, 1)], tokenizer.Pieces("~\ta"));
    }

    [Fact]
    public void BlanksAtTheEndsAndInARowCountOnce()
    {
        TextTokenizer tokenizer = Load("spm.model", Write(Unigram, [], Bert));
        Assert.Equal([6, 6], tokenizer.Pieces("  a   a  ").Select(p => p.Id));
        Assert.Empty(tokenizer.Pieces("   "));
    }

    [Fact]
    public void BytePairsMergeTheHighestScoreFirst()
    {
        (string, float, int)[] pieces =
        [
            ("[PAD]", 0, Control), ("[CLS]", 0, Control), ("[SEP]", 0, Control), ("[UNK]", 0, Unknown),
            ("ab", -1, Normal), ("bc", 0, Normal), ("▁a", -2, Normal), ("▁", -3, Normal), ("a", -4, Normal), ("b", -5, Normal), ("c", -6, Normal),
        ];
        TextTokenizer tokenizer = Load("spm.model", Write(BytePairs, [], pieces));
        Assert.Equal([6, 5], tokenizer.Pieces("abc").Select(p => p.Id));
        Assert.Equal([7, 4, 3, 10], tokenizer.Pieces("abxyc").Select(p => p.Id));
    }

    [Fact]
    public void DamagedModelsAreNamed()
    {
        byte[] model = Write(Unigram, Map(('~', "a")), Bert);
        foreach (byte[] damaged in (byte[][])[[0xFF], model[..20], model[..^3], Write(Unigram, [1, 2, 3], Bert), Write(Unigram, [], ("a", 0, Normal))])
            Assert.Contains("spm.model' is no SentencePiece model", Assert.Throws<InvalidDataException>(() => Load("spm.model", damaged)).Message);
    }

    [Theory]
    [InlineData(Unigram)]
    [InlineData(BytePairs)]
    public void Damaged_models_load_or_fail_cleanly(int type) =>
        Mutations.AllLoadOrFailCleanly("spm.model", Write(type, Map(('~', "a")), Bert), 2000, bytes => Load("spm.model", bytes).Pieces("a ~7, b"));

    [Theory]
    [InlineData(3, "word")]
    [InlineData(4, "character")]
    public void ModelsOfWordsAndOfCharactersAreNotSupported(int type, string expected)
    {
        string message = Assert.Throws<NotSupportedException>(() => Load("spm.model", Write(type, [], Bert))).Message;
        Assert.Contains("spm.model", message);
        Assert.Contains(expected, message);
        Assert.DoesNotContain("ownload", message);
    }

    [Fact]
    public void MissingSpecialTokensAreNamed() =>
        Assert.Contains("has no '[SEP]'", Assert.Throws<InvalidDataException>(() => Load("spm.model", Write(Unigram, [], [.. Bert.Where(p => p.Item1 != "[SEP]")]))).Message);
}
