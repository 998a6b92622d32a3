// Views over views: caching, taking, skipping, shuffling, splitting and filtering rows.
using Microsoft.ML;
using Microsoft.ML.Data;
using static StandIns.Tests.Observe;

namespace StandIns.Tests;

public static class DataOperationsScenarios
{
    private sealed class Row
    {
        public int Id { get; set; }
        public float Value { get; set; }
        public string Group { get; set; } = "";
    }

    private static IDataView View(MLContext ml, int rows) =>
        ml.Data.LoadFromEnumerable(Enumerable.Range(0, rows).Select(i => new Row { Id = i, Value = i / 2f, Group = $"g{i / 4}" }).ToArray());

    private static object?[] Ids(IDataView view) => Show.Values(view, "Id");

    public static object? TakeAndSkip()
    {
        var ml = new MLContext(seed: 1);
        IDataView view = View(ml, 10);
        return new
        {
            take = Ids(ml.Data.TakeRows(view, 3)),
            skip = Ids(ml.Data.SkipRows(view, 7)),
            both = Ids(ml.Data.TakeRows(ml.Data.SkipRows(view, 2), 3)),
            takeMore = Ids(ml.Data.TakeRows(view, 99)).Length,
            skipMore = Ids(ml.Data.SkipRows(view, 99)).Length,
            takeCount = ml.Data.TakeRows(view, 3).GetRowCount(),
            skipCount = ml.Data.SkipRows(view, 7).GetRowCount(),
            takeNone = Try(() => Ids(ml.Data.TakeRows(view, 0))),
            skipNone = Try(() => Ids(ml.Data.SkipRows(view, 0))),
            takeNegative = Try(() => Ids(ml.Data.TakeRows(view, -1))),
            skipNegative = Try(() => Ids(ml.Data.SkipRows(view, -1))),
            sameSchema = ReferenceEquals(view.Schema, ml.Data.TakeRows(view, 3).Schema),
        };
    }

    public static object? CursorPositionAfterSkip()
    {
        var ml = new MLContext(seed: 1);
        IDataView view = ml.Data.SkipRows(View(ml, 5), 3);
        using DataViewRowCursor cursor = view.GetRowCursor(view.Schema);
        cursor.MoveNext();
        DataViewRowId id = default;
        cursor.GetIdGetter()(ref id);
        return new { cursor.Position, id = id.ToString() };
    }

    public static object? Cache()
    {
        var ml = new MLContext(seed: 1);
        int read = 0;
        IEnumerable<Row> Source()
        {
            for (int i = 0; i < 5; i++)
            {
                read++;
                yield return new Row { Id = i };
            }
        }
        IDataView lazy = ml.Data.LoadFromEnumerable(Source());
        IDataView cached = ml.Data.Cache(lazy);
        int before = read;
        long? countBefore = cached.GetRowCount();
        object?[] first = Ids(cached), second = Ids(cached);
        int after = read;
        return new { before, countBefore, first, second, readTimes = after / 5, count = cached.GetRowCount(), cached.CanShuffle, schema = Show.Schema(cached.Schema) };
    }

    public static object? CacheOfChosenColumns()
    {
        var ml = new MLContext(seed: 1);
        IDataView cached = ml.Data.Cache(View(ml, 3), "Id", "Group");
        return new { rows = Show.Rows(cached), unknown = Try(() => Show.Rows(ml.Data.Cache(View(ml, 3), "Nope"))) };
    }

    public static object? CacheKeepsKeysAndVectors()
    {
        var ml = new MLContext(seed: 1);
        IDataView keyed = ml.Transforms.Conversion.MapValueToKey("Group").Fit(View(ml, 9)).Transform(View(ml, 9));
        IDataView cached = ml.Data.Cache(keyed);
        return new { schema = Show.Schema(cached.Schema), rows = Show.Rows(cached, "Id", "Group") };
    }

    public static object? CacheOfCacheIsTheSame()
    {
        var ml = new MLContext(seed: 1);
        IDataView cached = ml.Data.Cache(View(ml, 3));
        return ReferenceEquals(cached, ml.Data.Cache(cached));
    }

    public static object? ShuffleRows()
    {
        var ml = new MLContext(seed: 1);
        IDataView view = View(ml, 20);
        object?[] first = Ids(ml.Data.ShuffleRows(view, seed: 5)), second = Ids(ml.Data.ShuffleRows(view, seed: 5)), other = Ids(ml.Data.ShuffleRows(view, seed: 6));
        IDataView shuffled = ml.Data.ShuffleRows(view, seed: 5);
        return new
        {
            sameSeed = first.SequenceEqual(second),
            otherSeed = first.SequenceEqual(other),
            complete = first.Order().SequenceEqual(Ids(view)),
            secondPass = Ids(shuffled).SequenceEqual(Ids(shuffled)),
            count = shuffled.GetRowCount(),
            noPool = Try(() => Ids(ml.Data.ShuffleRows(view, seed: 5, shufflePoolSize: 0))),
        };
    }

    public static object? ShuffleRowsExactOrder()
    {
        var ml = new MLContext(seed: 1);
        IDataView view = View(ml, 20);
        return new
        {
            seed5 = Ids(ml.Data.ShuffleRows(view, seed: 5)),
            smallPool = Ids(ml.Data.ShuffleRows(view, seed: 5, shufflePoolSize: 2)),
            cached = Ids(ml.Data.ShuffleRows(ml.Data.Cache(view), seed: 5)),
            notSource = Ids(ml.Data.ShuffleRows(view, seed: 5, shuffleSource: false)),
        };
    }

    private static object Split(int rows, double fraction, int? seed, string? groupBy = null, int? contextSeed = 1)
    {
        var ml = new MLContext(contextSeed);
        DataOperationsCatalog.TrainTestData split = ml.Data.TrainTestSplit(View(ml, rows), fraction, groupBy, seed);
        return new { test = Ids(split.TestSet), train = Ids(split.TrainSet).Length };
    }

    public static object? TrainTestSplitOf20() => new
    {
        seed1 = Split(20, 0.25, 1),
        seed2 = Split(20, 0.25, 2),
        half = Split(20, 0.5, 1),
        tenth = Split(20, 0.1, 1),
    };

    public static object? TrainTestSplitOf100() => new { seed1 = Split(100, 0.2, 1), seed42 = Split(100, 0.2, 42), third = Split(100, 0.3, 1) };

    public static object? TrainTestSplitWithContextSeed() => new
    {
        contextSeed1 = Split(20, 0.25, null),
        contextSeed2 = Split(20, 0.25, null, contextSeed: 2),
        noContextSeed = Split(20, 0.25, null, contextSeed: null),
    };

    public static object? SplitsOfOneContextAreEqual()
    {
        var ml = new MLContext(seed: 7);
        IDataView view = View(ml, 20);
        object?[] first = Ids(ml.Data.TrainTestSplit(view, 0.25).TestSet), second = Ids(ml.Data.TrainTestSplit(view, 0.25).TestSet);
        return first.SequenceEqual(second);
    }

    public static object? TrainTestSplitKeepsGroupsTogether()
    {
        var ml = new MLContext(seed: 1);
        DataOperationsCatalog.TrainTestData split = ml.Data.TrainTestSplit(View(ml, 40), 0.3, samplingKeyColumnName: "Group", seed: 1);
        var train = Show.Values(split.TrainSet, "Group").Distinct().ToList();
        var test = Show.Values(split.TestSet, "Group").Distinct().ToList();
        return new { test, train, overlap = train.Intersect(test).Count() };
    }

    public static object? TrainTestSplitSchema()
    {
        var ml = new MLContext(seed: 1);
        DataOperationsCatalog.TrainTestData plain = ml.Data.TrainTestSplit(View(ml, 20), 0.25), grouped = ml.Data.TrainTestSplit(View(ml, 20), 0.25, "Group");
        return new { plain = Show.Schema(plain.TrainSet.Schema), grouped = Show.Schema(grouped.TestSet.Schema), count = plain.TestSet.GetRowCount() };
    }

    public static object? TrainTestSplitErrors()
    {
        var ml = new MLContext(seed: 1);
        IDataView view = View(ml, 20);
        return new
        {
            zero = Try(() => ml.Data.TrainTestSplit(view, 0).TestSet.Schema.Count),
            one = Try(() => ml.Data.TrainTestSplit(view, 1).TestSet.Schema.Count),
            negative = Try(() => ml.Data.TrainTestSplit(view, -0.5).TestSet.Schema.Count),
            missingColumn = Try(() => ml.Data.TrainTestSplit(view, 0.5, "Nope").TestSet.Schema.Count),
            nullData = Try(() => ml.Data.TrainTestSplit(null!, 0.5).TestSet.Schema.Count),
        };
    }

    public static object? TrainTestSplitByFloatAndIntColumns()
    {
        object? By(string column) => Try(() =>
        {
            var ml = new MLContext(seed: 1);
            return Ids(ml.Data.TrainTestSplit(View(ml, 20), 0.25, column, seed: 1).TestSet);
        });
        return new { single = By("Value"), integer = By("Id") };
    }

    public static object? CrossValidationSplit()
    {
        object? Folds(int rows, int folds, string? groupBy, int? seed) => Try(() =>
        {
            var ml = new MLContext(seed: 1);
            return ml.Data.CrossValidationSplit(View(ml, rows), folds, groupBy, seed).Select(f => new { test = Ids(f.TestSet), train = Ids(f.TrainSet).Length }).ToList();
        });
        return new
        {
            threeOf20 = Folds(20, 3, null, 1),
            fiveOf20 = Folds(20, 5, null, null),
            otherSeed = Folds(20, 3, null, 2),
            grouped = Folds(24, 2, "Group", 1),
            one = Folds(20, 1, null, 1),
            moreThanRows = Folds(3, 5, null, 1),
        };
    }

    public static object? FilterByValue()
    {
        var ml = new MLContext(seed: 1);
        IDataView view = View(ml, 10);
        return new
        {
            range = Ids(ml.Data.FilterRowsByColumn(view, "Value", 1, 3)),
            from = Ids(ml.Data.FilterRowsByColumn(view, "Value", lowerBound: 3)),
            to = Ids(ml.Data.FilterRowsByColumn(view, "Value", upperBound: 1)),
            empty = Try(() => Ids(ml.Data.FilterRowsByColumn(view, "Value", 3, 1))),
            onInt = Try(() => Ids(ml.Data.FilterRowsByColumn(view, "Id", 3, 5))),
            onText = Try(() => Ids(ml.Data.FilterRowsByColumn(view, "Group", 3, 5))),
            missing = Try(() => Ids(ml.Data.FilterRowsByColumn(view, "Nope", 3, 5))),
            count = ml.Data.FilterRowsByColumn(view, "Value", 1, 3).GetRowCount(),
        };
    }

    private sealed class Gaps
    {
        public int Id { get; set; }
        public float Value { get; set; }
        public string? Text { get; set; }
        public float[] Many { get; set; } = [];
    }

    public static object? FilterMissing()
    {
        var ml = new MLContext(seed: 1);
        IDataView view = ml.Data.LoadFromEnumerable(new Gaps[]
        {
            new() { Id = 0, Value = 1, Text = "a", Many = [1f] },
            new() { Id = 1, Value = float.NaN, Text = "b", Many = [1f] },
            new() { Id = 2, Value = 1, Text = null, Many = [1f] },
            new() { Id = 3, Value = 1, Text = "", Many = [1f, float.NaN] },
            new() { Id = 4, Value = float.PositiveInfinity, Text = "c", Many = [] },
        });
        return new
        {
            byFloat = Ids(ml.Data.FilterRowsByMissingValues(view, "Value")),
            byVector = Ids(ml.Data.FilterRowsByMissingValues(view, "Many")),
            byBoth = Ids(ml.Data.FilterRowsByMissingValues(view, "Value", "Many")),
            byText = Try(() => Ids(ml.Data.FilterRowsByMissingValues(view, "Text"))),
            byInt = Try(() => Ids(ml.Data.FilterRowsByMissingValues(view, "Id"))),
            missing = Try(() => Ids(ml.Data.FilterRowsByMissingValues(view, "Nope"))),
        };
    }

    public static object? FilterByKeyColumnFraction()
    {
        var ml = new MLContext(seed: 1);
        IDataView keyed = ml.Transforms.Conversion.MapValueToKey("Group").Fit(View(ml, 16)).Transform(View(ml, 16));
        return new
        {
            lowerHalf = Ids(ml.Data.FilterRowsByKeyColumnFraction(keyed, "Group", 0, 0.5)),
            lastQuarter = Ids(ml.Data.FilterRowsByKeyColumnFraction(keyed, "Group", 0.75, 1)),
        };
    }

    public static object? PartlyReadViewsCanBeReadAgain()
    {
        var ml = new MLContext(seed: 1);
        IDataView view = ml.Data.Cache(View(ml, 10));
        using (DataViewRowCursor cursor = view.GetRowCursor(view.Schema))
        {
            cursor.MoveNext();
            cursor.MoveNext();
        }
        return Ids(view);
    }
}
