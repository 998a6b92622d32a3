// Records of training runs, and runs whose texts are made up.
using System.Text.Json;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tests.Tool.Report;

internal static class TestRuns
{
    /// <summary>A run with given test rows, without scores.</summary>
    public static TrainingRun Run(TaskKind task, PTuningOptions options, TrainingReport training, IReadOnlyList<TestRow> rows) => new()
    {
        Name = "reviews",
        Task = task,
        Data = new DataSummary
        {
            TrainingFile = new DataFile("data/reviews.csv", FileForm.Delimited, "UTF-8", ',', HasHeader: true, ["text", "label"]),
            TestShare = 0.2,
            Columns = [new("Text", "text", 0, "its name", "--text"), new("Label", "label", 1, null, "--label")],
            TrainingRows = training.Rows,
            TestRows = rows.Count,
            DuplicateRows = 3,
            SharedRows = 1,
            Classes = [.. rows.OfType<ClassifiedText>().GroupBy(row => row.Gold).Select(group => new ClassRows(group.Key, 16, group.Count()))],
            Warnings = ["The class 'odd' has 2 rows."],
        },
        Options = options,
        Training = training,
        ClassNames = [],
        TestRows = rows,
        ModelFile = "/models/reviews/model.zip",
        ModelBytes = 123456,
        BackboneFolder = "/backbones/tiny",
        BackboneHash = "0123abcd",
        Seconds = 12.5,
        Seed = 1,
        CommandLine = "ptuning train classify data/reviews.csv --backbone /backbones/tiny -o /models/reviews",
        Version = "0.1.0",
        Finished = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
    };

    /// <summary>A classifier's run that predicts as given, with no model behind it.</summary>
    public static TrainingRun Classified(IReadOnlyList<ClassifiedText> rows, IReadOnlyList<string> classes) =>
        Run(TaskKind.Classify, new TextClassificationOptions("/backbones/tiny"), new TrainingReport([new(1, 0.7, null, null, 1), new(2, 0.5, null, null, 1)], 2, 100, 0, 10, 1000, 2, 1, "cpu"), rows) with
        {
            ClassNames = classes, Scores = new("accuracy", new Dictionary<string, double> { ["accuracy"] = rows.Count == 0 ? 0 : rows.Average(row => row.IsCorrect ? 1.0 : 0) }),
        };

    /// <summary>All numbers of a JSON value.</summary>
    public static IEnumerable<double> Numbers(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Number => [element.GetDouble()],
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Numbers),
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => Numbers(property.Value)),
        _ => [],
    };
}
