// A decoder of two random layers over a few words in a folder of its own: the fixtures' llama or gpt2 with the tiny BERT's vocabulary, to be trained in a moment and damaged at will.
using System.Text.Json.Nodes;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Backbones;

internal sealed class TinyDecoder : IDisposable
{
    private readonly TempFolder _folder = new();

    public TinyDecoder(string name = "llama")
    {
        foreach (string file in Directory.GetFiles(Shared.Fixture("decoders", name))) File.Copy(file, At(System.IO.Path.GetFileName(file)));
        File.WriteAllText(At("vocab.txt"), string.Join('\n', TinyBackbone.Vocabulary));
    }

    public string Path => _folder.Path;

    public string At(string name) => _folder.At(name);

    /// <summary>Changes one field of config.json; null removes it.</summary>
    public void SetConfig(string field, JsonNode? value) => _folder.SetField("config.json", field, value);

    /// <summary>Gives it a head of its own: the word embeddings times a factor.</summary>
    public void AddHead(float factor)
    {
        TensorData[] all;
        using (var file = WeightFile.Open(At("model.safetensors"))) all = [.. file.Entries.Values.Select(e => new TensorData(e.Name, e.Shape, file.ReadFloats(e.Name)))];
        var words = all.Single(t => t.Name is "model.embed_tokens.weight" or "transformer.wte.weight");
        SafetensorsWriter.Write(At("model.safetensors"), all.Append(new TensorData("lm_head.weight", words.Shape, words.Floats.ToArray().Select(x => factor * x).ToArray())));
        SetConfig("tie_word_embeddings", false);
    }

    public void Dispose() => _folder.Dispose();
}
