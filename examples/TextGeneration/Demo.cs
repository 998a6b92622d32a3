// The demonstration: how well a decoder writes endings before and after training, and the same openings with and without the prefix.
using System.Globalization;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning;
using Spectre.Console;

namespace TextGeneration;

internal sealed record DemoSettings(string Backbone, string Stories, string Model, string Method, int PromptLength, int? Epochs, double? Rate, int Seed, double? Temperature, string? Json);

internal sealed class Demo(DemoSettings settings)
{
    /// <summary>What may be trained, by the name of the option.</summary>
    public static readonly IReadOnlyDictionary<string, Func<int, TuningMethod>> Methods = new Dictionary<string, Func<int, TuningMethod>>
    {
        ["prefix"] = length => new DeepPrompt { Length = length },
        ["soft-prompt"] = length => new SoftPrompt { Length = length },
        ["fine-tuning"] = _ => new FullFineTuning(),
    };

    // Every so many stories one is held out; the file's neighbors are alike.
    private const int HeldOutEvery = 10;
    private const int StoriesShown = 4;

    private readonly MLContext _ml = new(settings.Seed);

    public void Run()
    {
        var (train, test) = Split();
        var options = new TextGenerationOptions(settings.Backbone)
        {
            TextColumnName = nameof(Story.Opening), TargetColumnName = nameof(Story.Ending), MaxNewTokens = 60, Temperature = settings.Temperature,
            Method = Methods[settings.Method](settings.PromptLength), Epochs = settings.Epochs, LearningRate = settings.Rate,
        };
        using var before = _ml.Transforms.PTuningV2GenerateUntuned(options).Model;
        using var after = AnsiConsole.Progress().Start(progress =>
        {
            options.Progress = new StepProgress(progress.AddTask("P-Tuning v2"));
            return _ml.Transforms.PTuningV2Generate(options).Fit(train);
        });
        Figures untuned = Measure(before, test), tuned = Measure(after, test);
        var table = new Table().AddColumns("held-out endings", "without", "with " + settings.Method);
        table.AddRow("perplexity", Shown(untuned.Perplexity, "f2"), Shown(tuned.Perplexity, "f2"));
        table.AddRow("end with what was learned", Shown(untuned.Lessons, "p0"), Shown(tuned.Lessons, "p0"));
        table.AddRow("ROUGE-L", Shown(untuned.RougeL, "f3"), Shown(tuned.RougeL, "f3"));
        AnsiConsole.Write(table);
        for (int i = 0; i < StoriesShown; i++)
        {
            Console.WriteLine(untuned.Written[i].Opening);
            Console.WriteLine($"  without: {untuned.Written[i].GeneratedText}");
            Console.WriteLine($"  with:    {tuned.Written[i].GeneratedText}");
        }

        _ml.Model.SaveSafely(after, train.Schema, settings.Model);
        var report = after.Report!;
        Console.WriteLine(FormattableString.Invariant($"trained {report.TrainedParameters} of {report.TotalParameters} parameters on {report.Rows} stories in {report.Epochs.Count} epochs and {report.Seconds:f1} s, ")
            + FormattableString.Invariant($"model file {new FileInfo(settings.Model).Length / 1024.0:f0} KB, saved in {settings.Model}"));
        if (settings.Json is { } path)
            File.WriteAllText(path, JsonSerializer.Serialize(new { settings.Backbone, settings.Method, settings.Seed, report.TrainedParameters, report.Rows, Epochs = report.Epochs.Count, report.Seconds, without = untuned, with = tuned }));
    }

    private (IDataView Train, IDataView Test) Split()
    {
        var all = _ml.Data.CreateEnumerable<Story>(_ml.Data.LoadFromTextFile<Story>(settings.Stories, new TextLoader.Options { HasHeader = true, Separators = ['\t'] }), reuseRowObject: false).ToList();
        return (_ml.Data.LoadFromEnumerable(all.Where((_, i) => i % HeldOutEvery != 0)), _ml.Data.LoadFromEnumerable(all.Where((_, i) => i % HeldOutEvery == 0)));
    }

    private Figures Measure(PTuningTextGenerationTransformer model, IDataView test)
    {
        var predicted = model.Transform(test);
        var written = _ml.Data.CreateEnumerable<WrittenStory>(predicted, reuseRowObject: false).ToList();
        var metrics = _ml.MulticlassClassification.EvaluateGeneratedText(predicted, nameof(Story.Ending));
        return new Figures(model.Perplexity(test, nameof(Story.Ending)), written.Average(story => HasLesson(story.GeneratedText) ? 1.0 : 0.0), metrics.RougeL, written);
    }

    // The trait that all endings of the training stories have.
    private static bool HasLesson(string text) => text.Contains("learned", StringComparison.Ordinal) || text.Contains("knew that", StringComparison.Ordinal);

    private static string Shown(double figure, string format) => figure.ToString(format, CultureInfo.InvariantCulture);

    private sealed record Figures(double Perplexity, double Lessons, double RougeL, IReadOnlyList<WrittenStory> Written);

    private class Story
    {
        [LoadColumn(0)]
        public string Opening { get; set; } = "";

        [LoadColumn(1)]
        public string Ending { get; set; } = "";
    }

    private sealed class WrittenStory : Story
    {
        public string GeneratedText { get; set; } = "";
    }

    private sealed class StepProgress(ProgressTask bar) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            bar.MaxValue = value.Epochs * value.Steps;
            bar.Value = (value.Epoch - 1) * value.Steps + value.Step;
            bar.Description = string.Create(CultureInfo.InvariantCulture, $"P-Tuning v2, epoch {value.Epoch} of {value.Epochs}, loss {value.Loss:f3}");
        }
    }
}
