// Predictions of one object at a time.
using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using static StandIns.Tests.Observe;

namespace StandIns.Tests;

public static class PredictionEngineScenarios
{
    private sealed class Prediction
    {
        public string Value { get; set; } = "unset";
        public string Clean { get; set; } = "unset";
        public uint Key { get; set; }
    }

    private sealed class OnlyText
    {
        public string Text { get; set; } = "";
    }

    private sealed class WithMissing
    {
        public string Value { get; set; } = "";
        public float Nope { get; set; } = 5f;
    }

    private sealed class WrongType
    {
        public float Value { get; set; }
    }

    private static (MLContext Ml, IDataView Data, ITransformer Model) Fitted()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        return (ml, data, ChainExamples.Pipeline(ml).Fit(data));
    }

    public static object? SeveralPredictions()
    {
        var (ml, _, model) = Fitted();
        using var engine = ml.Model.CreatePredictionEngine<ChainExamples.Review, Prediction>(model);
        Prediction first = engine.Predict(new() { Text = "First TEXT", Label = "bad" });
        Prediction second = engine.Predict(new() { Text = "Second", Label = "unseen" });
        Prediction again = engine.Predict(new() { Text = null!, Label = null! });
        return new { first, second, again, newObjects = !ReferenceEquals(first, second) };
    }

    public static object? PredictIntoExistingObject()
    {
        var (ml, _, model) = Fitted();
        using var engine = ml.Model.CreatePredictionEngine<ChainExamples.Review, Prediction>(model);
        var result = new Prediction();
        Prediction same = result;
        engine.Predict(new() { Text = "A", Label = "good" }, ref result);
        return new { result, kept = ReferenceEquals(same, result) };
    }

    public static object? OutputSchema()
    {
        var (ml, _, model) = Fitted();
        using var engine = ml.Model.CreatePredictionEngine<ChainExamples.Review, Prediction>(model);
        return Show.Schema(engine.OutputSchema);
    }

    public static object? MissingColumns()
    {
        var (ml, data, model) = Fitted();
        ITransformer clean = ml.Transforms.Text.NormalizeText("Clean", "Text").Fit(data);
        return new
        {
            missingOutput = Try(() => ml.Model.CreatePredictionEngine<ChainExamples.Review, WithMissing>(model).Predict(new() { Label = "bad" })),
            missingOutputNotIgnored = Try(() => ml.Model.CreatePredictionEngine<ChainExamples.Review, WithMissing>(model, ignoreMissingColumns: false).OutputSchema.Count),
            wrongOutputType = Try(() => ml.Model.CreatePredictionEngine<ChainExamples.Review, WrongType>(model).OutputSchema.Count),
            missingInput = Try(() => ml.Model.CreatePredictionEngine<OnlyText, Prediction>(model).OutputSchema.Count),
            inputWithoutLabel = Try(() => ml.Model.CreatePredictionEngine<OnlyText, CleanOnly>(clean).Predict(new() { Text = "A B" }).Clean),
            nullModel = Try(() => ml.Model.CreatePredictionEngine<OnlyText, CleanOnly>(null!).OutputSchema.Count),
            nullRow = Try(() => ml.Model.CreatePredictionEngine<OnlyText, CleanOnly>(clean).Predict(null!).Clean),
        };
    }

    private sealed class CleanOnly
    {
        public string Clean { get; set; } = "";
    }

    public static object? LabelAbsentFromTheModelsInputSchema()
    {
        var (ml, data, model) = Fitted();
        return new
        {
            withSchema = Try(() => ml.Model.CreatePredictionEngine<OnlyText, CleanOnly>(model, data.Schema).Predict(new() { Text = "A B" }).Clean),
            withoutSchema = Try(() => ml.Model.CreatePredictionEngine<OnlyText, CleanOnly>(model).Predict(new() { Text = "A B" }).Clean),
        };
    }

    private sealed class VectorInput
    {
        public float A { get; set; }

        [VectorType(2)]
        public float[] B { get; set; } = [];

        public string[] Words { get; set; } = [];
    }

    private sealed class VectorOutput
    {
        public float[] F { get; set; } = [];
        public string[] Tags { get; set; } = [];
        public VBuffer<float> B { get; set; }
    }

    public static object? Vectors()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ml.Data.LoadFromEnumerable([new VectorInput { A = 1, B = [2, 3], Words = ["x", "y"] }]);
        var model = ml.Transforms.Concatenate("F", "A", "B")
            .Append(ml.Transforms.Conversion.MapValueToKey("Tags", "Words"))
            .Append(ml.Transforms.Conversion.MapKeyToValue("Tags"))
            .Fit(data);
        using var engine = ml.Model.CreatePredictionEngine<VectorInput, VectorOutput>(model);
        VectorOutput first = engine.Predict(new() { A = 4, B = [5, 6], Words = ["y", "z", "x"] });
        float[] kept = first.F;
        VectorOutput second = engine.Predict(new() { A = 7, B = [8, 9], Words = [] });
        return new
        {
            first = new { first.F, first.Tags, b = first.B.DenseValues() },
            second = new { second.F, second.Tags, b = second.B.DenseValues() },
            ownArray = kept[0],
        };
    }

    private sealed class WrongSize
    {
        [VectorType(3)]
        public float[] B { get; set; } = [1, 2, 3];
        public float A { get; set; }
        public string[] Words { get; set; } = [];
    }

    public static object? InputOfAnotherVectorSize()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ml.Data.LoadFromEnumerable([new VectorInput { A = 1, B = [2, 3] }]);
        var model = ml.Transforms.Concatenate("F", "A", "B").Fit(data);
        return new
        {
            otherType = Try(() => ml.Model.CreatePredictionEngine<WrongSize, VectorOutputF>(model).Predict(new()).F),
            shortArray = Try(() => ml.Model.CreatePredictionEngine<VectorInput, VectorOutputF>(model).Predict(new() { B = [1f] }).F),
        };
    }

    private sealed class VectorOutputF
    {
        public float[] F { get; set; } = [];
    }

    private sealed class KeyInput
    {
        [KeyType(3)]
        public uint Key { get; set; }

        [KeyType(3)]
        [VectorType(2)]
        public uint[] Keys { get; set; } = [1, 2];
    }

    private sealed class KeyOutput
    {
        public uint Copy { get; set; }
        public uint[] Copies { get; set; } = [];
    }

    public static object? KeyTypedInput()
    {
        var ml = new MLContext(seed: 1);
        ITransformer model = ml.Transforms.CopyColumns("Copy", "Key").Append(ml.Transforms.CopyColumns("Copies", "Keys")).Fit(ml.Data.LoadFromEnumerable([new KeyInput()]));
        using var engine = ml.Model.CreatePredictionEngine<KeyInput, KeyOutput>(model);
        return new uint[] { 0, 1, 2, 3 }.Select(k => engine.Predict(new() { Key = k, Keys = [k, 3] })).Select(o => new { o.Copy, o.Copies });
    }

    public static object? UseAfterDispose()
    {
        var (ml, _, model) = Fitted();
        var engine = ml.Model.CreatePredictionEngine<ChainExamples.Review, Prediction>(model);
        engine.Dispose();
        return new { twice = Try(engine.Dispose), predict = Try(() => engine.Predict(new() { Text = "A", Label = "bad" }).Clean) };
    }

    public static object? RowsThatAreFiltered()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        ITransformer chain = ml.Transforms.Conversion.MapValueToKey("Key", "Label").Fit(data).Append(new DropAll());
        return Try(() => ml.Model.CreatePredictionEngine<ChainExamples.Review, Prediction>(chain).OutputSchema.Count);
    }

    /// <summary>A transformer that is no row-to-row mapper.</summary>
    private sealed class DropAll : ITransformer
    {
        public bool IsRowToRowMapper => false;
        public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => inputSchema;
        public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => throw new InvalidOperationException("Not a row-to-row mapper");
        public IDataView Transform(IDataView input) => input;
        public void Save(ModelSaveContext ctx) => throw new NotSupportedException("Not saved");
    }

    public static object? LoadedModelPredicts()
    {
        var (ml, data, model) = Fitted();
        var stream = new MemoryStream();
        ml.Model.Save(model, data.Schema, stream);
        stream.Position = 0;
        var other = new MLContext();
        ITransformer loaded = other.Model.Load(stream, out DataViewSchema schema);
        using var engine = other.Model.CreatePredictionEngine<ChainExamples.Review, Prediction>(loaded, schema);
        return engine.Predict(new() { Text = "Loaded MODEL", Label = "good" });
    }
}
