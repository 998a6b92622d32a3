// The demonstration from training to prediction elsewhere.
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning;
using Spectre.Console;

namespace SentimentAnalysis;

internal sealed record DemoSettings(string Backbone, string Train, string Test, string Model, int? Epochs, int PromptLength, double? Rate, int Seed);

internal sealed class Demo(DemoSettings settings)
{
    private static readonly string[] Samples =
    [
        "The battery lasts two days and the screen is a joy to read.",
        "I waited an hour for a cold, tasteless meal.",
        "Not what I hoped for, and I would not buy it again.",
        "A warm, funny film that never gets dull.",
    ];

    private readonly MLContext _ml = new(settings.Seed);

    public int Run()
    {
        IDataView train = Load(settings.Train), test = Load(settings.Test);
        var (model, transformer) = Train("P-Tuning v2", new DeepPrompt { Length = settings.PromptLength }, settings.Rate, train);
        var metrics = _ml.MulticlassClassification.Evaluate(model.Transform(test));
        var (plain, plainTransformer) = Train("head only", new HeadOnly(), null, train);
        double headOnly = _ml.MulticlassClassification.Evaluate(plain.Transform(test)).MicroAccuracy;

        ShowCurve(transformer.Report!);
        string plot = Path.ChangeExtension(settings.Model, ".svg");
        File.WriteAllText(plot, CurvePlot.Svg(("P-Tuning v2", transformer.Report!), ("head only", plainTransformer.Report!)));
        Console.WriteLine($"Plotted in {plot}.");
        Console.WriteLine(metrics.ConfusionMatrix.GetFormattedConfusionTable());
        _ml.Model.Save(model, train.Schema, settings.Model);
        bool same = PredictHereAndElsewhere(model);

        var report = transformer.Report!;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"demo: accuracy {metrics.MicroAccuracy:f3}, head-only {headOnly:f3}, majority {Majority(train, test):f3}, trained {report.TrainedParameters} of {report.TotalParameters} parameters ({100 * report.TrainedShare:f2} %), model file {new FileInfo(settings.Model).Length / 1024.0:f0} KB, reloaded in a new process: {(same ? "same predictions" : "OTHER predictions")}"));
        return same ? 0 : 1;
    }

    private IDataView Load(string path) => _ml.Data.LoadFromTextFile<Review>(path, hasHeader: true);

    private (ITransformer Model, PTuningClassificationTransformer Transformer) Train(string title, TuningMethod method, double? rate, IDataView train) =>
        AnsiConsole.Progress().Start(progress =>
        {
            var bar = progress.AddTask(title);
            var options = new TextClassificationOptions(settings.Backbone)
            {
                Method = method,
                Epochs = settings.Epochs,
                LearningRate = rate,
                Progress = new StepProgress(bar, title),
            };
            var classifier = _ml.Transforms.PTuningV2Classify(options);
            var model = _ml.Transforms.Conversion.MapValueToKey("Label").Append(classifier).Append(_ml.Transforms.Conversion.MapKeyToValue("PredictedLabel")).Fit(train);
            return ((ITransformer)model, ((IEnumerable<ITransformer>)model).OfType<PTuningClassificationTransformer>().Single());
        });

    // A few texts, in this process and in a new one that loads the saved file.
    private bool PredictHereAndElsewhere(ITransformer model)
    {
        var engine = _ml.Model.CreatePredictionEngine<Review, Sentiment>(model);
        var here = Samples.Select(text => engine.Predict(new Review { Text = text })).ToList();
        var table = new Table().AddColumns("text", "label", "probability");
        foreach (var (text, sentiment) in Samples.Zip(here))
            table.AddRow(Markup.Escape(text), sentiment.PredictedLabel, sentiment.Score.Max().ToString("p0", CultureInfo.InvariantCulture));
        AnsiConsole.Write(table);
        return SecondProcess.PredictElsewhere(settings.Model, Samples).SequenceEqual(here.Select(SecondProcess.Format));
    }

    private static void ShowCurve(TrainingReport report)
    {
        double highest = report.Epochs.Max(e => e.TrainingLoss);
        Console.WriteLine($"Training loss, {report.Seconds:f1} s on {report.Device}:");
        foreach (var epoch in report.Epochs)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  epoch {epoch.Number,2}  {epoch.TrainingLoss:f3}  {new string('█', (int)Math.Round(50 * epoch.TrainingLoss / highest))}"));
    }

    // Accuracy of always giving the training set's most frequent label.
    private double Majority(IDataView train, IDataView test)
    {
        string[] Labels(IDataView data) => [.. _ml.Data.CreateEnumerable<Review>(data, reuseRowObject: false).Select(r => r.Label)];
        string most = Labels(train).CountBy(l => l).MaxBy(c => c.Value).Key;
        return Labels(test).Average(l => l == most ? 1.0 : 0.0);
    }

    private sealed class StepProgress(ProgressTask bar, string title) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            bar.MaxValue = value.Epochs * value.Steps;
            bar.Value = (value.Epoch - 1) * value.Steps + value.Step;
            bar.Description = string.Create(CultureInfo.InvariantCulture, $"{title}, epoch {value.Epoch} of {value.Epochs}, loss {value.Loss:f3}");
        }
    }
}
