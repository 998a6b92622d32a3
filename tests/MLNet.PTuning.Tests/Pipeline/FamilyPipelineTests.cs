// Every family from its own kind of folder, tokenizer included, through training, model file, PEFT folder and prediction.
using System.Text;
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tests.Text;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class FamilyPipelineTests : IDisposable
{
    private const int VocabularySize = 200;
    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData("parity/bert-small-random", "bert", "vocab.txt")]
    [InlineData("families/distilbert", "distilbert", "vocab.txt")]
    [InlineData("families/electra", "electra", "vocab.txt")]
    [InlineData("families/albert", "albert", "spiece.model")]
    [InlineData("families/deberta-v2", "deberta-v2", "spm.model")]
    [InlineData("families/deberta-v2-separate", "deberta-v2", "spm.model")]
    [InlineData("parity/roberta-small-random", "xlm-roberta", "sentencepiece.bpe.model")]
    [InlineData("parity/roberta-small-random-nopooler", "camembert", "sentencepiece.bpe.model")]
    public void A_classifier_is_trained_saved_and_loaded_both_ways(string fixture, string modelType, string tokenizer)
    {
        WriteFolder(fixture, modelType, tokenizer);
        var ml = new MLContext(seed: 1);
        var rows = Reviews.Rows(12);
        var data = ml.Data.LoadFromEnumerable(rows);
        using var model = Reviews.Pipeline(ml, new TextClassificationOptions(_folder.Path) { Method = new DeepPrompt { Length = 3 }, Epochs = 2, BatchSize = 4 }).Fit(data);
        float[] scores = Reviews.Scores(model, rows);
        Assert.True(scores.Distinct().Count() > 12, "all rows look alike to the model");

        ml.Model.Save(model, data.Schema, _folder.At("model.zip"));
        var loaded = ml.Model.Load(_folder.At("model.zip"), out _);
        using (loaded as IDisposable) Assert.Equal(scores, Reviews.Scores(loaded, rows));

        PeftFolder.Save(model, _folder.At("peft"));
        using var fromPeft = ml.Transforms.PTuningV2ClassifyFromPeft(_folder.Path, _folder.At("peft"), model.LastTransformer.ClassNames).Model;
        Assert.Equal(scores, Reviews.Scores(fromPeft, rows));
    }

    public void Dispose() => _folder.Dispose();

    private void WriteFolder(string fixture, string modelType, string tokenizer)
    {
        foreach (string file in Directory.GetFiles(Shared.Fixture(fixture.Split('/')))) File.Copy(file, _folder.At(Path.GetFileName(file)));
        File.WriteAllText(_folder.At("config.json"), File.ReadAllText(_folder.At("config.json")).Replace("\"model_type\": \"roberta\"", $"\"model_type\": \"{modelType}\""));
        string[] words = [.. TinyBackbone.Vocabulary.Where(w => !w.StartsWith('['))];
        byte[] bytes = tokenizer switch
        {
            "vocab.txt" => Encoding.UTF8.GetBytes(string.Join('\n', Filled(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", .. words], VocabularySize))),
            // XLM-RoBERTa has 2 pieces of its own in addition to the model's, CamemBERT 5.
            "sentencepiece.bpe.model" => SentencePiece(["<unk>", "<s>", "</s>"], words, VocabularySize - (modelType == "camembert" ? 5 : 2)),
            _ => SentencePiece(["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"], words, VocabularySize),
        };
        _folder.Write(tokenizer, bytes);
    }

    private static byte[] SentencePiece(string[] special, string[] words, int count) =>
        SentencePieceModels.Write(SentencePieceModels.Unigram, [], [.. Filled([.. special, .. words.Select(w => "▁" + w)], count).Select((piece, i) =>
            (piece, i < special.Length ? 0f : -3f, i >= special.Length ? SentencePieceModels.Normal : piece.Contains("unk", StringComparison.OrdinalIgnoreCase) ? SentencePieceModels.Unknown : SentencePieceModels.Control))]);

    private static IEnumerable<string> Filled(string[] pieces, int count) => pieces.Concat(Enumerable.Range(0, count - pieces.Length).Select(i => $"filler{i}"));
}
