// The trained tensors in a model file, for tests that compare models bit for bit.
using System.IO.Compression;
using Microsoft.ML;

namespace MLNet.PTuning.Tests.Pipeline;

internal static class SavedWeights
{
    /// <summary>The safetensors file in a model file.</summary>
    public static byte[] Of(string path)
    {
        using var file = File.OpenRead(path);
        return Of(file);
    }

    /// <summary>The same of a model in memory.</summary>
    public static byte[] Of(ITransformer model)
    {
        var stream = new MemoryStream();
        new MLContext().Model.Save(model, null, stream);
        return Of(stream);
    }

    private static byte[] Of(Stream model)
    {
        using var zip = new ZipArchive(model);
        var weights = new MemoryStream();
        using var entry = zip.Entries.Single(e => e.Name == "Weights").Open();
        entry.CopyTo(weights);
        return weights.ToArray();
    }
}
