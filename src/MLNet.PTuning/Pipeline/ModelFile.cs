// The trained step of a model file, read without the other steps of its pipeline.
using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Runtime;

namespace MLNet.PTuning.Pipeline;

/// <summary>
/// Reads the one step of a model file that a server needs. What else a file may hold is not loaded: a file from elsewhere does not choose which of ML.NET's steps are created, nor what they read.
/// </summary>
internal static class ModelFile
{
    // Trained parameters are random numbers, which hardly compress; a file that unpacks to far more than it has is no model.
    private const long UnpackedBytes = 64 << 20, UnpackedTimes = 4, MostParts = 1000;

    private delegate PTuningTransformer Loader(IHostEnvironment environment, ModelLoadContext context, IReadOnlyList<string>? backboneFolders);

    /// <summary>Loads the trained step, on the CPU.</summary>
    /// <param name="task">The task's name, for errors.</param>
    /// <param name="path">The model file.</param>
    /// <param name="backboneFolders">The folders in which alone its backbone may be; null for wherever a saved model looks for it.</param>
    /// <exception cref="ArgumentException">The file holds no model of classification or labeling, or several.</exception>
    /// <exception cref="InvalidDataException">The file is damaged; or it holds its backbone, which is not in one of the folders.</exception>
    /// <exception cref="IOException">The file, or its backbone, is missing or cannot be read.</exception>
    public static PTuningTransformer Load(string task, string path, IReadOnlyList<string>? backboneFolders)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        var environment = (IHostEnvironment)new MLContext();
        var steps = new List<(string Folder, Loader Load)>();
        PTuningTransformer? loaded = null;
        try
        {
            MLNetInternals.ReadParts(environment, file, Parts(file, path), (folder, signature, _) =>
            {
                if (LoaderOf(task, signature) is { } load) steps.Add((folder, load));
            });
            if (steps is not [var step]) throw new ArgumentException($"The model file of task '{task}' holds {steps.Count} trained models of classification (PTuningV2Classify) and of labeling words (PTuningV2LabelTokens); give a file with one.");
            MLNetInternals.ReadParts(environment, file, [step.Folder], (_, _, context) => loaded = step.Load(environment, context, backboneFolders));
        }
        // ML.NET's own error of a damaged header.
        catch (FormatException e)
        {
            throw new InvalidDataException($"{path} is damaged ({e.Message}); copy it again from where it was saved, or train again.");
        }
        return loaded!;
    }

    private static Loader? LoaderOf(string task, string signature) => signature switch
    {
        PTuningClassificationTransformer.LoaderSignature => PTuningClassificationTransformer.Load,
        PTuningTokenLabelingTransformer.LoaderSignature => PTuningTokenLabelingTransformer.Load,
        PTuningByTaskTransformer.LoaderSignature => throw new ArgumentException($"The model file of task '{task}' holds several tasks (PTuningV2ByTask); save each of its Transformers by itself."),
        PTuningQuestionAnsweringTransformer.LoaderSignature or PTuningMultipleChoiceTransformer.LoaderSignature or PTuningTextGenerationTransformer.LoaderSignature =>
            throw new ArgumentException($"The model file of task '{task}' is of another kind ({signature}); a server has tasks of classification (PTuningV2Classify) and of labeling words (PTuningV2LabelTokens)."),
        _ => null,
    };

    private static ZipArchive Open(FileStream file, string path)
    {
        if (file.Length == 0) throw new InvalidDataException($"{path} is empty; give a model file that SaveSafely or Save wrote.");
        try
        {
            return new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
        }
        // Without the cause as an inner exception: the base exception of a failure is what is shown of it.
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new InvalidDataException($"{path} is not a whole model file ({e.Message}); give one that SaveSafely or Save wrote.");
        }
    }

    // The folders of the file's parts.
    private static List<string> Parts(FileStream file, string path)
    {
        using var zip = Open(file, path);
        if (zip.Entries.Sum(entry => (double)entry.Length) > Math.Max(UnpackedBytes, UnpackedTimes * file.Length))
            throw new InvalidDataException($"{path} unpacks to far more than a model of its size would; it is damaged, or no model file.");
        var parts = zip.Entries.Select(entry => entry.FullName.Replace('\\', '/')).Where(name => name.EndsWith($"/{MLNetInternals.PartName}", StringComparison.Ordinal))
            .Select(name => name[..^(MLNetInternals.PartName.Length + 1)].Replace('/', Path.DirectorySeparatorChar)).Distinct().ToList();
        return parts.Count <= MostParts ? parts : throw new InvalidDataException($"{path} has {parts.Count} parts, more than a pipeline has; it is damaged, or no model file.");
    }
}
