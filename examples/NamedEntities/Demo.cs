// The demonstration from training to marked text.
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning;
using Spectre.Console;

namespace NamedEntities;

internal sealed record DemoSettings(string Backbone, string Train, string Test, string Format, long? Rows, int? Epochs, int PromptLength, double? Rate,
    bool Constrained, int Seed, IReadOnlyList<string> Texts);

internal sealed class Demo(DemoSettings settings)
{
    private static readonly string[] Samples =
    [
        "Anna Keller left Vienna in May to work for Northwind Traders in Oslo.",
        "The Danube rose again, said Peter Novak of the Water Office.",
        "Ford hired a man called Ford.",
    ];

    private const int TestSentencesShown = 5;

    private readonly MLContext _ml = new(settings.Seed);

    public void Run()
    {
        var load = Formats.All[settings.Format];
        IDataView train = load(_ml, settings.Train), test = load(_ml, settings.Test);
        if (settings.Rows is { } rows) train = _ml.Data.TakeRows(train, rows);

        var (model, labeler) = Train(train);
        var metrics = _ml.MulticlassClassification.EvaluateTokenLabels(model.Transform(test), "Gold");
        Show(metrics);
        var marked = new MarkedText(labeler.ClassNames);
        foreach (var row in _ml.Data.CreateEnumerable<FoundInWords>(model.Transform(_ml.Data.TakeRows(test, TestSentencesShown)), reuseRowObject: false))
            marked.Write(string.Join(' ', row.Words), row);

        // The same model reads plain text: words are found in it, and entities have their offsets in it.
        using var engine = _ml.Model.CreatePredictionEngine<PlainText, Found>(labeler, new PredictionEngineOptions { OwnsTransformer = false });
        foreach (string text in settings.Texts.Count > 0 ? settings.Texts : Samples) marked.Write(text, engine.Predict(new PlainText { Words = text }));

        var report = labeler.Report!;
        Console.WriteLine(FormattableString.Invariant($"entities: F1 {metrics.Micro.F1:f3}, token accuracy {metrics.TokenAccuracy:f3}, ")
            + FormattableString.Invariant($"trained {report.TrainedParameters} of {report.TotalParameters} parameters ({100 * report.TrainedShare:f2} %) ")
            + FormattableString.Invariant($"on {report.Rows} sentences in {report.Seconds:f1} s"));
    }

    private (ITransformer Model, PTuningTokenLabelingTransformer Labeler) Train(IDataView train) => AnsiConsole.Progress().Start(progress =>
    {
        var labeler = _ml.Transforms.PTuningV2LabelTokens(new TokenLabelingOptions(settings.Backbone)
        {
            Method = new DeepPrompt { Length = settings.PromptLength },
            Epochs = settings.Epochs,
            LearningRate = settings.Rate,
            Constrained = settings.Constrained,
            Entities = true,
            Progress = new StepProgress(progress.AddTask("P-Tuning v2")),
        });
        var model = _ml.Transforms.CopyColumns("Gold", "Label").Append(_ml.Transforms.Conversion.MapValueToKey("Label")).Append(labeler).Fit(train);
        return ((ITransformer)model, model.LastTransformer);
    });

    private static void Show(TokenLabelMetrics metrics)
    {
        var table = new Table().AddColumns("type", "precision", "recall", "F1", "in the data", "found");
        foreach (var type in metrics.PerType) Row(type.Type, type);
        Row("all", metrics.Micro);
        AnsiConsole.Write(table);

        void Row(string name, EntityScore s) => table.AddRow([
            Markup.Escape(name), .. new[] { s.Precision, s.Recall, s.F1 }.Select(p => p.ToString("p1", CultureInfo.InvariantCulture)),
            s.Gold.ToString(CultureInfo.InvariantCulture), s.Predicted.ToString(CultureInfo.InvariantCulture)]);
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
