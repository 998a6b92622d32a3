// The architectures that can be loaded, and the folders in which saved models look for their backbones.
using MLNet.PTuning.Backbones;

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
}
