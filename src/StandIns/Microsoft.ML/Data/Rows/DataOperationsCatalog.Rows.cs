// The catalog's operations on rows: caching, taking, skipping, shuffling, filtering and splitting.
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

namespace Microsoft.ML;

public sealed partial class DataOperationsCatalog
{
    public IDataView Cache(IDataView input, params string[] columnsToPrefetch)
    {
        _env.CheckValue(input, nameof(input));
        int[] prefetch = (columnsToPrefetch ?? [])
            .Select(name => input.Schema.GetColumnOrNull(name)?.Index ?? throw _env.ExceptSchemaMismatch(nameof(columnsToPrefetch), "prefetch", name))
            .ToArray();
        return new CacheDataView(_env, input, prefetch);
    }

    public IDataView TakeRows(IDataView input, long count)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckParam(count > 0, nameof(count), "Must be greater than zero.");
        return new SkipTakeFilter(_env.Register("Take"), input, 0, count);
    }

    public IDataView SkipRows(IDataView input, long count)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckParam(count > 0, nameof(count), "Must be greater than zero.");
        return new SkipTakeFilter(_env.Register("Skip"), input, count, long.MaxValue);
    }

    public IDataView ShuffleRows(IDataView input, int? seed = null, int shufflePoolSize = 1000, bool shuffleSource = true)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckParam(shufflePoolSize > 0, nameof(shufflePoolSize), "Must be positive");
        IHost host = _env.Register("Shuffle");
        return new ShuffledRows(host, input, shufflePoolSize, shuffleSource, seed ?? host.Rand.Next());
    }

    public IDataView FilterRowsByColumn(IDataView input, string columnName, double lowerBound = double.NegativeInfinity, double upperBound = double.PositiveInfinity)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckNonEmpty(columnName, nameof(columnName));
        _env.CheckParam(lowerBound <= upperBound, nameof(upperBound), "Must be less than lowerBound");
        DataViewSchema.Column column = input.Schema[columnName];
        if (column.Type is not NumberDataViewType)
            throw _env.ExceptSchemaMismatch(nameof(columnName), "filter", columnName, "number", column.Type.ToString());
        bool isReal = column.Type == NumberDataViewType.Single || column.Type == NumberDataViewType.Double;
        _env.CheckUserArg(isReal, "Column", $"Column '{columnName}' does not have compatible type");
        return Filter(input, column, v => v >= lowerBound && v < upperBound);
    }

    public IDataView FilterRowsByKeyColumnFraction(IDataView input, string columnName, double lowerBound = 0, double upperBound = 1)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckNonEmpty(columnName, nameof(columnName));
        _env.CheckParam(lowerBound is >= 0 and <= 1, nameof(lowerBound), "Must be in [0, 1]");
        _env.CheckParam(upperBound is >= 0 and <= 2, nameof(upperBound), "Must be in [0, 2]");
        _env.CheckParam(lowerBound <= upperBound, nameof(upperBound), "Must be no less than lowerBound");
        DataViewSchema.Column column = input.Schema[columnName];
        if (column.Type is not KeyDataViewType key)
            throw _env.ExceptSchemaMismatch(nameof(columnName), "filter", columnName, "KeyType", column.Type.ToString());
        return Filter(input, column, v => (v + 0.5) / key.Count is var fraction && fraction >= lowerBound && fraction < upperBound);
    }

    public IDataView FilterRowsByMissingValues(IDataView input, params string[] columns)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckNonEmpty(columns, nameof(columns));
        DataViewSchema.Column[] tested = [.. columns.Select(n => input.Schema.GetColumnOrNull(n) ?? throw _env.ExceptUserArg("Columns", $"Source column '{n}' not found"))];
        var tests = tested.Select(c => MissingValues.Test(c)
            ?? throw _env.ExceptUserArg("Columns", $"Column '{c.Name}' has type {c.Type} which does not support missing values, so we cannot filter on them")).ToArray();
        Func<bool> IsComplete(DataViewRow row)
        {
            Func<bool>[] isMissing = [.. tests.Select(t => t(row))];
            return () => !isMissing.Any(t => t());
        }
        return new RowFilter(_env.Register("MissingValueFilter"), input, tested, IsComplete);
    }

    public TrainTestData TrainTestSplit(IDataView data, double testFraction = 0.1, string samplingKeyColumnName = null, int? seed = null)
    {
        _env.CheckValue(data, nameof(data));
        _env.CheckParam(testFraction is > 0 and < 1, nameof(testFraction), "Must be between 0 and 1 exclusive");
        var split = new RowSplit(_env, data, samplingKeyColumnName, seed);
        return new TrainTestData(split.Part(0, testFraction, others: true), split.Part(0, testFraction));
    }

    public IReadOnlyList<TrainTestData> CrossValidationSplit(IDataView data, int numberOfFolds = 5, string samplingKeyColumnName = null, int? seed = null) =>
        Folds(_env, data, numberOfFolds, samplingKeyColumnName, seed);

    /// <summary>Every row is in one fold's test set and in all the others' training sets.</summary>
    internal static TrainTestData[] Folds(IHostEnvironment env, IDataView data, int numberOfFolds, string samplingKeyColumnName, int? seed)
    {
        env.CheckValue(data, nameof(data));
        env.CheckParam(numberOfFolds > 1, nameof(numberOfFolds), "Must be more than 1");
        var split = new RowSplit(env, data, samplingKeyColumnName, seed);
        return Enumerable.Range(0, numberOfFolds).Select(fold =>
        {
            double from = fold / (double)numberOfFolds;
            // Beyond 1, so that the largest value of a column that is split by its values is in the last fold.
            double to = fold == numberOfFolds - 1 ? 2 : (fold + 1) / (double)numberOfFolds;
            return new TrainTestData(split.Part(from, to, others: true), split.Part(from, to));
        }).ToArray();
    }

    private RowFilter Filter(IDataView input, DataViewSchema.Column column, Func<double, bool> isWanted)
    {
        Func<bool> Test(DataViewRow row)
        {
            Func<double> number = EvaluatedColumn.NumberGetter(row, column);
            return () => isWanted(number());
        }
        return new RowFilter(_env.Register("RangeFilter"), input, [column], Test);
    }

    /// <summary>The two parts of a split.</summary>
    public readonly struct TrainTestData
    {
        public readonly IDataView TrainSet;
        public readonly IDataView TestSet;

        internal TrainTestData(IDataView trainSet, IDataView testSet)
        {
            TrainSet = trainSet;
            TestSet = testSet;
        }
    }
}
