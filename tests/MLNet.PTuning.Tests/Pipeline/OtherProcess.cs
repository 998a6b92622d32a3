// Starts the apps in the folder tests, such as one that loads a model's file and predicts texts.
using System.Diagnostics;
using System.Globalization;

namespace MLNet.PTuning.Tests.Pipeline;

internal static class OtherProcess
{
    /// <summary>The folder of the program that loads a model and knows nothing of how it was trained (tests/LoadModel).</summary>
    public static string ProgramFolder => FolderOf("LoadModel");

    /// <summary>Each text's scores as a line, by that program.</summary>
    /// <param name="modelPath">The model file, as the program is given it.</param>
    /// <param name="texts">What it predicts.</param>
    /// <param name="change">Changes the process's environment, its folder, or the user that it runs as.</param>
    public static string[] Predict(string modelPath, IEnumerable<string> texts, Action<ProcessStartInfo>? change = null) =>
        Lines(Run(modelPath, texts, change));

    /// <summary>That program's exit code and output.</summary>
    public static (int ExitCode, string Output, string Error) Run(string modelPath, IEnumerable<string> texts, Action<ProcessStartInfo>? change = null) =>
        Start(texts, ["exec", Path.Combine(ProgramFolder, "LoadModel.dll"), modelPath], change);

    /// <summary>The lines that another app of the folder tests writes.</summary>
    public static string[] RunApp(string app, params string[] arguments) => DotNet(["exec", Path.Combine(FolderOf(app), app + ".dll"), .. arguments]);

    /// <summary>The lines that a command of dotnet writes.</summary>
    public static string[] DotNet(params string[] arguments) => Lines(Start([], arguments, change: null));

    private static string FolderOf(string app) => AppContext.BaseDirectory.Replace("MLNet.PTuning.Tests", app);

    private static string[] Lines((int ExitCode, string Output, string Error) ended)
    {
        Assert.True(ended.ExitCode == 0, ended.Output + ended.Error);
        return ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static (int ExitCode, string Output, string Error) Start(IEnumerable<string> input, string[] arguments, Action<ProcessStartInfo>? change)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // Another folder than the tests', as an app would have.
            WorkingDirectory = Path.GetTempPath(),
        };
        change?.Invoke(start);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(string.Join('\n', input));
        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }

    /// <summary>Scores as that process writes them, exact to the last bit.</summary>
    public static IEnumerable<string> Lines(IEnumerable<float[]> scores) =>
        scores.Select(row => string.Join(' ', row.Select(p => p.ToString("R", CultureInfo.InvariantCulture))));
}
