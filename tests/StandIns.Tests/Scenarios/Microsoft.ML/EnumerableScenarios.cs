// Data from .NET objects.
using Microsoft.ML;
using Microsoft.ML.Data;
using static StandIns.Tests.Observe;

namespace StandIns.Tests;

public static partial class EnumerableScenarios
{
    private static readonly MLContext Ml = new(seed: 1);

    private sealed class Review
    {
        public string? Text { get; set; }
        public float Score { get; set; }
        public bool Good { get; set; }
    }

    private static readonly Review[] Reviews =
    [
        new() { Text = "fine", Score = 1.5f, Good = true },
        new() { Text = null, Score = float.NaN },
        new() { Text = "", Score = float.PositiveInfinity },
    ];

    public static object? SimpleProperties()
    {
        IDataView view = Ml.Data.LoadFromEnumerable(Reviews);
        return new { schema = Show.Schema(view.Schema), rows = Show.Rows(view) };
    }

#pragma warning disable CS0649 // fields that only the data view fills
    private sealed class AllTypes
    {
        public sbyte SByte = -1;
        public byte Byte = 255;
        public short Short = -2;
        public ushort UShort = 2;
        public int Int = -3;
        public uint UInt = 3;
        public long Long = long.MinValue;
        public ulong ULong = ulong.MaxValue;
        public float Float = 0.1f;
        public double Double = 0.1;
        public bool Bool = true;
        public string String = "é";
        public ReadOnlyMemory<char> Memory = "memory".AsMemory();
        public DateTime Date = new(2024, 2, 29, 1, 2, 3, DateTimeKind.Utc);
        public TimeSpan Span = TimeSpan.FromMinutes(90);
        public float[] Floats = [1f, 2f];
        public string[] Strings = ["a", "b"];
        public VBuffer<float> Buffer = new(3, [1f, 2f, 3f]);
    }

    public static object? EveryFieldType()
    {
        IDataView view = Ml.Data.LoadFromEnumerable([new AllTypes()]);
        return new { schema = Show.Schema(view.Schema), row = Show.Rows(view)[0] };
    }

    private class Base
    {
        public int InBase { get; set; } = 1;
        public int BaseField = 2;
    }

    private sealed class Derived : Base
    {
        public int Second { get; set; } = 3;
        public int First = 4;
        public int ReadOnly => 5;
        public static int Static { get; set; } = 6;
        public const int Constant = 7;
        private int Private { get; set; } = 8;
        internal int Internal { get; set; } = 9;
        public int PrivateSetter { get; private set; } = 10;
        public int Sum() => Private + Internal;
    }

    public static object? WhichMembersBecomeColumns() => Show.Schema(Ml.Data.LoadFromEnumerable([new Derived()]).Schema);

    private sealed class Attributed
    {
        [ColumnName("renamed")]
        public string Text { get; set; } = "t";

        [NoColumn]
        public string Ignored { get; set; } = "i";

        [LoadColumn(7)]
        public float Loaded { get; set; } = 1f;

        [KeyType(5)]
        public uint Key { get; set; } = 3;

        [KeyType(5)]
        [VectorType(2)]
        public uint[] Keys { get; set; } = [1, 2];

        [VectorType(3)]
        public float[] Three { get; set; } = [1f, 2f, 3f];

        [VectorType(2, 2)]
        public float[] Matrix { get; set; } = [1f, 2f, 3f, 4f];

        [VectorType]
        public float[] Any { get; set; } = [1f];
    }

    public static object? Attributes()
    {
        IDataView view = Ml.Data.LoadFromEnumerable([new Attributed()]);
        return new { schema = Show.Schema(view.Schema), row = Show.Rows(view)[0] };
    }

    private sealed class KeyRow
    {
        [KeyType(3)]
        public uint Key { get; set; }
    }

    public static object? KeysOutsideTheirRange()
    {
        IDataView view = Ml.Data.LoadFromEnumerable(new uint[] { 0, 1, 3, 4, 100 }.Select(k => new KeyRow { Key = k }));
        return new { type = view.Schema["Key"].Type.ToString(), raw = Show.Values(view, "Key"), back = Ml.Data.CreateEnumerable<KeyRow>(view, false).Select(r => r.Key) };
    }

    private sealed class VectorRow
    {
        [VectorType(3)]
        public float[]? Three { get; set; }

        public float[]? Any { get; set; }

        public string?[]? Words { get; set; }
    }

    public static object? VectorsOfWrongLength()
    {
        object? Read(float[]? three) => Try(() => Show.Values(Ml.Data.LoadFromEnumerable([new VectorRow { Three = three, Any = [] }]), "Three")[0]);
        return new { right = Read([1f, 2f, 3f]), few = Read([1f, 2f]), many = Read([1f, 2f, 3f, 4f]), none = Read(null), empty = Read([]) };
    }

    public static object? VectorsOfAnyLength()
    {
        VectorRow[] rows = [new() { Any = [1f], Words = ["a", null, ""] }, new() { Any = [], Words = [] }, new() { Any = null, Words = null }];
        return Show.Rows(Ml.Data.LoadFromEnumerable(rows), "Any", "Words");
    }

    private sealed class Unsupported
    {
        public string Text { get; set; } = "";
        public List<float> List { get; set; } = [];
    }

    private sealed class NoColumns
    {
        [NoColumn]
        public string Text { get; set; } = "";
    }

    private sealed class NullableRow
    {
        public float? Value { get; set; }
    }

    private enum Colour
    {
        Red,
    }

    private sealed class EnumRow
    {
        public Colour Colour { get; set; }
    }

    public static object? UnsupportedMembers() => new
    {
        list = Try(() => Show.Schema(Ml.Data.LoadFromEnumerable([new Unsupported()]).Schema)),
        nullable = Try(() => Show.Schema(Ml.Data.LoadFromEnumerable([new NullableRow()]).Schema)),
        @enum = Try(() => Show.Schema(Ml.Data.LoadFromEnumerable([new EnumRow()]).Schema)),
        nothing = Try(() => Show.Schema(Ml.Data.LoadFromEnumerable([new NoColumns()]).Schema)),
        nullList = Try(() => Ml.Data.LoadFromEnumerable<Review>(null!).Schema.Count),
    };

    private sealed class Twice
    {
        [ColumnName("A")]
        public float First { get; set; } = 1f;

        [ColumnName("A")]
        public float Second { get; set; } = 2f;
    }

    public static object? SameColumnNameTwice() => Try(() => Show.Schema(Ml.Data.LoadFromEnumerable([new Twice()]).Schema));

    public static object? NullRows() => Try(() => Show.Rows(Ml.Data.LoadFromEnumerable([Reviews[0], null!, Reviews[2]]), "Text"));

    public static object? EmptyList()
    {
        IDataView view = Ml.Data.LoadFromEnumerable(Array.Empty<Review>());
        return new { schema = Show.Schema(view.Schema), rows = Show.Rows(view).Length, count = view.GetRowCount() };
    }

    public static object? LazySourceIsReadAgain()
    {
        int passes = 0;
        IEnumerable<Review> Source()
        {
            passes++;
            foreach (Review review in Reviews)
                yield return review;
        }
        IDataView view = Ml.Data.LoadFromEnumerable(Source());
        int atLoad = passes;
        Show.Rows(view);
        Show.Rows(view);
        return new { atLoad, afterTwoReads = passes, count = view.GetRowCount(), view.CanShuffle };
    }

    public static object? ListsKnowTheirCount() => new
    {
        array = Ml.Data.LoadFromEnumerable(Reviews).GetRowCount(),
        list = Ml.Data.LoadFromEnumerable(Reviews.ToList()).GetRowCount(),
        select = Ml.Data.LoadFromEnumerable(Reviews.Where(r => r.Good)).GetRowCount(),
        arrayCanShuffle = Ml.Data.LoadFromEnumerable(Reviews).CanShuffle,
        selectCanShuffle = Ml.Data.LoadFromEnumerable(Reviews.Where(r => r.Good)).CanShuffle,
    };

    public static object? ChangesAfterLoadingShow()
    {
        var list = new List<Review> { new() { Text = "before" } };
        IDataView view = Ml.Data.LoadFromEnumerable(list);
        list[0].Text = "after";
        return Try(() => Show.Values(view, "Text"));
    }

    private sealed class Loose
    {
        public string Text { get; set; } = "";
        public uint Label { get; set; }
        public float[] Features { get; set; } = [];
    }

    public static object? SchemaDefinitionByType()
    {
        SchemaDefinition definition = SchemaDefinition.Create(typeof(Loose));
        return definition.Select(c => new { c.ColumnName, c.MemberName, type = c.ColumnType?.ToString() });
    }

    public static object? SchemaDefinitionChangesColumns()
    {
        SchemaDefinition definition = SchemaDefinition.Create(typeof(Loose));
        definition["Label"].ColumnType = new KeyDataViewType(typeof(uint), 4);
        definition["Features"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 2);
        definition["Text"].ColumnName = "Sentence";
        IDataView view = Ml.Data.LoadFromEnumerable([new Loose { Text = "t", Label = 2, Features = [1f, 2f] }], definition);
        definition.RemoveAt(0);
        IDataView fewer = Ml.Data.LoadFromEnumerable([new Loose { Text = "t", Label = 2, Features = [1f, 2f] }], definition);
        return new { all = Show.Schema(view.Schema), row = Show.Rows(view)[0], afterRemoval = Show.Schema(fewer.Schema) };
    }

    public static object? SchemaDefinitionWithAnnotation()
    {
        SchemaDefinition definition = SchemaDefinition.Create(typeof(Loose));
        definition["Features"].AddAnnotation("Note", "some text".AsMemory(), TextDataViewType.Instance);
        IDataView view = Ml.Data.LoadFromEnumerable([new Loose()], definition);
        return new { column = Show.Column(view.Schema["Features"]), value = Show.Annotation(view.Schema["Features"], "Note") };
    }

    public static object? SchemaDefinitionErrors()
    {
        SchemaDefinition wrong = SchemaDefinition.Create(typeof(Loose));
        wrong["Text"].ColumnType = NumberDataViewType.Single;
        SchemaDefinition twice = SchemaDefinition.Create(typeof(Loose));
        twice["Text"].ColumnName = "Label";
        return new
        {
            wrongType = Try(() => Show.Schema(Ml.Data.LoadFromEnumerable([new Loose()], wrong).Schema)),
            sameNameTwice = Try(() => Show.Schema(Ml.Data.LoadFromEnumerable([new Loose()], twice).Schema)),
            unknownColumnIsNull = SchemaDefinition.Create(typeof(Loose))["Nope"] is null,
            nullType = Try(() => SchemaDefinition.Create(null!).Count),
        };
    }

    public static object? LoadWithSchemaOfAnotherView()
    {
        SchemaDefinition definition = SchemaDefinition.Create(typeof(Loose));
        definition["Label"].ColumnType = new KeyDataViewType(typeof(uint), 4);
        DataViewSchema schema = Ml.Data.LoadFromEnumerable([new Loose()], definition).Schema;
        IDataView view = Ml.Data.LoadFromEnumerable([new Loose { Label = 3 }], schema);
        return new { schema = Show.Schema(view.Schema), row = Show.Rows(view)[0] };
    }
}
