// Data back to .NET objects, and how cursors behave.
using Microsoft.ML;
using Microsoft.ML.Data;
using static StandIns.Tests.Observe;

namespace StandIns.Tests;

public static partial class EnumerableScenarios
{
#pragma warning disable CS0649 // fields that only the data view fills
    private sealed class TextOnly
    {
        public string Text { get; set; } = "default";
    }

    private sealed class WithExtra
    {
        public string Text { get; set; } = "default";
        public float Extra { get; set; } = 42f;
    }

    private sealed class WrongType
    {
        public float Text { get; set; }
    }

    public static object? CreateEnumerable()
    {
        IDataView view = Ml.Data.LoadFromEnumerable(Reviews);
        return new
        {
            all = Ml.Data.CreateEnumerable<Review>(view, reuseRowObject: false).Select(r => new { r.Text, r.Score, r.Good }).ToList(),
            some = Ml.Data.CreateEnumerable<TextOnly>(view, reuseRowObject: false).Select(r => r.Text).ToList(),
            missing = Try(() => Ml.Data.CreateEnumerable<WithExtra>(view, reuseRowObject: false).Select(r => r.Extra).ToList()),
            ignored = Try(() => Ml.Data.CreateEnumerable<WithExtra>(view, reuseRowObject: false, ignoreMissingColumns: true).Select(r => new { r.Text, r.Extra }).ToList()),
            wrongType = Try(() => Ml.Data.CreateEnumerable<WrongType>(view, reuseRowObject: false).Count()),
            wrongTypeEvenIfIgnored = Try(() => Ml.Data.CreateEnumerable<WrongType>(view, reuseRowObject: false, ignoreMissingColumns: true).Count()),
        };
    }

    public static object? CreateEnumerableReusesRow()
    {
        IDataView view = Ml.Data.LoadFromEnumerable(Reviews);
        return new
        {
            reused = Ml.Data.CreateEnumerable<Review>(view, reuseRowObject: true).Distinct().Count(),
            fresh = Ml.Data.CreateEnumerable<Review>(view, reuseRowObject: false).Distinct().Count(),
            valuesWhileReading = Ml.Data.CreateEnumerable<Review>(view, reuseRowObject: true).Select(r => r.Text).ToList(),
        };
    }

    public static object? CreateEnumerableOfVectors()
    {
        IDataView view = Ml.Data.LoadFromEnumerable([new VectorRow { Three = [1f, 2f, 3f], Any = [4f], Words = ["x", "y"] }, new VectorRow { Three = [5f, 6f, 7f], Any = [], Words = null }]);
        List<VectorRow> rows = Ml.Data.CreateEnumerable<VectorRow>(view, reuseRowObject: false).ToList();
        return new { rows = rows.Select(r => new { r.Three, r.Any, r.Words }), ownArrays = !ReferenceEquals(rows[0].Three, rows[1].Three) };
    }

    private sealed class AnyVector
    {
        public float[] Three { get; set; } = [];
    }

    private sealed class FourVector
    {
        [VectorType(4)]
        public float[] Three { get; set; } = [];
    }

    private sealed class ScalarInstead
    {
        public float Three { get; set; }
    }

    private sealed class BufferInstead
    {
        public VBuffer<float> Three { get; set; }
    }

    public static object? CreateEnumerableVectorSizes()
    {
        IDataView view = Ml.Data.LoadFromEnumerable([new VectorRow { Three = [1f, 2f, 3f] }]);
        IDataView any = Ml.Data.LoadFromEnumerable([new AnyVector { Three = [1f, 2f] }]);
        return new
        {
            fixedToAny = Try(() => Ml.Data.CreateEnumerable<AnyVector>(view, false).Single().Three),
            fixedToOtherSize = Try(() => Ml.Data.CreateEnumerable<FourVector>(view, false).Single().Three),
            anyToFixed = Try(() => Ml.Data.CreateEnumerable<FourVector>(any, false).Single().Three),
            vectorToScalar = Try(() => Ml.Data.CreateEnumerable<ScalarInstead>(view, false).Single().Three),
            toBuffer = Try(() => Ml.Data.CreateEnumerable<BufferInstead>(view, false).Single().Three.DenseValues()),
        };
    }

    private sealed class Narrow
    {
        public uint Key { get; set; }
    }

    public static object? KeysToPlainNumbers()
    {
        IDataView view = Ml.Data.LoadFromEnumerable([new KeyRow { Key = 2 }]);
        IDataView plain = Ml.Data.LoadFromEnumerable([new Narrow { Key = 2 }]);
        return new
        {
            keyToNumber = Try(() => Ml.Data.CreateEnumerable<Narrow>(view, false).Single().Key),
            numberToKey = Try(() => Ml.Data.CreateEnumerable<KeyRow>(plain, false).Single().Key),
        };
    }

    public static object? GetColumnExtension()
    {
        IDataView view = Ml.Data.LoadFromEnumerable(Reviews);
        IDataView vectors = Ml.Data.LoadFromEnumerable([new VectorRow { Three = [1f, 2f, 3f], Words = ["a", "b"] }]);
        return new
        {
            strings = view.GetColumn<string>("Text").ToArray(),
            floats = view.GetColumn<float>("Score").ToArray(),
            memory = view.GetColumn<ReadOnlyMemory<char>>(view.Schema["Text"]).Select(m => m.ToString()).ToArray(),
            array = vectors.GetColumn<float[]>("Three").Single(),
            words = vectors.GetColumn<string[]>("Words").Single(),
            buffer = vectors.GetColumn<VBuffer<float>>("Three").Single().DenseValues().ToArray(),
            missing = Try(() => view.GetColumn<float>("Nope").Count()),
            wrongType = Try(() => view.GetColumn<int>("Score").Count()),
            textAsFloat = Try(() => view.GetColumn<float>("Text").Count()),
            scalarAsArray = Try(() => view.GetColumn<float[]>("Score").Count()),
        };
    }

    public static object? CursorMoves()
    {
        IDataView view = Ml.Data.LoadFromEnumerable(Reviews);
        using DataViewRowCursor cursor = view.GetRowCursor(view.Schema);
        long before = cursor.Position;
        var seen = new List<object>();
        while (cursor.MoveNext())
        {
            DataViewRowId id = default;
            cursor.GetIdGetter()(ref id);
            seen.Add(new { cursor.Position, cursor.Batch, id = id.ToString() });
        }
        return new { before, seen, after = cursor.Position, movesOn = cursor.MoveNext(), schemaIsTheViews = ReferenceEquals(cursor.Schema, view.Schema) };
    }

    public static object? CursorGivesAskedColumnsOnly()
    {
        IDataView view = Ml.Data.LoadFromEnumerable(Reviews);
        using DataViewRowCursor cursor = view.GetRowCursor([view.Schema["Score"]]);
        using DataViewRowCursor none = view.GetRowCursor([]);
        int rows = 0;
        while (none.MoveNext())
            rows++;
        return new
        {
            active = view.Schema.Select(c => cursor.IsColumnActive(c)),
            inactive = Try(() => cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Text"])),
            wrongType = Try(() => cursor.GetGetter<double>(view.Schema["Score"])),
            stringInsteadOfMemory = Try(() => cursor.GetGetter<string>(view.Schema["Score"])),
            rowsWithoutColumns = rows,
        };
    }

    public static object? GetterBeforeAndAfterTheRows()
    {
        IDataView view = Ml.Data.LoadFromEnumerable(Reviews);
        using DataViewRowCursor cursor = view.GetRowCursor(view.Schema);
        ValueGetter<float> getter = cursor.GetGetter<float>(view.Schema["Score"]);
        float value = 0;
        bool throwsBefore = ErrorType(() => getter(ref value)) != "no exception";
        while (cursor.MoveNext())
        {
        }
        return new { throwsBefore, throwsAfter = ErrorType(() => getter(ref value)) != "no exception" };
    }

    public static object? ShuffledCursor()
    {
        IDataView view = Ml.Data.LoadFromEnumerable(Enumerable.Range(0, 10).Select(i => new Numbered { Id = i }).ToArray());
        object?[] Ids(Random? random)
        {
            using DataViewRowCursor cursor = view.GetRowCursor(view.Schema, random);
            return Show.Rows(cursor, view.Schema).Select(r => r[0]).ToArray();
        }
        object?[] first = Ids(new Random(3)), second = Ids(new Random(3));
        using DataViewRowCursor again = view.GetRowCursor(view.Schema, new Random(3));
        again.MoveNext();
        return new { first, sameSeedSameOrder = first.SequenceEqual(second), all = first.Order(), unshuffled = Ids(null), firstPosition = again.Position };
    }

    private sealed class Numbered
    {
        public int Id { get; set; }
    }

    public static object? CursorSet()
    {
        IDataView view = Ml.Data.LoadFromEnumerable(Enumerable.Range(0, 10).Select(i => new Numbered { Id = i }).ToArray());
        DataViewRowCursor[] cursors = view.GetRowCursorSet(view.Schema, 4);
        object?[] ids = cursors.SelectMany(c => Show.Rows(c, view.Schema)).Select(r => r[0]).ToArray();
        Array.ForEach(cursors, c => c.Dispose());
        return new { cursors = cursors.Length, ids };
    }

    public static object? TextGetterKeepsEarlierValues()
    {
        IDataView view = Ml.Data.LoadFromEnumerable(Reviews);
        using DataViewRowCursor cursor = view.GetRowCursor(view.Schema);
        ValueGetter<ReadOnlyMemory<char>> getter = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Text"]);
        var kept = new List<ReadOnlyMemory<char>>();
        while (cursor.MoveNext())
        {
            ReadOnlyMemory<char> text = default;
            getter(ref text);
            kept.Add(text);
        }
        return kept.Select(t => t.ToString());
    }
#pragma warning restore CS0649
}
