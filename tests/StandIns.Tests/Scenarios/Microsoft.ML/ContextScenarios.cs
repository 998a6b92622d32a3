// The context (log, seed, preview), and components of one's own in a chain.
using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using static StandIns.Tests.Observe;

namespace StandIns.Tests;

public static class ContextScenarios
{
    public static object? LogOfAFit()
    {
        var ml = new MLContext(seed: 1);
        var seen = new List<LoggingEventArgs>();
        ml.Log += (_, e) => seen.Add(e);
        IDataView data = ChainExamples.Data(ml);
        ml.Transforms.Conversion.MapValueToKey("Key", "Label").Fit(data);
        return new
        {
            sources = seen.Select(e => e.Source).Distinct(),
            kinds = seen.Select(e => e.Kind.ToString()).Distinct(),
            messages = seen.Select(e => Regex.Replace(e.Message, "[0-9.:]+", "#")).Distinct(),
            raw = seen.Select(e => Regex.Replace(e.RawMessage ?? "", "[0-9.:]+", "#")).Distinct(),
        };
    }

    public static object? LogHandlersCanBeRemoved()
    {
        var ml = new MLContext(seed: 1);
        int calls = 0;
        void Handler(object? sender, LoggingEventArgs e) => calls++;
        ml.Log += Handler;
        ml.Log -= Handler;
        ml.Transforms.Conversion.MapValueToKey("Key", "Label").Fit(ChainExamples.Data(ml));
        return calls;
    }

    public static object? Properties()
    {
        var ml = new MLContext();
        return new
        {
            ml.GpuDeviceId,
            ml.FallbackToCpu,
            tempFile = ml.TempFilePath is null,
            catalogs = new object?[] { ml.Data, ml.Transforms, ml.Model, ml.MulticlassClassification, ml.BinaryClassification, ml.ComponentCatalog }.All(c => c is not null),
        };
    }

    public static object? GpuSettingsCanBeSet()
    {
        var ml = new MLContext { GpuDeviceId = 1, FallbackToCpu = false };
        return new { ml.GpuDeviceId, ml.FallbackToCpu };
    }

    private static object?[] ShuffledWithContextSeed(int? seed)
    {
        var ml = new MLContext(seed);
        return Show.Values(ml.Data.ShuffleRows(ml.Data.LoadFromEnumerable(Enumerable.Range(0, 30).Select(i => new Numbered { Id = i }))), "Id");
    }

    public static object? SeedMakesRunsEqual() => new
    {
        equal = ShuffledWithContextSeed(5).SequenceEqual(ShuffledWithContextSeed(5)),
        otherSeed = ShuffledWithContextSeed(5).SequenceEqual(ShuffledWithContextSeed(6)),
    };

    public static object? SeedExactOrder() => ShuffledWithContextSeed(5);

    private sealed class Numbered
    {
        public int Id { get; set; }
    }

    public static object? PreviewOfAView()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        DataDebuggerPreview preview = data.Preview(maxRows: 2);
        return new
        {
            text = preview.ToString(),
            schemaIsTheViews = ReferenceEquals(preview.Schema, data.Schema),
            rows = preview.RowView.Select(r => r.Values.Select(v => $"{v.Key}={v.Value}")),
            rowText = preview.RowView[0].ToString(),
            columns = preview.ColumnView.Select(c => $"{c.Column.Name}: {string.Join("|", c.Values)}"),
            columnText = preview.ColumnView[0].ToString(),
            all = data.Preview().RowView.Length,
            none = Try(() => data.Preview(0).RowView.Length),
            negative = Try(() => data.Preview(-1).RowView.Length),
        };
    }

    public static object? PreviewOfATransformer()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        DataDebuggerPreview byModel = ChainExamples.Pipeline(ml).Fit(data).Preview(data), byEstimator = ChainExamples.Pipeline(ml).Preview(data);
        return new { byModel = byModel.ToString(), byEstimator = byEstimator.ToString(), last = byModel.RowView[^1].Values.Select(v => $"{v.Key}={v.Value}") };
    }

    public static object? CustomMapping()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        var estimator = ml.Transforms.CustomMapping<TextLengthInput, TextLengthOutput>(TextLengthFactory.Map, null);
        ITransformer model = estimator.Fit(data);
        return new
        {
            kind = model.GetType().Name,
            schema = Show.Schema(model.Transform(data).Schema),
            rows = Show.Rows(model.Transform(data), "TextLength", "Parts", "Kind"),
            saveWithoutContract = Try(() => ml.Model.Save(model, data.Schema, new MemoryStream())),
            missingInput = Try(() => estimator.Fit(ml.Data.LoadFromEnumerable([new Numbered()])).Transform(ml.Data.LoadFromEnumerable([new Numbered()])).Schema.Count),
        };
    }

    public static object? CustomMappingReplacesAColumn()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        ITransformer model = ml.Transforms.CustomMapping<TextOnly, TextOnly>((row, result) => result.Text = row.Text + "!", null).Fit(data);
        return new { schema = Show.Schema(model.Transform(data).Schema), values = Show.Values(model.Transform(data), "Text") };
    }

    private sealed class TextOnly
    {
        public string Text { get; set; } = "";
    }

    public static object? CustomMappingKeys()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 4).Select(i => new Numbered { Id = i }));
        IDataView mapped = ml.Transforms.CustomMapping<Numbered, KeyOut>((row, result) =>
        {
            result.Key = (uint)row.Id;
            result.Keys = [(uint)row.Id, 1];
        }, null).Fit(data).Transform(data);
        return new { schema = Show.Schema(mapped.Schema), raw = Show.Rows(mapped, "Key", "Keys"), objects = ml.Data.CreateEnumerable<KeyOut>(mapped, false).Select(r => r.Key) };
    }

    private sealed class KeyOut
    {
        [KeyType(3)]
        public uint Key { get; set; }

        [KeyType(3)]
        [VectorType(2)]
        public uint[] Keys { get; set; } = [];
    }

    public static object? CustomMappingSaveAndLoad()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        ITransformer model = ml.Transforms.CustomMapping<TextLengthInput, TextLengthOutput>(TextLengthFactory.Map, TextLengthFactory.Contract).Fit(data);
        byte[] saved;
        using (var stream = new MemoryStream())
        {
            ml.Model.Save(model, data.Schema, stream);
            saved = stream.ToArray();
        }
        object? Load(bool register) => Try(() =>
        {
            var other = new MLContext();
            if (register)
                other.ComponentCatalog.RegisterAssembly(typeof(TextLengthFactory).Assembly);
            return Show.Values(other.Model.Load(new MemoryStream(saved), out DataViewSchema _).Transform(data), "TextLength");
        });
        return new { registered = Load(true), notRegistered = Load(false), unknownContract = Try(() => ml.Transforms.CustomMapping<TextLengthInput, TextLengthOutput>(TextLengthFactory.Map, "nobody.knows").Fit(data).Transform(data).Schema.Count) };
    }

    public static object? OwnEstimatorInAChain()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        var calls = new List<string>();
        var chain = ml.Transforms.Conversion.MapValueToKey("Key", "Label")
            .Append(new FirstRows(2, calls))
            .Append(ml.Transforms.Conversion.MapKeyToValue("Value", "Key"));
        var model = chain.Fit(data);
        IDataView output = model.Transform(data);
        return new
        {
            calls,
            kinds = model.Select(t => t.GetType().Name),
            isRowToRowMapper = ((ITransformer)model).IsRowToRowMapper,
            rows = Show.Rows(output, "Text", "Value"),
            outputSchema = Show.Schema(model.GetOutputSchema(data.Schema)),
            save = Try(() => ml.Model.Save(model, data.Schema, new MemoryStream())),
            engine = Try(() => ml.Model.CreatePredictionEngine<ChainExamples.Review, TextOnly>(model).OutputSchema.Count),
        };
    }

    /// <summary>An estimator of one's own whose transformer passes the first rows only.</summary>
    private sealed class FirstRows(int count, List<string> calls) : IEstimator<FirstRows.Transformer>
    {
        public Transformer Fit(IDataView input)
        {
            calls.Add($"Fit on {input.Schema.Count} columns");
            return new Transformer(count, calls);
        }

        public SchemaShape GetOutputSchema(SchemaShape inputSchema)
        {
            calls.Add($"GetOutputSchema of {inputSchema.Count} columns");
            return inputSchema;
        }

        public sealed class Transformer(int count, List<string> calls) : ITransformer
        {
            public bool IsRowToRowMapper => false;

            public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => inputSchema;

            public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => throw new InvalidOperationException("Not a row-to-row mapper");

            public IDataView Transform(IDataView input)
            {
                calls.Add("Transform");
                return new MLContext().Data.TakeRows(input, count);
            }

            public void Save(ModelSaveContext ctx) => throw new NotSupportedException("Cannot be saved");
        }
    }
}
