// Which of a folder's files its tokenizer is read from: tokenizer.json, else the one of its tokenizer_class, else the first that is there.
namespace MLNet.PTuning.Text;

internal static class TokenizerFolder
{
    // Hugging Face's classes, without the "Fast" at their end, and the file that each reads.
    private static readonly Dictionary<string, string> FileOfClass = new()
    {
        ["BertTokenizer"] = BertFolder.VocabularyFile,
        ["BertJapaneseTokenizer"] = BertFolder.VocabularyFile,
        ["ConvBertTokenizer"] = BertFolder.VocabularyFile,
        ["DistilBertTokenizer"] = BertFolder.VocabularyFile,
        ["ElectraTokenizer"] = BertFolder.VocabularyFile,
        ["LayoutLMTokenizer"] = BertFolder.VocabularyFile,
        ["MobileBertTokenizer"] = BertFolder.VocabularyFile,
        ["RobertaTokenizer"] = BpeFolder.VocabularyFile,
        ["GPT2Tokenizer"] = BpeFolder.VocabularyFile,
        ["LongformerTokenizer"] = BpeFolder.VocabularyFile,
        [BpeFolder.HerbertClass] = BpeFolder.VocabularyFile,
        ["XLMRobertaTokenizer"] = SentencePieceFolder.FairseqModel,
        [SentencePieceFolder.CamembertClass] = SentencePieceFolder.FairseqModel,
        ["DebertaV2Tokenizer"] = SentencePieceFolder.DebertaModel,
        ["AlbertTokenizer"] = SentencePieceFolder.AlbertModel,
        [LlamaFolder.Class] = LlamaFolder.ModelFile,
    };

    // Classes that say nothing of the files: what they are is in tokenizer.json, which these take as it is.
    private static readonly string[] AnyFile = ["PreTrainedTokenizer", "TokenizersBackend"];

    private static readonly string[] Files =
        [BertFolder.VocabularyFile, BpeFolder.VocabularyFile, SentencePieceFolder.FairseqModel, SentencePieceFolder.DebertaModel, SentencePieceFolder.AlbertModel, LlamaFolder.ModelFile];

    /// <summary>Whether a class stands for whatever a tokenizer.json holds.</summary>
    public static bool IsGeneric(string tokenizerClass) => AnyFile.Contains(tokenizerClass);

    public static TextTokenizer Load(string folder)
    {
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException(
                $"There is no folder '{folder}'; give the folder that holds the backbone's files (config.json, vocab.txt, …).");
        if (File.Exists(Path.Combine(folder, TokenizerJson.FileName))) return TokenizerJson.Load(folder);
        TokenizerSettings settings = TokenizerSettings.Load(folder);
        return FileOf(folder, settings) switch
        {
            BertFolder.VocabularyFile => BertFolder.Load(folder, settings),
            BpeFolder.VocabularyFile => BpeFolder.Load(folder, settings),
            LlamaFolder.ModelFile => LlamaFolder.Load(folder, settings),
            var model => SentencePieceFolder.Load(folder, model, settings),
        };
    }

    private static string FileOf(string folder, TokenizerSettings settings)
    {
        if (settings.TokenizerClass is not { } name || IsGeneric(name))
            return Files.FirstOrDefault(file => File.Exists(Path.Combine(folder, file))) ?? throw new FileNotFoundException(
                $"'{folder}' holds no tokenizer: expected tokenizer.json, vocab.txt (BERT), vocab.json with merges.txt (RoBERTa, GPT-2) or "
                + $"{string.Join(", ", Files[2..])} (SentencePiece). Download the tokenizer's files of the model into the folder.",
                Path.Combine(folder, Files[0]));
        if (!FileOfClass.TryGetValue(name, out string? expected))
            throw new NotSupportedException(
                $"'{folder}' says tokenizer_class '{name}', which is not supported; supported are {string.Join(", ", FileOfClass.Keys)}, each with Fast at its end too, "
                + $"and whatever a {TokenizerJson.FileName} holds. Save the tokenizer in Python as a fast one ({TokenizerJson.FileName}), or, if it is one of these "
                + $"under another name, write that as tokenizer_class into {TokenizerSettings.ConfigFile}.");
        string path = Path.Combine(folder, expected);
        return File.Exists(path) ? expected : throw new FileNotFoundException(
            $"'{folder}' says tokenizer_class '{name}', which reads {expected}, and that is not there. Download it (or {TokenizerJson.FileName}) into the folder, "
            + $"or correct tokenizer_class in {TokenizerSettings.ConfigFile}.", path);
    }
}
