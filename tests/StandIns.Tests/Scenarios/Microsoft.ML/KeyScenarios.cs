// Keys: mapping values to keys and back, in scalars and vectors.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using static StandIns.Tests.Observe;

namespace StandIns.Tests;

public static class KeyScenarios
{
    private static readonly MLContext Ml = new(seed: 1);

    private static TransformsCatalog.ConversionTransforms Conversion => Ml.Transforms.Conversion;

    private sealed class Row
    {
        public string? Label { get; set; }
        public string?[]? Tags { get; set; }
        public float Number { get; set; }
        public int Whole { get; set; }
        public bool Flag { get; set; }
    }

    private static readonly Row[] Rows =
    [
        new() { Label = "pear", Tags = ["O", "B-PER", "I-PER"], Number = 2.5f, Whole = 7, Flag = true },
        new() { Label = "apple", Tags = ["O"], Number = -1f, Whole = 3 },
        new() { Label = "pear", Tags = [], Number = 2.5f, Whole = 7 },
        new() { Label = null, Tags = ["B-LOC", null, "O"], Number = float.NaN, Whole = 0 },
        new() { Label = "fig", Tags = null, Number = 0f, Whole = 5, Flag = true },
        new() { Label = "Apple", Tags = [""], Number = 10f, Whole = 3 },
    ];

    private static readonly IDataView Data = Ml.Data.LoadFromEnumerable(Rows);

    /// <summary>The output column, its key values and its raw keys (0 = missing).</summary>
    private static object Mapped(IDataView view, string column) => new
    {
        column = Show.Column(view.Schema[column]),
        keyValues = Show.Annotation(view.Schema[column], "KeyValues"),
        keys = Show.Values(view, column),
    };

    private static object? Map(IEstimator<ITransformer> estimator, string column, IDataView? data = null) => Map(() => estimator, column, data);

    private static object? Map(Func<IEstimator<ITransformer>> estimator, string column, IDataView? data = null) =>
        Try(() => Mapped(estimator().Fit(data ?? Data).Transform(data ?? Data), column));

    public static object? ByOccurrence() => Map(Conversion.MapValueToKey("Label"), "Label");

    public static object? ByValue() =>
        Map(Conversion.MapValueToKey("Label", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue), "Label");

    public static object? MaximumNumberOfKeys() => new
    {
        two = Map(Conversion.MapValueToKey("Label", maximumNumberOfKeys: 2), "Label"),
        twoByValue = Map(Conversion.MapValueToKey("Label", maximumNumberOfKeys: 2, keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue), "Label"),
        none = Map(Conversion.MapValueToKey("Label", maximumNumberOfKeys: 0), "Label"),
    };

    public static object? ToAnotherColumn()
    {
        IDataView view = Conversion.MapValueToKey("Key", "Label").Fit(Data).Transform(Data);
        IDataView same = Conversion.MapValueToKey("Label").Fit(Data).Transform(Data);
        return new { other = Show.Schema(view.Schema), same = Show.Schema(same.Schema) };
    }

    public static object? VectorOfStrings() => new
    {
        byOccurrence = Map(Conversion.MapValueToKey("Tags"), "Tags"),
        byValue = Map(Conversion.MapValueToKey("Tags", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue), "Tags"),
    };

    public static object? OtherItemTypes() => new
    {
        number = Map(Conversion.MapValueToKey("Number"), "Number"),
        numberByValue = Map(Conversion.MapValueToKey("Number", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue), "Number"),
        whole = Map(Conversion.MapValueToKey("Whole"), "Whole"),
        wholeByValue = Map(Conversion.MapValueToKey("Whole", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue), "Whole"),
        flag = Map(Conversion.MapValueToKey("Flag"), "Flag"),
        flagByValue = Map(Conversion.MapValueToKey("Flag", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue), "Flag"),
    };

    public static object? KeyValuesAsText() => new
    {
        number = Map(Conversion.MapValueToKey("Number", addKeyValueAnnotationsAsText: true), "Number"),
        whole = Map(Conversion.MapValueToKey("Whole", addKeyValueAnnotationsAsText: true), "Whole"),
        flag = Map(Conversion.MapValueToKey("Flag", addKeyValueAnnotationsAsText: true), "Flag"),
        label = Map(Conversion.MapValueToKey("Label", addKeyValueAnnotationsAsText: true), "Label"),
    };

    private sealed class Known
    {
        public string Name { get; set; } = "";
    }

    private sealed class KnownNumber
    {
        public float Name { get; set; }
    }

    private sealed class KnownTwoColumns
    {
        public string Name { get; set; } = "";
        public float Other { get; set; }
    }

    public static object? KeyData()
    {
        object? With(params string[] names) =>
            Map(() => Conversion.MapValueToKey("Label", keyData: Ml.Data.LoadFromEnumerable(names.Select(n => new Known { Name = n }))), "Label");
        return new
        {
            given = With("fig", "apple", "melon"),
            repeated = With("fig", "fig", "apple"),
            withEmpty = With("", "apple"),
            empty = With(),
            wrongType = Map(() => Conversion.MapValueToKey("Label", keyData: Ml.Data.LoadFromEnumerable([new KnownNumber()])), "Label"),
            twoColumns = Map(() => Conversion.MapValueToKey("Label", keyData: Ml.Data.LoadFromEnumerable([new KnownTwoColumns { Name = "fig" }])), "Label"),
            byValue = Map(
                Conversion.MapValueToKey(
                    "Label",
                    keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue,
                    keyData: Ml.Data.LoadFromEnumerable([new Known { Name = "fig" }, new Known { Name = "apple" }])),
                "Label"),
        };
    }

    public static object? SeveralColumns()
    {
        IDataView view = Conversion.MapValueToKey([new InputOutputColumnPair("L", "Label"), new InputOutputColumnPair("T", "Tags")], maximumNumberOfKeys: 3).Fit(Data).Transform(Data);
        return new { schema = Show.Schema(view.Schema), l = Mapped(view, "L"), t = Mapped(view, "T") };
    }

    public static object? UnseenValues()
    {
        ITransformer model = Conversion.MapValueToKey("Label").Append(Conversion.MapValueToKey("Tags")).Fit(Data);
        IDataView unseen = model.Transform(Ml.Data.LoadFromEnumerable([new Row { Label = "kiwi", Tags = ["O", "B-ORG"] }, new Row { Label = "", Tags = ["B-LOC"] }, new Row { Label = " pear" }]));
        return Show.Rows(unseen, "Label", "Tags");
    }

    public static object? NothingToMap() => new
    {
        noRows = Map(Conversion.MapValueToKey("Label"), "Label", Ml.Data.LoadFromEnumerable(Array.Empty<Row>())),
        onlyMissing = Map(Conversion.MapValueToKey("Label"), "Label", Ml.Data.LoadFromEnumerable([new Row(), new Row { Label = "" }])),
    };

    public static object? MapBack()
    {
        IDataView keyed = Conversion.MapValueToKey("Label").Append(Conversion.MapValueToKey("Tags")).Append(Conversion.MapValueToKey("Number")).Append(Conversion.MapValueToKey("Flag")).Fit(Data).Transform(Data);
        IDataView back = Conversion.MapKeyToValue("Label").Append(Conversion.MapKeyToValue("Tags")).Append(Conversion.MapKeyToValue("N", "Number")).Append(Conversion.MapKeyToValue("F", "Flag")).Fit(keyed).Transform(keyed);
        return new { schema = Show.Schema(back.Schema), rows = Show.Rows(back, "Label", "Tags", "N", "F") };
    }

    private sealed class PlainKey
    {
        [KeyType(3)]
        public uint Key { get; set; }

        public float Number { get; set; }
    }

    public static object? MapBackErrors()
    {
        IDataView plain = Ml.Data.LoadFromEnumerable([new PlainKey { Key = 1 }]);
        return new
        {
            noKeyValues = Map(Conversion.MapKeyToValue("Key"), "Key", plain),
            notAKey = Map(Conversion.MapKeyToValue("Number"), "Number", plain),
            missing = Map(Conversion.MapKeyToValue("Nope"), "Nope", plain),
        };
    }

    public static object? MapErrors() => new
    {
        missing = Map(Conversion.MapValueToKey("Nope"), "Nope"),
        missingInput = Map(Conversion.MapValueToKey("Key", "Nope"), "Key"),
        nullName = Try(() => Conversion.MapValueToKey((string)null!)),
        alreadyAKey = Map(Conversion.MapValueToKey("Key"), "Key", Ml.Data.LoadFromEnumerable([new PlainKey { Key = 1 }])),
        sameOutputTwice = Try(() => Show.Schema(Conversion.MapValueToKey([new InputOutputColumnPair("L", "Label"), new InputOutputColumnPair("L", "Tags")]).Fit(Data).Transform(Data).Schema)),
        transformOfOtherSchema = Try(() => Show.Schema(Conversion.MapValueToKey("Label").Fit(Data).Transform(Ml.Data.LoadFromEnumerable([new PlainKey()])).Schema)),
    };
}
