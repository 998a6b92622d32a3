// What a BERT folder's files decide, and what is said of files that are missing or damaged.
using System.Text;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Text;

public sealed class BertFolderTests
{
    private static readonly string[] Specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    private static int[] Ids(IEnumerable<string> pieces, string? config, string text)
    {
        using var files = TokenizerFiles.Bert([.. Specials, .. pieces], config);
        return [.. TextTokenizer.Load(files.Path).Pieces(text).Select(p => p.Id)];
    }

    private static string Message<T>(string folder) where T : Exception => Assert.Throws<T>(() => TextTokenizer.Load(folder)).Message;

    [Fact]
    public void WithoutConfigTextIsLowerCasedAndStripped() => Assert.Equal([5], Ids(["ecole"], null, "École"));

    [Fact]
    public void CasedKeepsCaseAndAccents() => Assert.Equal([6, 5], Ids(["ecole", "École"], """{"do_lower_case": false}""", "École ecole"));

    [Fact]
    public void StripAccentsFalseLowersOnly() => Assert.Equal([6], Ids(["ecole", "école"], """{"strip_accents": false}""", "École"));

    [Fact]
    public void StripAccentsTrueStripsCasedText() =>
        Assert.Equal([5], Ids(["Ecole"], """{"do_lower_case": false, "strip_accents": true}""", "École"));

    [Fact]
    public void ChineseCharactersStandAloneUnlessTheConfigSaysOtherwise()
    {
        Assert.Equal([5, 6], Ids(["你", "好", "你好"], null, "你好"));
        Assert.Equal([7], Ids(["你", "好", "你好"], """{"tokenize_chinese_chars": false}""", "你好"));
    }

    [Fact]
    public void SpecialTokensOfTheConfigAreUsed()
    {
        string config = """{"unk_token": "<unk>", "cls_token": {"content": "<s>"}, "sep_token": "</s>", "pad_token": "<pad>", "mask_token": "<mask>"}""";
        using var files = TokenizerFiles.Bert(["<pad>", "<unk>", "<s>", "</s>", "<mask>", "hi"], config);
        TextTokenizer tokenizer = TextTokenizer.Load(files.Path);
        Assert.Equal([2, 5, 4, 1, 3], tokenizer.Encode("hi <mask> zzz", null, 16).Ids);
        Assert.Equal((0, 4), (tokenizer.PadId, tokenizer.MaskId));
    }

    [Fact]
    public void SpecialTokensOfSpecialTokensMapAreUsed()
    {
        using var files = TokenizerFiles.Bert(["[PAD]", "[UNK]", "[BOS]", "[SEP]"]);
        File.WriteAllText(Path.Combine(files.Path, "special_tokens_map.json"), """{"cls_token": "[BOS]"}""");
        TextTokenizer tokenizer = TextTokenizer.Load(files.Path);
        Assert.Equal([2, 3], tokenizer.Encode("", null, 16).Ids);
        Assert.Null(tokenizer.MaskId);
    }

    [Fact]
    public void AddedTokensAreFoundInTheText()
    {
        string config = """{"added_tokens_decoder": {"6": {"content": "[E1]", "lstrip": true}, "7": {"content": "[E1]x"}}}""";
        using var files = TokenizerFiles.Bert([.. Specials, "hi"], config);
        TextTokenizer tokenizer = TextTokenizer.Load(files.Path);
        Assert.Equal([new Piece(5, 0, 2, 0), new Piece(6, 2, 8, 1), new Piece(7, 8, 13, 2)], tokenizer.Pieces("hi  [E1][E1]x"));
        Assert.Equal(8, tokenizer.VocabularySize);
    }

    [Theory]
    [InlineData("512", 512)]
    [InlineData("1000000000000000019884624838656", null)]
    [InlineData("\"512\"", null)]
    public void ModelMaxLengthIsTakenWhereItIsOne(string written, int? expected)
    {
        using var files = TokenizerFiles.Bert(Specials, $$"""{"model_max_length": {{written}}}""");
        Assert.Equal(expected, TextTokenizer.Load(files.Path).ModelMaxLength);
    }

    [Fact]
    public void VocabularyLinesEndAtLineFeedsAlone()
    {
        using var files = TokenizerFiles.Bert(Encoding.UTF8.GetBytes("[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n\u2028\r\na\rb\r\n\r\nhi"));
        TextTokenizer tokenizer = TextTokenizer.Load(files.Path);
        Assert.Equal(8, tokenizer.VocabularySize);
        Assert.Equal([2, 7, 3], tokenizer.Encode("hi", null, 16).Ids);
    }

    [Fact]
    public void MissingFolderIsNamed() => Assert.Contains("/no/such/folder", Message<DirectoryNotFoundException>("/no/such/folder"));

    [Fact]
    public void FolderWithoutTokenizerSaysWhatIsExpected()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory();
        Assert.Contains("vocab.txt", Message<FileNotFoundException>(folder.FullName));
        folder.Delete();
    }

    [Fact]
    public void EmptyVocabularyIsNamed()
    {
        using var files = TokenizerFiles.Bert("\n"u8.ToArray());
        Assert.Contains("vocab.txt' is empty", Message<InvalidDataException>(files.Path));
    }

    [Theory]
    [InlineData("[UNK]", "unk_token")]
    [InlineData("[CLS]", "cls_token")]
    [InlineData("[SEP]", "sep_token")]
    [InlineData("[PAD]", "pad_token")]
    public void MissingSpecialTokenIsNamed(string token, string role)
    {
        using var files = TokenizerFiles.Bert(Specials.Where(s => s != token));
        string message = Message<InvalidDataException>(files.Path);
        Assert.Contains($"has no '{token}'", message);
        Assert.Contains(role, message);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    public void DamagedConfigIsNamed(string config)
    {
        using var files = TokenizerFiles.Bert(Specials, config);
        Assert.Contains("tokenizer_config.json", Message<InvalidDataException>(files.Path));
    }
}
