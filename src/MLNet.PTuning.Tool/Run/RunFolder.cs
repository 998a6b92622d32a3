// The output folder of a training run: it is there in full, or not at all.
using System.Globalization;
using System.Text;
using MLNet.PTuning.Tool.Code;
using MLNet.PTuning.Tool.Report;

namespace MLNet.PTuning.Tool.Run;

internal static class RunFolder
{
    /// <summary>Name of the model file.</summary>
    public const string ModelName = "model.zip";

    /// <summary>
    /// What writes a run's files: each is given the finished run and the folder to write to, which is moved to its final place when all have written. The model file is there already.
    /// The report and the generated code are lines here.
    /// </summary>
    public static IReadOnlyList<Action<TrainingRun, string>> Writers { get; } = [MetricsFile.Write, PredictionsFile.Write, ReportFile.Write, GeneratedCode.Write];

    /// <summary>Checks that a folder can be written.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="force">Whether one that is not empty is replaced.</param>
    /// <exception cref="BadInputException">It is a file, or not empty.</exception>
    public static void Check(string folder, bool force)
    {
        if (File.Exists(folder)) throw new BadInputException($"{folder} is a file; name a folder with -o.");
        if (!Directory.Exists(folder) || !Directory.EnumerateFileSystemEntries(folder).Any()) return;
        if (!force) throw new BadInputException($"The folder {folder} is not empty; name another with -o, or replace it with --force.");
        // What is replaced should be what an earlier run wrote, not somebody's home folder.
        if (new[] { MetricsFile.Name, ModelName }.FirstOrDefault(name => !File.Exists(Path.Combine(folder, name))) is { } missing) throw new BadInputException($"The folder {folder} holds other files than a training run's (it has no {missing}), which --force does not replace; name another folder with -o.");
    }

    /// <summary>Writes a run's files into a folder beside, and moves that to its place.</summary>
    /// <param name="folder">The folder's place.</param>
    /// <param name="force">Whether one that is there is replaced.</param>
    /// <param name="saveModel">Writes the model file.</param>
    /// <param name="finish">Makes the run, given the model file's size in bytes.</param>
    /// <exception cref="BadInputException">It cannot be written; nothing is left of it.</exception>
    public static TrainingRun Write(string folder, bool force, Action<string> saveModel, Func<long, TrainingRun> finish)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)), unique = Guid.NewGuid().ToString("N");
        string temporary = $"{full}.{unique}.tmp", old = $"{full}.{unique}.old";
        try
        {
            Directory.CreateDirectory(temporary);
            string model = Path.Combine(temporary, ModelName);
            saveModel(model);
            var run = finish(new FileInfo(model).Length);
            foreach (var write in Writers) write(run, temporary);
            // The folder may have been filled since the run began.
            Check(folder, force);
            if (Directory.Exists(full)) Directory.Move(full, old);
            try
            {
                Directory.Move(temporary, full);
            }
            catch when (Directory.Exists(old))
            {
                Directory.Move(old, full);
                throw;
            }
            if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
            return run;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{folder} could not be written, and nothing was left there ({e.Message.TrimEnd('.')}); free space on its disk, or write elsewhere with -o.", e);
        }
        finally
        {
            if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
        }
    }

    /// <summary>A run's name, of the name of its data file: letters, digits and underscores, beginning with a letter.</summary>
    public static string NameOf(string path)
    {
        string file = Path.GetFileNameWithoutExtension(path), full = Path.GetFullPath(path);
        // "data/train.tsv" says less than the folder that these are in.
        while (file.ToLowerInvariant() is "train" or "training" or "data" && Path.GetDirectoryName(full) is { } parent && Path.GetFileName(parent) is { Length: > 0 } name) (file, full) = (name, parent);
        var made = new StringBuilder();
        foreach (char c in file.Normalize(NormalizationForm.FormD))
        {
            if (CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.NonSpacingMark) continue;
            made.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        }
        string trimmed = made.ToString().Trim('_');
        return trimmed.Length == 0 ? "model" : char.IsAsciiLetter(trimmed[0]) ? trimmed : "m_" + trimmed;
    }
}
