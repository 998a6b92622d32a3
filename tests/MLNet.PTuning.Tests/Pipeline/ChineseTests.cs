// Chinese from rows to predictions, with the vocabulary of bert-base-chinese and a backbone of two random layers: it covers the steps, not the accuracy of a trained backbone.
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class ChineseTests : IDisposable
{
    private const int Hidden = 16, Layers = 2, Positions = 160;
    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new(seed: 1);

    [SharedFact("data/chnsenticorp")]
    public void ChnSentiCorp_trains_saves_and_predicts()
    {
        WriteBackbone();
        var rows = _ml.Data.TakeRows(_ml.Data.LoadFromTextFile<Opinion>(Shared.At("data", "chnsenticorp", "train.tsv"), hasHeader: true), 48);
        var pipeline = _ml.Transforms.Conversion.MapValueToKey("Label").Append(_ml.Transforms.PTuningV2Classify(
            new TextClassificationOptions(_folder.Path) { Method = new DeepPrompt { Length = 4 }, Epochs = 12, LearningRate = 0.05, HeadLearningRate = 0.05, MaxSequenceLength = 96, HeadDropout = 0 }));
        using var model = pipeline.Fit(rows);
        var report = model.LastTransformer.Report!;
        Assert.Equal(48, report.Rows);
        Assert.True(report.Epochs[^1].TrainingLoss < report.Epochs[0].TrainingLoss - 0.02, $"the loss went from {report.Epochs[0].TrainingLoss} to {report.Epochs[^1].TrainingLoss}");

        _ml.Model.Save(model, rows.Schema, _folder.At("model.zip"));
        var loaded = _ml.Model.Load(_folder.At("model.zip"), out _);
        using var ended = loaded as IDisposable;
        var texts = new[] { new Opinion { Text = "酒店环境很好，服务也不错。" }, new Opinion { Text = "房间很差，再也不来了！" } };
        float[] Scores(ITransformer m) => [.. _ml.Data.CreateEnumerable<Scored>(m.Transform(_ml.Data.LoadFromEnumerable(texts)), false).SelectMany(r => r.Score)];
        Assert.Equal(Scores(model), Scores(loaded));
        // The Chinese vocabulary has these characters one by one, not as unknown words.
        var tokenizer = model.LastTransformer.Model.Backbone.Tokenizer;
        Assert.Equal(13, tokenizer.Pieces("酒店环境很好，服务也不错。").Count);
        Assert.DoesNotContain(100, tokenizer.Encode("酒店环境很好", null, 20).Ids);
    }

    [SharedFact("data/cluener_zh")]
    public void CLUENER_labels_characters_and_marks_entities_in_the_text()
    {
        WriteBackbone();
        var sentences = File.ReadLines(Shared.At("data", "cluener_zh", "train.json")).Take(40).Select(Read).ToList();
        var data = _ml.Data.LoadFromEnumerable(sentences);
        var pipeline = _ml.Transforms.PTuningV2LabelTokens(new TokenLabelingOptions(_folder.Path)
        {
            WordsColumnName = "Text", Method = new DeepPrompt { Length = 4 }, Epochs = 6, LearningRate = 0.05, Entities = true, Constrained = true, HeadDropout = 0,
        });
        using var model = pipeline.Fit(data);
        Assert.Contains("B-company", model.ClassNames);
        Assert.True(model.Report!.Epochs[^1].TrainingLoss < model.Report.Epochs[0].TrainingLoss - 0.1);
        var entities = _ml.Data.CreateEnumerable<Marked>(model.Transform(data), false).ToList();
        Assert.All(entities, row => Assert.All(Enumerable.Range(0, row.EntityText.Length), i => Assert.Equal(row.Text[row.EntityStart[i]..row.EntityEnd[i]], row.EntityText[i])));
        Assert.All(entities, row => Assert.Equal(WordSplitter.Split(row.Text).Count, row.PredictedLabel.Length));
    }

    public void Dispose() => _folder.Dispose();

    // The data set gives each entity's first and last character.
    private static Sentence Read(string line)
    {
        using var json = JsonDocument.Parse(line);
        string text = json.RootElement.GetProperty("text").GetString()!;
        return new Sentence
        {
            Text = text,
            Label = [.. json.RootElement.GetProperty("label").EnumerateObject().SelectMany(type => type.Value.EnumerateObject().SelectMany(entity =>
                entity.Value.EnumerateArray().Select(range => $"{range[0].GetInt32()} {range[1].GetInt32() + 1} {type.Name}")))],
        };
    }

    private void WriteBackbone()
    {
        File.Copy(Shared.At("tokenizers", "bert-base-chinese", "vocab.txt"), _folder.At("vocab.txt"));
        int words = File.ReadLines(_folder.At("vocab.txt")).Count();
        File.WriteAllText(_folder.At("config.json"), $$"""
            {"model_type": "bert", "vocab_size": {{words}}, "hidden_size": {{Hidden}}, "num_hidden_layers": {{Layers}}, "num_attention_heads": 2,
             "intermediate_size": {{2 * Hidden}}, "max_position_embeddings": {{Positions}}, "hidden_dropout_prob": 0, "attention_probs_dropout_prob": 0}
            """);
        var random = new Random(1);
        var tensors = new List<TensorData>();
        Add("embeddings.word_embeddings.weight", words, Hidden);
        Add("embeddings.position_embeddings.weight", Positions, Hidden);
        Add("embeddings.token_type_embeddings.weight", 2, Hidden);
        Norm("embeddings.LayerNorm");
        for (int l = 0; l < Layers; l++)
        {
            string layer = $"encoder.layer.{l}.";
            foreach (string part in new[] { "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense" }) Linear(layer + part, Hidden, Hidden);
            Linear(layer + "intermediate.dense", 2 * Hidden, Hidden);
            Linear(layer + "output.dense", Hidden, 2 * Hidden);
            Norm(layer + "attention.output.LayerNorm");
            Norm(layer + "output.LayerNorm");
        }
        Linear("pooler.dense", Hidden, Hidden);
        SafetensorsWriter.Write(_folder.At("model.safetensors"), tensors);

        void Linear(string name, int outputs, int inputs)
        {
            Add(name + ".weight", outputs, inputs);
            tensors.Add(new TensorData(name + ".bias", [outputs], new float[outputs]));
        }

        void Norm(string name) => tensors.AddRange([new TensorData(name + ".weight", [Hidden], Enumerable.Repeat(1f, Hidden).ToArray()), new TensorData(name + ".bias", [Hidden], new float[Hidden])]);

        void Add(string name, params long[] shape) => tensors.Add(new TensorData(name, shape, Enumerable.Range(0, (int)(shape[0] * shape[1])).Select(_ => random.NextSingle() - 0.5f).ToArray()));
    }

    public sealed class Opinion
    {
        [LoadColumn(0)]
        public string Label { get; set; } = "";

        [LoadColumn(1)]
        public string Text { get; set; } = "";
    }

    public sealed class Scored
    {
        public float[] Score { get; set; } = [];
    }

    public sealed class Sentence
    {
        public string Text { get; set; } = "";
        public string[] Label { get; set; } = [];
    }

    public sealed class Marked
    {
        public string Text { get; set; } = "";
        public uint[] PredictedLabel { get; set; } = [];
        public string[] EntityText { get; set; } = [];
        public int[] EntityStart { get; set; } = [];
        public int[] EntityEnd { get; set; } = [];
    }
}
