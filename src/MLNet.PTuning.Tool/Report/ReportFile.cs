// Writes report.html into a run's folder.
using System.Text;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Report;

internal static class ReportFile
{
    /// <summary>Name of the file in the run's folder.</summary>
    public const string Name = "report.html";

    /// <summary>Writes the report of a run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="folder">The folder to write to.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(TrainingRun run, string folder) =>
        File.WriteAllText(Path.Combine(folder, Name), ReportPage.Of(run, ReportFigures.Of(run)), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
}
