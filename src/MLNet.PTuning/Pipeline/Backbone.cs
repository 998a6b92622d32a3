// The architectures that can be loaded, the folders in which saved models look for their backbones, and what can be done with a folder itself.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Pipeline;
using TorchSharp;

namespace MLNet.PTuning;

/// <summary>The frozen transformers that prompts are trained on.</summary>
public static class Backbone
{
    private static volatile string[] _searchFolders = [];

    /// <summary>The values of <c>model_type</c> in a config.json that can be loaded.</summary>
    public static IReadOnlyCollection<string> Supported => [.. BackboneFamily.All.Keys];

    /// <summary>
    /// Folders in which a saved model looks for its backbone (each itself, and its direct subfolders) when it is neither at the path that the model recorded (a relative one
    /// is looked for next to the model file, under the current directory and under <see cref="AppContext.BaseDirectory"/>) nor in a folder of that name there.
    /// A backbone is recognized by its content hash, whatever its folder is called. Default: none. Set it before <c>ml.Model.Load</c>, from any thread; the list is copied.
    /// </summary>
    /// <exception cref="ArgumentNullException">The list or one of its folders is null.</exception>
    public static IReadOnlyList<string> SearchFolders
    {
        get => _searchFolders;
        set
        {
            string[] folders = [.. value ?? throw new ArgumentNullException(nameof(value))];
            foreach (string folder in folders) ArgumentNullException.ThrowIfNull(folder, nameof(value));
            _searchFolders = folders;
        }
    }

    /// <summary>What a backbone's folder holds, without loading its weights.</summary>
    /// <param name="folder">The folder as Hugging Face publishes it, or a model's folder in Hugging Face's cache.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">It has no config.json or no weights.</exception>
    /// <exception cref="InvalidDataException">A file in it is damaged.</exception>
    /// <exception cref="NotSupportedException">Its architecture is not supported.</exception>
    public static BackboneSummary Inspect(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        return new BackboneSummary(new ModelFolder(folder));
    }

    /// <summary>Loads a backbone and its tokenizer from a folder, and releases them: all that training on it would find wrong with its files is found here.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>What is unusual in it and was accepted, a sentence each.</returns>
    /// <inheritdoc cref="Inspect" path="/exception"/>
    public static IReadOnlyList<string> Check(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        using var lease = FrozenBackbone.Use(folder, torch.CPU);
        return lease.Backbone.Notices;
    }

    /// <summary>
    /// Writes a backbone's folder anew with its weights as one model.safetensors, of the tensors' own types: from PyTorch's files or several files all tensors, from an ONNX model those
    /// that the architecture reads. The tokenizer's files and config.json are copied. The new folder is loaded before it is put in place. The weights are in memory meanwhile.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="outputFolder">The folder to write, which is empty or not there.</param>
    /// <exception cref="IOException">The output folder is not empty, or cannot be written; nothing is left of it.</exception>
    /// <inheritdoc cref="Inspect" path="/exception"/>
    public static void Convert(string folder, string outputFolder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        ArgumentException.ThrowIfNullOrWhiteSpace(outputFolder);
        BackboneConversion.Run(folder, outputFolder);
    }
}
