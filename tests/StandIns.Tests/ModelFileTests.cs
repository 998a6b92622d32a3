// Transforms of columns give the same from a model file as they gave before they were saved.
using System.Text.Json.Nodes;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace StandIns.Tests;

public sealed class ModelFileTests
{
    private static readonly MLContext Ml = new(seed: 1);

    private static readonly IDataView Data = Ml.Data.LoadFromEnumerable(
    [
        new Row { Text = "Ünd so, 1!", Number = 2.5f, Flag = true, Words = ["b", "a", ""] },
        new Row { Text = "pear", Number = -1f, Words = ["c"] },
        new Row { Text = null, Number = float.NaN, Words = [] },
    ]);

    private static readonly Dictionary<string, IEstimator<ITransformer>> Steps = new()
    {
        ["copied columns"] = Ml.Transforms.CopyColumns([new InputOutputColumnPair("T", "Text"), new InputOutputColumnPair("N", "Number")]),
        ["dropped columns"] = Ml.Transforms.DropColumns("Text", "Words"),
        ["selected columns"] = Ml.Transforms.SelectColumns("Number", "Text"),
        ["concatenated columns"] = Ml.Transforms.Concatenate("Both", "Text", "Words"),
        ["keys of texts by value"] = Ml.Transforms.Conversion.MapValueToKey("Text", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue),
        ["keys of vectors"] = Ml.Transforms.Conversion.MapValueToKey("Words"),
        ["keys of numbers with texts"] = Ml.Transforms.Conversion.MapValueToKey("Number", addKeyValueAnnotationsAsText: true),
        ["keys of flags"] = Ml.Transforms.Conversion.MapValueToKey("Flag"),
        ["keys and back"] = Ml.Transforms.Conversion.MapValueToKey("Number").Append(Ml.Transforms.Conversion.MapKeyToValue("Number")),
        ["normalized texts"] = Ml.Transforms.Text.NormalizeText("Text", keepNumbers: false),
        ["normalized vectors"] = Ml.Transforms.Text.NormalizeText("Words"),
    };

    public static TheoryData<string> StepNames => [.. Steps.Keys];

    [Theory]
    [MemberData(nameof(StepNames))]
    public void ALoadedTransformGivesWhatTheSavedOneGave(string step)
    {
        ITransformer saved = Steps[step].Fit(Data);
        using var file = new MemoryStream();
        Ml.Model.Save(saved, Data.Schema, file);
        file.Position = 0;
        ITransformer loaded = new MLContext().Model.Load(file, out DataViewSchema _);

        Assert.Equal(Describe(saved.Transform(Data)), Describe(loaded.Transform(Data)));
    }

    private static string Describe(IDataView view)
    {
        JsonNode? result = ScenarioRunner.Result(() => new
        {
            schema = Show.Schema(view.Schema),
            keyValues = view.Schema.Select(c => Show.Annotation(c, "KeyValues")),
            rows = Show.Rows(view),
        });
        Assert.Null(result?["throws"]);
        return ScenarioRunner.ToText(result);
    }

    private sealed class Row
    {
        public string? Text { get; set; }

        public float Number { get; set; }

        public bool Flag { get; set; }

        public string?[] Words { get; set; } = [];
    }
}
