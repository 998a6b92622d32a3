// A BERT of two random layers over a vocabulary of a few words, in a folder as Hugging Face publishes models: trained on in a moment, and damaged at will.
using System.Text.Json.Nodes;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tests.Files;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

internal sealed class TinyBackbone : IDisposable
{
    public const int Hidden = 16, Layers = 2, Positions = 40;

    /// <summary>Every word is one piece of the vocabulary; others are unknown. Ids 5 to 7, 8 to 10 and 11 to 13 are words of like meaning.</summary>
    public static readonly string[] Vocabulary =
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "great", "fine", "bad", "dull", "awful", "odd", "strange", "weird",
            "the", "a", "film", "book", "meal", "day", "was", "is", "very", "and", "so", "it", "we", "saw"];

    private readonly TempFolder _folder = new();

    // For matrices this small, a second thread costs more than it brings.
    static TinyBackbone() => ComputeThread.Run(() => torch.set_num_threads(1));

    public TinyBackbone(int seed = 1, bool hasPooler = true)
    {
        File.WriteAllText(At("vocab.txt"), string.Join('\n', Vocabulary));
        File.WriteAllText(At("config.json"), new JsonObject
        {
            ["model_type"] = "bert",
            ["vocab_size"] = Vocabulary.Length,
            ["hidden_size"] = Hidden,
            ["num_hidden_layers"] = Layers,
            ["num_attention_heads"] = 2,
            ["intermediate_size"] = 2 * Hidden,
            ["max_position_embeddings"] = Positions,
            ["hidden_dropout_prob"] = 0.1,
        }.ToJsonString());
        var random = new Random(seed);
        SafetensorsWriter.Write(At("model.safetensors"), Names(hasPooler).Select(t => new TensorData(t.Name, t.Shape, Values(t.Name, t.Shape, random))));
    }

    /// <summary>The folder's path.</summary>
    public string Path => _folder.Path;

    public string At(string name) => _folder.At(name);

    /// <summary>Changes one field of config.json; null removes it.</summary>
    public void SetConfig(string field, JsonNode? value) => _folder.SetField("config.json", field, value);

    /// <summary>Rewrites the weights; a tensor for which <paramref name="change"/> gives null is left out.</summary>
    public void ChangeWeights(Func<TensorData, TensorData?> change) =>
        SafetensorsWriter.Write(At("model.safetensors"), ReadWeights().Select(change).OfType<TensorData>());

    /// <summary>Writes further tensors after the weights, with values from <paramref name="value"/>.</summary>
    public void AddWeights(IEnumerable<(string Name, long[] Shape)> tensors, Func<int, float> value) =>
        SafetensorsWriter.Write(At("model.safetensors"), ReadWeights().Concat(tensors.Select(t =>
            new TensorData(t.Name, t.Shape, Enumerable.Range(0, (int)t.Shape.Aggregate(1L, (a, b) => a * b)).Select(value).ToArray()))));

    /// <summary>Puts the weights into an ONNX model of the folder instead.</summary>
    public void ToOnnx(string name = "model.onnx", ElementForm elements = ElementForm.Raw)
    {
        OnnxModel.Of(ReadWeights(), elements: elements).Save(At(name));
        File.Delete(At("model.safetensors"));
    }

    private TensorData[] ReadWeights()
    {
        using var file = WeightFile.Open(At("model.safetensors"));
        return [.. file.Entries.Values.Select(e => new TensorData(e.Name, e.Shape, file.ReadFloats(e.Name)))];
    }

    public void Dispose() => _folder.Dispose();

    // Large enough random weights that words make a difference at [CLS]; norms as they begin.
    private static float[] Values(string name, long[] shape, Random random)
    {
        var values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        if (name.EndsWith("LayerNorm.weight")) Array.Fill(values, 1f);
        else if (!name.EndsWith(".bias"))
            for (int i = 0; i < values.Length; i++) values[i] = (float)random.NextDouble() - 0.5f;
        // Words of like meaning point the same way, so that a few steps teach a prompt to tell them apart.
        if (name.Contains("word_embeddings"))
            for (int id = 5; id < 14; id++)
                for (int i = 0; i < Hidden; i++) values[id * Hidden + i] += i % 3 == (id - 5) / 3 ? 4 : 0;
        return values;
    }

    private static IEnumerable<(string Name, long[] Shape)> Names(bool hasPooler)
    {
        yield return ("embeddings.word_embeddings.weight", [Vocabulary.Length, Hidden]);
        yield return ("embeddings.position_embeddings.weight", [Positions, Hidden]);
        yield return ("embeddings.token_type_embeddings.weight", [2, Hidden]);
        yield return ("embeddings.LayerNorm.weight", [Hidden]);
        yield return ("embeddings.LayerNorm.bias", [Hidden]);
        for (int layer = 0; layer < Layers; layer++)
            foreach (var (part, shape) in new (string, long[])[]
            {
                ("attention.self.query", [Hidden, Hidden]), ("attention.self.key", [Hidden, Hidden]), ("attention.self.value", [Hidden, Hidden]),
                ("attention.output.dense", [Hidden, Hidden]), ("attention.output.LayerNorm", [Hidden]),
                ("intermediate.dense", [2 * Hidden, Hidden]), ("output.dense", [Hidden, 2 * Hidden]), ("output.LayerNorm", [Hidden]),
            })
            {
                yield return ($"encoder.layer.{layer}.{part}.weight", shape);
                yield return ($"encoder.layer.{layer}.{part}.bias", [shape[0]]);
            }
        if (!hasPooler) yield break;
        yield return ("pooler.dense.weight", [Hidden, Hidden]);
        yield return ("pooler.dense.bias", [Hidden]);
    }
}
