// Chains of estimators and transformers, and schema shapes.
using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using static StandIns.Tests.Observe;

namespace StandIns.Tests;

public static class ChainScenarios
{
    public static object? EmptyChain()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        var chain = new EstimatorChain<ITransformer>();
        var model = chain.Fit(data);
        return new
        {
            chain.LastEstimator,
            last = model.LastTransformer is null,
            schema = Show.Schema(model.Transform(data).Schema),
            sameView = ReferenceEquals(model.Transform(data), data),
            enumerated = model.Count(),
            rowToRow = model.GetType().Name,
        };
    }

    public static object? AppendBuildsNewChains()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        var first = ml.Transforms.Conversion.MapValueToKey("Key", "Label").Append(ml.Transforms.CopyColumns("A", "Text"));
        var second = first.Append(ml.Transforms.CopyColumns("B", "A"));
        return new
        {
            firstTransformers = first.Fit(data).Count(),
            secondTransformers = second.Fit(data).Count(),
            firstLast = first.LastEstimator.GetType().Name,
            secondLast = second.LastEstimator.GetType().Name,
            transformers = second.Fit(data).Select(t => t.GetType().Name),
            lastTransformer = second.Fit(data).LastTransformer.GetType().Name,
            appendNull = Try(() => first.Append<ITransformer>(null!).LastEstimator.GetType().Name),
        };
    }

    public static object? ChainInChain()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        var inner = ml.Transforms.CopyColumns("A", "Text").Append(ml.Transforms.CopyColumns("B", "A"));
        var outer = ml.Transforms.CopyColumns("Z", "Label").Append(inner);
        TransformerChain<TransformerChain<ColumnCopyingTransformer>> model = outer.Fit(data);
        return new { outerCount = model.Count(), innerCount = model.LastTransformer.Count(), schema = Show.Schema(model.Transform(data).Schema) };
    }

    public static object? TransformEqualsStepByStep()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        var model = ChainExamples.Pipeline(ml).Fit(data);
        IDataView stepwise = data;
        foreach (ITransformer transformer in model)
            stepwise = transformer.Transform(stepwise);
        return new { whole = Show.Rows(model.Transform(data)), stepwise = Show.Rows(stepwise), schema = Show.Schema(model.Transform(data).Schema) };
    }

    public static object? TransformersCanBeAppended()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        var model = ml.Transforms.Conversion.MapValueToKey("Key", "Label").Fit(data);
        var longer = model.Append(ml.Transforms.CopyColumns("Copy", "Key").Fit(model.Transform(data)));
        return new { count = longer.Count(), schema = Show.Schema(longer.Transform(data).Schema), outputSchema = Show.Schema(longer.GetOutputSchema(data.Schema)) };
    }

    public static object? RowMappers()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        ITransformer model = ChainExamples.Pipeline(ml).Fit(data);
        IRowToRowMapper mapper = model.GetRowToRowMapper(data.Schema);
        DataViewSchema.Column value = mapper.OutputSchema["Value"], clean = mapper.OutputSchema["Clean"];
        return new
        {
            model.IsRowToRowMapper,
            input = Show.Schema(mapper.InputSchema),
            output = Show.Schema(mapper.OutputSchema),
            neededForValue = mapper.GetDependencies([value]).Select(c => c.Name),
            neededForClean = mapper.GetDependencies([clean]).Select(c => c.Name),
            neededForNothing = mapper.GetDependencies([]).Select(c => c.Name),
        };
    }

    public static object? OutputShape()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ml.Data.LoadFromEnumerable([new ShapeRow()]);
        SchemaShape? input = null;
        var spy = new ShapeSpy(s => input = s);
        ml.Transforms.CopyColumns("Copy", "Text").Append(spy).Fit(data);
        SchemaShape output = ml.Transforms.Conversion.MapValueToKey("Tags")
            .Append(ml.Transforms.Conversion.MapValueToKey("Label", "Text"))
            .Append(ml.Transforms.Conversion.MapKeyToValue("Back", "Label"))
            .Append(ml.Transforms.Concatenate("Features", "Three", "Number"))
            .Append(ml.Transforms.Text.NormalizeText("Clean", "Text"))
            .Append(ml.Transforms.DropColumns("Number"))
            .GetOutputSchema(ShapeSpy.ShapeOf(ml, data));
        return new { seenByEstimator = input is null ? null : Show.Shape(input), output = Show.Shape(output), selected = Show.Shape(ml.Transforms.SelectColumns("Text", "Key").GetOutputSchema(ShapeSpy.ShapeOf(ml, data))) };
    }

    private sealed class ShapeRow
    {
        public string Text { get; set; } = "a";
        public string[] Tags { get; set; } = ["x"];
        public float Number { get; set; }

        [VectorType(3)]
        public float[] Three { get; set; } = [1, 2, 3];

        [KeyType(5)]
        public uint Key { get; set; }

        public bool Flag { get; set; }
    }

    /// <summary>Passes data on; hands the shape that a chain shows it to a callback.</summary>
    private sealed class ShapeSpy(Action<SchemaShape> seen) : IEstimator<ITransformer>
    {
        public ITransformer Fit(IDataView input) => new EstimatorChain<ITransformer>().Fit(input);

        public SchemaShape GetOutputSchema(SchemaShape inputSchema)
        {
            seen(inputSchema);
            return inputSchema;
        }

        /// <summary>The shape of a view's schema, got through public members only: a chain passes it to its estimators.</summary>
        public static SchemaShape ShapeOf(MLContext ml, IDataView data)
        {
            SchemaShape? shape = null;
            var spy = new ShapeSpy(s => shape = s);
            ml.Transforms.CopyColumns("__copy", data.Schema[0].Name).Append(spy).Fit(data);
            return shape ?? throw new InvalidOperationException("Fit did not ask the estimators for their output schema.");
        }
    }

    public static object? ShapeErrors()
    {
        var ml = new MLContext(seed: 1);
        SchemaShape shape = ShapeSpy.ShapeOf(ml, ml.Data.LoadFromEnumerable([new ShapeRow()]));
        object? Output(IEstimator<ITransformer> estimator) => Try(() => Show.Shape(estimator.GetOutputSchema(shape)).Length);
        return new
        {
            mapMissing = Output(ml.Transforms.Conversion.MapValueToKey("K", "Nope")),
            backFromText = Output(ml.Transforms.Conversion.MapKeyToValue("V", "Text")),
            backFromKeyWithoutValues = Output(ml.Transforms.Conversion.MapKeyToValue("V", "Key")),
            copyMissing = Output(ml.Transforms.CopyColumns("C", "Nope")),
            dropMissing = Output(ml.Transforms.DropColumns("Nope")),
            selectMissing = Output(ml.Transforms.SelectColumns("Nope")),
            concatenateMissing = Output(ml.Transforms.Concatenate("F", "Nope")),
            concatenateMixed = Output(ml.Transforms.Concatenate("F", "Number", "Text")),
            normalizeNumber = Output(ml.Transforms.Text.NormalizeText("N", "Number")),
        };
    }

    public static object? MissingColumnsInAChain()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        var chain = ml.Transforms.CopyColumns("A", "Text").Append(ml.Transforms.Conversion.MapValueToKey("K", "Nope"));
        var model = ChainExamples.Pipeline(ml).Fit(data);
        IDataView withoutLabel = ml.Transforms.DropColumns("Label").Fit(data).Transform(data);
        return new
        {
            atFit = Try(() => chain.Fit(data).Count()),
            atTransform = Try(() => model.Transform(withoutLabel).Schema.Count),
            nullDataThrows = ErrorType(() => chain.Fit(null!)) != "no exception",
        };
    }

    public static object? FitOrderAndCacheCheckpoint()
    {
        var ml = new MLContext(seed: 1);
        int read = 0;
        IEnumerable<ChainExamples.Review> Source()
        {
            foreach (ChainExamples.Review review in ChainExamples.Reviews)
            {
                read++;
                yield return review;
            }
        }
        IDataView lazy = ml.Data.LoadFromEnumerable(Source());
        int Passes(bool cache, params string[] columns)
        {
            read = 0;
            EstimatorChain<ITransformer> chain = new EstimatorChain<ITransformer>().Append<ITransformer>(ml.Transforms.CopyColumns("A", "Text"));
            if (cache)
                chain = chain.AppendCacheCheckpoint(ml);
            foreach (string column in columns)
                chain = chain.Append<ITransformer>(ml.Transforms.Conversion.MapValueToKey("Key" + column, column));
            chain.Fit(lazy);
            return read / ChainExamples.Reviews.Length;
        }
        return new
        {
            without = Passes(false, "Label", "Label", "Label"),
            with = Passes(true, "Label", "Label", "Label"),
            withOtherColumns = Passes(true, "Label", "Text", "Weight"),
        };
    }

    public static object? OnFitDelegateIsCalled()
    {
        var ml = new MLContext(seed: 1);
        var seen = new List<string>();
        var chain = ml.Transforms.Conversion.MapValueToKey("K", "Label").WithOnFitDelegate(t => seen.Add($"1 {t.GetType().Name}"))
            .Append(ml.Transforms.CopyColumns("C", "K").WithOnFitDelegate(t => seen.Add($"2 {t.GetType().Name}")));
        chain.Fit(ChainExamples.Data(ml));
        return seen;
    }

    public static object? ViewsAreLazy()
    {
        var ml = new MLContext(seed: 1);
        int calls = 0;
        IDataView data = ChainExamples.Data(ml);
        IDataView mapped = ml.Transforms.CustomMapping<ChainExamples.Review, Length>((row, result) =>
        {
            calls++;
            result.TextLength = row.Text.Length;
        }, null).Fit(data).Transform(data);
        int afterTransform = calls;
        Show.Rows(mapped, "Label");
        int afterOtherColumn = calls;
        Show.Rows(mapped, "TextLength");
        return new { afterTransform, afterOtherColumn, afterOwnColumn = calls };
    }

    private sealed class Length
    {
        public int TextLength { get; set; }
    }
}
