// Writes a backbone's folder anew with its weights, of whatever format, as one safetensors file.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using TorchSharp;

namespace MLNet.PTuning.Pipeline;

internal static class BackboneConversion
{
    private const string WeightsName = "model.safetensors";

    /// <summary>Writes into a folder beside, loads that, and moves it to its place.</summary>
    /// <exception cref="IOException">The place is taken, or cannot be written.</exception>
    public static void Run(string source, string destination)
    {
        var folder = new ModelFolder(source);
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(destination)), temporary = $"{full}.{Guid.NewGuid():N}.tmp";
        if (File.Exists(full) || (Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).Any()))
            throw new IOException($"{destination} is not empty; name a folder that is empty or not there.");
        try
        {
            Directory.CreateDirectory(temporary);
            foreach (string name in folder.Files.Except(folder.WeightFiles)) File.Copy(folder.PathOf(name), Path.Combine(temporary, name));
            using (var weights = folder.OpenWeights())
                SafetensorsWriter.Write(Path.Combine(temporary, WeightsName), OnnxFile.IsOnnx(folder.WeightFiles[0]) ? Named(folder, weights) : weights.Entries.Values.Select(entry => Copy(weights, entry, entry.Name)), new Dictionary<string, string> { ["format"] = "pt" });
            using (FrozenBackbone.Use(temporary, torch.CPU)) { }
            if (Directory.Exists(full)) Directory.Delete(full);
            Directory.Move(temporary, full);
        }
        finally
        {
            if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
        }
    }

    // An ONNX graph has constants of its own beside the model's tensors: those that the architecture reads are taken, under the names that Hugging Face gives them.
    private static List<TensorData> Named(ModelFolder folder, WeightFile weights)
    {
        using var lease = FrozenBackbone.Use(folder.Path, torch.CPU);
        var family = BackboneFamily.All[lease.Backbone.Config.ModelType];
        var names = new TensorNames(weights, family);
        return [.. lease.Backbone.Weights.Keys.Select(name => Copy(weights, weights.Entries[names.Find(name)!], family.Prefix + name))];
    }

    private static TensorData Copy(WeightFile file, TensorEntry entry, string name) => entry.Type.Size() switch
    {
        // What ONNX writes number by number is read as floats alone.
        _ when entry.VarintBytes is not null => new(name, entry.Shape, file.ReadFloats(entry.Name)),
        1 => new(name, entry.Type, entry.Shape, file.ReadRaw<byte>(entry.Name)),
        2 => new(name, entry.Type, entry.Shape, Bytes(file.ReadRaw<ushort>(entry.Name))),
        4 => new(name, entry.Type, entry.Shape, Bytes(file.ReadRaw<uint>(entry.Name))),
        _ => new(name, entry.Type, entry.Shape, Bytes(file.ReadRaw<ulong>(entry.Name))),
    };

    private static byte[] Bytes<T>(T[] values) where T : unmanaged => System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
}
