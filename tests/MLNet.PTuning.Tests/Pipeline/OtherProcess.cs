// Starts the apps beside the tests, such as one that loads a model's file and predicts texts.
using System.Diagnostics;
using System.Globalization;

namespace MLNet.PTuning.Tests.Pipeline;

internal static class OtherProcess
{
    /// <summary>Each text's scores as a line, by a process that knows nothing of how the model was trained (tests/LoadModel).</summary>
    public static string[] Predict(string modelPath, IEnumerable<string> texts) => Run("LoadModel", texts, modelPath);

    /// <summary>The lines that an app of the folder tests writes, given lines as its input.</summary>
    public static string[] Run(string app, IEnumerable<string> input, params string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory.Replace("MLNet.PTuning.Tests", app), app + ".dll");
        return DotNet(input, ["exec", program, .. arguments]);
    }

    /// <summary>The lines that a command of dotnet writes, given lines as its input.</summary>
    public static string[] DotNet(IEnumerable<string> input, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // Another folder than the tests', as an app would have.
            WorkingDirectory = Path.GetTempPath(),
        })!;
        var error = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(string.Join('\n', input));
        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output + error.Result);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Scores as that process writes them, exact to the last bit.</summary>
    public static IEnumerable<string> Lines(IEnumerable<float[]> scores) =>
        scores.Select(row => string.Join(' ', row.Select(p => p.ToString("R", CultureInfo.InvariantCulture))));
}
