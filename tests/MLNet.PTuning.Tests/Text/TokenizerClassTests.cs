// Which tokenizer a folder's tokenizer_class asks for: known ones give what Hugging Face's classes give, others are refused by their name.
using System.Text;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Text;

public sealed class TokenizerClassTests
{
    private static readonly string[] Specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    private static TokenizerFiles Folder(params (string Name, string Text)[] files) => new([.. files.Select(f => (f.Name, Encoding.UTF8.GetBytes(f.Text)))]);

    private static string Lines(params string[] pieces) => string.Join('\n', [.. Specials, .. pieces]) + "\n";

    private static string Refused(params (string Name, string Text)[] files)
    {
        using TokenizerFiles folder = Folder(files);
        return Assert.Throws<NotSupportedException>(() => TextTokenizer.Load(folder.Path)).Message;
    }

    private static int[] Ids(string text, params (string Name, string Text)[] files)
    {
        using TokenizerFiles folder = Folder(files);
        return TextTokenizer.Load(folder.Path).Encode(text, null, 64).Ids;
    }

    [Theory]
    [InlineData("single.jsonl")]
    [InlineData("pairs.jsonl")]
    public void HerbertEqualsTheReferenceOnEveryLine(string file) =>
        Assert.Empty(Golden.Differences(TextTokenizer.Load(Shared.Fixture("tokenizers", "herbert-like")), Shared.Fixture("tokenizers", "herbert-like", file)));

    [Fact]
    public void HerbertMergesToTheEndsOfWordsAndStandsBetweenItsSpecialTokens()
    {
        (string, string)[] files =
        [
            ("vocab.json", """{"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": 4, "k": 5, "o": 6, "t": 7, "k</w>": 8, "o</w>": 9, "t</w>": 10, "ko": 11, "kot</w>": 12, ",</w>": 13}"""),
            ("merges.txt", "#version: 0.2\nk o\nko t</w>\n"),
            ("config.json", """{"tokenizer_class": "HerbertTokenizer", "model_type": "bert"}"""),
        ];
        Assert.Equal([0, 12, 13, 11, 7, 6, 8, 2], Ids("kot, kotok", files));
        Assert.Equal([0, 3, 9, 4, 2], Ids("żo<mask>", files));
        using TokenizerFiles folder = Folder(files);
        TextTokenizer tokenizer = TextTokenizer.Load(folder.Path);
        Encoded pair = tokenizer.Encode("kot", "kot", 16);
        Assert.Equal([0, 12, 2, 12, 2], pair.Ids);
        Assert.Equal([0, 0, 0, 1, 1], pair.Types);
        Assert.Equal((1, 4), (tokenizer.PadId, tokenizer.MaskId));
    }

    [Theory]
    [InlineData("XLMTokenizer")]
    [InlineData("OpenAIGPTTokenizer")]
    [InlineData(null)]
    public void OtherBytePairsThatEndInAMarkAreRefused(string? tokenizerClass)
    {
        string message = Refused(
            ("vocab.json", """{"<s>": 0, "</s>": 1, "<pad>": 2, "<unk>": 3, "a": 4, "a</w>": 5, "b</w>": 6, "ab</w>": 7}"""), ("merges.txt", "a b</w>\n"),
            ("tokenizer_config.json", tokenizerClass is null ? "{}" : $$"""{"tokenizer_class": "{{tokenizerClass}}"}"""));
        Assert.Contains(tokenizerClass ?? "</w>", message);
        Assert.Contains("tokenizer.json", message);
    }

    [Theory]
    [InlineData("mecab")]
    [InlineData("sudachi")]
    [InlineData("jumanpp")]
    public void JapaneseWordsOfADictionaryAreRefusedByName(string words)
    {
        string settings = $$"""{"do_lower_case": false, "word_tokenizer_type": "{{words}}", "subword_tokenizer_type": "wordpiece"}""";
        // The class is in config.json, as in cl-tohoku's first models, or in tokenizer_config.json, or nowhere.
        foreach (string named in (string[])["""{"tokenizer_class": "BertJapaneseTokenizer"}""", "{}"])
        {
            string message = Refused(("vocab.txt", Lines("猫", "##です")), ("tokenizer_config.json", settings), ("config.json", named));
            Assert.Contains($"'{words}'", message);
            Assert.Contains("word_tokenizer_type", message);
            Assert.Contains("tokenizer.json", message);
        }
        Assert.Contains("MeCab", Refused(("vocab.txt", Lines("猫")), ("tokenizer_config.json", """{"word_tokenizer_type": "mecab"}""")));
    }

    [Fact]
    public void JapaneseWithBasicWordsIsCasedAndKeepsIdeographsTogether()
    {
        const string Config = """{"tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "basic"}""";
        Assert.Equal([2, 7, 5, 3], Ids("吾輩猫 Neko", ("vocab.txt", Lines("Neko", "neko", "吾輩猫", "吾", "輩")), ("tokenizer_config.json", Config)));
    }

    [Fact]
    public void JapaneseCharactersAreFoldedAndEachAPiece()
    {
        const string Config = """{"tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "basic", "subword_tokenizer_type": "character"}""";
        // Full-width A is A after NFKC; what the vocabulary lacks is unknown, one piece a character.
        Assert.Equal([2, 5, 6, 7, 1, 1, 3], Ids("吾輩Ａxy", ("vocab.txt", Lines("吾", "輩", "A")), ("tokenizer_config.json", Config)));
    }

    [Fact]
    public void JapaneseSentencePiecesAreRefusedByName() => Assert.Contains("'sentencepiece'", Refused(
        ("vocab.txt", Lines("猫")), ("tokenizer_config.json", """{"tokenizer_class": "BertJapaneseTokenizer", "subword_tokenizer_type": "sentencepiece"}""")));

    [Fact]
    public void AMeCabModelWithATokenizerJsonIsRead()
    {
        const string Json = """{"model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"[UNK]": 0, "猫": 1}}, "pre_tokenizer": {"type": "WhitespaceSplit"}}""";
        Assert.Equal([1], Ids("猫", ("tokenizer.json", Json), ("tokenizer_config.json", """{"tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "mecab"}""")));
    }

    [Theory]
    [InlineData("KoBertTokenizer")]
    [InlineData("KoBERTTokenizer")]
    [InlineData(null)]
    public void AVocabularyOfSentencePiecesIsNotTakenForWordPieces(string? tokenizerClass)
    {
        string message = Refused(
            ("vocab.txt", Lines("▁한국", "▁안", "어", "로", "는")),
            ("tokenizer_config.json", tokenizerClass is null ? """{"do_lower_case": false}""" : $$"""{"do_lower_case": false, "tokenizer_class": "{{tokenizerClass}}"}"""));
        Assert.Contains(tokenizerClass ?? "▁", message);
        Assert.Contains("tokenizer.json", message);
    }

    [Theory]
    [InlineData("PhobertTokenizer")]
    [InlineData("BertweetTokenizer")]
    [InlineData("RoFormerTokenizer")]
    [InlineData("T5Tokenizer")]
    [InlineData("XLNetTokenizer")]
    [InlineData("SomeonesOwnTokenizer")]
    public void AnotherClassIsRefusedByItsNameWithWhatIsRead(string tokenizerClass)
    {
        string message = Refused(("vocab.txt", Lines("a")), ("tokenizer_config.json", $$"""{"tokenizer_class": "{{tokenizerClass}}"}"""));
        Assert.Contains($"'{tokenizerClass}'", message);
        Assert.Contains("BertTokenizer", message);
    }

    [Theory]
    [InlineData("BertTokenizer")]
    [InlineData("BertTokenizerFast")]
    [InlineData("DistilBertTokenizerFast")]
    [InlineData("ElectraTokenizer")]
    [InlineData("PreTrainedTokenizerFast")]
    public void ClassesOfWordPiecesAreReadFromVocabTxt(string tokenizerClass) =>
        Assert.Equal([2, 5, 6, 3], Ids("hello", ("vocab.txt", Lines("hel", "##lo")), ("tokenizer_config.json", $$"""{"tokenizer_class": "{{tokenizerClass}}"}""")));

    [Theory]
    [InlineData("RobertaTokenizer")]
    [InlineData("RobertaTokenizerFast")]
    public void TheClassDecidesWhichOfTwoVocabulariesIsRead(string tokenizerClass)
    {
        (string, string)[] both =
        [
            ("vocab.txt", Lines("a")), ("vocab.json", """{"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "a": 4}"""), ("merges.txt", "#version: 0.2\n"),
        ];
        Assert.Equal([0, 4, 2], Ids("a", [.. both, ("config.json", $$"""{"tokenizer_class": "{{tokenizerClass}}"}""")]));
        Assert.Equal([2, 5, 3], Ids("a", [.. both, ("config.json", """{"tokenizer_class": "BertTokenizer"}""")]));
    }

    [Theory]
    [InlineData("XLMRobertaTokenizer", "sentencepiece.bpe.model")]
    [InlineData("DebertaV2Tokenizer", "spm.model")]
    [InlineData("RobertaTokenizer", "vocab.json")]
    public void AFileThatTheClassReadsAndTheFolderLacksIsNamed(string tokenizerClass, string file)
    {
        using TokenizerFiles folder = Folder(("vocab.txt", Lines("a")), ("tokenizer_config.json", $$"""{"tokenizer_class": "{{tokenizerClass}}"}"""));
        string message = Assert.Throws<FileNotFoundException>(() => TextTokenizer.Load(folder.Path)).Message;
        Assert.Contains(tokenizerClass, message);
        Assert.Contains(file, message);
    }

    [Fact]
    public void CamembertIsNumberedByItsClassToo()
    {
        byte[] model = SentencePieceModels.Write(SentencePieceModels.Unigram, [],
            ("<unk>", 0, SentencePieceModels.Unknown), ("<s>", 0, SentencePieceModels.Control), ("</s>", 0, SentencePieceModels.Control), ("▁a", -2, SentencePieceModels.Normal));
        using var folder = new TokenizerFiles(("sentencepiece.bpe.model", model), ("tokenizer_config.json", """{"tokenizer_class": "CamembertTokenizer"}"""u8.ToArray()));
        Assert.Equal([5, 7, 6], TextTokenizer.Load(folder.Path).Encode("a", null, 8).Ids);
    }
}
