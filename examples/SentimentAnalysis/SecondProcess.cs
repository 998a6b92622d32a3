// Loads a model in a process that knows nothing of how it was trained.
using System.Diagnostics;
using System.Reflection;
using Microsoft.ML;

namespace SentimentAnalysis;

internal static class SecondProcess
{
    /// <summary>The other side: predicts the lines of standard input.</summary>
    public static int Predict(string modelPath)
    {
        var ml = new MLContext();
        ITransformer model = ml.Model.Load(modelPath, out _);
        var engine = ml.Model.CreatePredictionEngine<Review, Sentiment>(model);
        while (Console.ReadLine() is { } text)
            Console.WriteLine(Format(engine.Predict(new Review { Text = text })));
        return 0;
    }

    /// <summary>Starts this program again, has it load the model, and gives its predictions of texts.</summary>
    public static IReadOnlyList<string> PredictElsewhere(string modelPath, IReadOnlyList<string> texts)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        // Started as `dotnet SentimentAnalysis.dll`, the process is dotnet itself and needs the assembly named.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.ArgumentList.Add(Assembly.GetExecutingAssembly().Location);
        start.ArgumentList.Add("predict");
        start.ArgumentList.Add(modelPath);
        using var process = Process.Start(start)!;
        foreach (string text in texts) process.StandardInput.WriteLine(text);
        process.StandardInput.Close();
        string[] lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        return process.ExitCode == 0 ? lines : throw new InvalidOperationException($"The second process ended with exit code {process.ExitCode}.");
    }

    public static string Format(Sentiment sentiment) =>
        FormattableString.Invariant($"{sentiment.PredictedLabel}\t{string.Join(" ", sentiment.Score.Select(s => s.ToString("r")))}");
}
