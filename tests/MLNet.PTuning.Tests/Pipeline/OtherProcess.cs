// Has a process that knows nothing of how a model was trained load its file and predict texts (tests/LoadModel).
using System.Diagnostics;
using System.Globalization;

namespace MLNet.PTuning.Tests.Pipeline;

internal static class OtherProcess
{
    /// <summary>Each text's scores as a line.</summary>
    public static string[] Predict(string modelPath, IEnumerable<string> texts)
    {
        string program = Path.Combine(AppContext.BaseDirectory.Replace("MLNet.PTuning.Tests", "LoadModel"), "LoadModel.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", ["exec", program, modelPath])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // Another folder than the tests', as an app would have.
            WorkingDirectory = Path.GetTempPath(),
        })!;
        var error = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(string.Join('\n', texts));
        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error.Result);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Scores as that process writes them, exact to the last bit.</summary>
    public static IEnumerable<string> Lines(IEnumerable<float[]> scores) =>
        scores.Select(row => string.Join(' ', row.Select(p => p.ToString("R", CultureInfo.InvariantCulture))));
}
