// Schemas, their builders and annotations, and the type objects of columns.
using Microsoft.ML;
using Microsoft.ML.Data;
using static StandIns.Tests.Observe;

namespace StandIns.Tests;

public static class SchemaScenarios
{
    public static object? BuilderKeepsOrder()
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Text", TextDataViewType.Instance);
        builder.AddColumn("Label", new KeyDataViewType(typeof(uint), 3));
        builder.AddColumn("Score", new VectorDataViewType(NumberDataViewType.Single, 3));
        DataViewSchema schema = builder.ToSchema();
        return new
        {
            schema.Count,
            text = schema.ToString(),
            columns = schema.Select(c => new { c.Name, c.Index, c.IsHidden, type = c.Type.ToString(), annotations = c.Annotations.Schema.Count, text = c.ToString() }),
            byName = schema["Label"].Index,
            byIndex = schema[2].Name,
        };
    }

    public static object? SameNameHidesEarlierColumn()
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("A", TextDataViewType.Instance);
        builder.AddColumn("B", TextDataViewType.Instance);
        builder.AddColumn("A", NumberDataViewType.Single);
        builder.AddColumn("A", BooleanDataViewType.Instance);
        builder.AddColumn("a", TextDataViewType.Instance);
        DataViewSchema schema = builder.ToSchema();
        return new
        {
            hidden = schema.Select(c => c.IsHidden),
            byName = schema["A"].Index,
            orNull = schema.GetColumnOrNull("A")?.Index,
            lowerCase = schema["a"].Index,
            firstByIndex = schema[0].Type.ToString(),
        };
    }

    public static object? MissingColumns()
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("A", TextDataViewType.Instance);
        DataViewSchema schema = builder.ToSchema();
        return new
        {
            byName = Try(() => schema["Nope"].Name),
            orNull = schema.GetColumnOrNull("Nope").HasValue,
            emptyName = Try(() => schema[""].Name),
            nullName = Try(() => schema[null!].Name),
            orNullOfNull = Try(() => schema.GetColumnOrNull(null!).HasValue),
            tooLarge = Try(() => schema[1].Name),
            negative = Try(() => schema[-1].Name),
        };
    }

    public static object? EmptySchema()
    {
        DataViewSchema schema = new DataViewSchema.Builder().ToSchema();
        return new { schema.Count, text = schema.ToString(), orNull = schema.GetColumnOrNull("A").HasValue };
    }

    public static object? BuilderRejectsBadArguments()
    {
        var builder = new DataViewSchema.Builder();
        return new
        {
            nullName = Try(() => builder.AddColumn(null!, TextDataViewType.Instance)),
            emptyName = Try(() => builder.AddColumn("", TextDataViewType.Instance)),
            nullType = Try(() => builder.AddColumn("A", null!)),
            count = builder.ToSchema().Count,
        };
    }

    public static object? BuilderCanGoOn()
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("A", TextDataViewType.Instance);
        DataViewSchema first = builder.ToSchema();
        builder.AddColumns(first);
        builder.AddColumns([new DataViewSchema.DetachedColumn("C", BooleanDataViewType.Instance), new DataViewSchema.DetachedColumn(first[0])]);
        DataViewSchema second = builder.ToSchema();
        return new { first = Show.Schema(first), second = Show.Schema(second) };
    }

    public static object? DetachedColumns()
    {
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.AddPrimitiveValue("Note", TextDataViewType.Instance, "hello".AsMemory());
        var with = new DataViewSchema.DetachedColumn("A", NumberDataViewType.Single, annotations.ToAnnotations());
        var without = new DataViewSchema.DetachedColumn("B", NumberDataViewType.Single);
        var builder = new DataViewSchema.Builder();
        builder.AddColumns([with]);
        var again = new DataViewSchema.DetachedColumn(builder.ToSchema()[0]);
        return new
        {
            withAnnotation = with.Annotations.ToString(),
            withoutIsEmpty = ReferenceEquals(without.Annotations, DataViewSchema.Annotations.Empty),
            again = new { again.Name, type = again.Type.ToString(), annotations = again.Annotations.ToString() },
            nullName = Try(() => new DataViewSchema.DetachedColumn(null!, NumberDataViewType.Single).Name),
            nullType = Try(() => new DataViewSchema.DetachedColumn("A", null!).Name),
        };
    }

    public static object? AnnotationsHoldValues()
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.AddPrimitiveValue("IsNormalized", BooleanDataViewType.Instance, true);
        builder.AddPrimitiveValue("Unit", TextDataViewType.Instance, "cm".AsMemory());
        builder.Add("Weights", new VectorDataViewType(NumberDataViewType.Single, 2), (ref VBuffer<float> dst) => dst = new VBuffer<float>(2, [0.5f, 1.5f]));
        DataViewSchema.Annotations annotations = builder.ToAnnotations();

        bool normalized = false;
        annotations.GetValue("IsNormalized", ref normalized);
        ReadOnlyMemory<char> unit = default;
        annotations.GetGetter<ReadOnlyMemory<char>>(annotations.Schema["Unit"])(ref unit);
        VBuffer<float> weights = default;
        annotations.GetValue("Weights", ref weights);
        return new { text = annotations.ToString(), schema = Show.Schema(annotations.Schema), normalized, unit = unit.ToString(), weights = weights.DenseValues() };
    }

    public static object? AnnotationErrors()
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.AddPrimitiveValue("Unit", TextDataViewType.Instance, "cm".AsMemory());
        DataViewSchema.Annotations annotations = builder.ToAnnotations();
        return new
        {
            missing = Try(() =>
            {
                float value = 0;
                annotations.GetValue("Nope", ref value);
            }),
            wrongType = Try(() =>
            {
                float value = 0;
                annotations.GetValue("Unit", ref value);
            }),
            wrongGetter = Try(() => annotations.GetGetter<float>(annotations.Schema["Unit"])),
            addWithWrongType = Try(() => builder.AddPrimitiveValue("X", NumberDataViewType.Single, 1.0)),
            addWithNullName = Try(() => builder.AddPrimitiveValue(null!, NumberDataViewType.Single, 1f)),
            empty = new { DataViewSchema.Annotations.Empty.Schema.Count, text = DataViewSchema.Annotations.Empty.ToString() },
        };
    }

    public static object? AnnotationsCanBeCopiedByName()
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.AddPrimitiveValue("A", TextDataViewType.Instance, "a".AsMemory());
        builder.AddPrimitiveValue("B", TextDataViewType.Instance, "b".AsMemory());
        var copy = new DataViewSchema.Annotations.Builder();
        copy.Add(builder.ToAnnotations(), name => name != "A");
        copy.Add(null, _ => true);
        return copy.ToAnnotations().ToString();
    }

    public static object? SlotNamesAndKeyValues()
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.Add("SlotNames", new VectorDataViewType(TextDataViewType.Instance, 2), (ref VBuffer<ReadOnlyMemory<char>> dst) => dst = new(2, ["x".AsMemory(), "y".AsMemory()]));
        builder.Add("KeyValues", new VectorDataViewType(TextDataViewType.Instance, 3), (ref VBuffer<ReadOnlyMemory<char>> dst) => dst = new(3, ["p".AsMemory(), "q".AsMemory(), "r".AsMemory()]));
        var schema = new DataViewSchema.Builder();
        schema.AddColumn("V", new VectorDataViewType(new KeyDataViewType(typeof(uint), 3), 2), builder.ToAnnotations());
        schema.AddColumn("Plain", NumberDataViewType.Single);
        DataViewSchema.Column v = schema.ToSchema()["V"], plain = schema.ToSchema()["Plain"];

        VBuffer<ReadOnlyMemory<char>> slots = default, keys = default;
        v.GetSlotNames(ref slots);
        v.GetKeyValues(ref keys);
        return new
        {
            column = Show.Column(v),
            text = v.ToString(),
            slots = Show.Texts(slots),
            keys = Show.Texts(keys),
            hasSlots = v.HasSlotNames(),
            hasKeys = v.HasKeyValues(),
            normalized = v.IsNormalized(),
            plainHasSlots = plain.HasSlotNames(),
            plainHasKeys = plain.HasKeyValues(),
            plainSlots = Try(() =>
            {
                VBuffer<ReadOnlyMemory<char>> none = default;
                plain.GetSlotNames(ref none);
            }),
            plainKeys = Try(() =>
            {
                VBuffer<ReadOnlyMemory<char>> none = default;
                plain.GetKeyValues(ref none);
            }),
            keysOfWrongType = Try(() =>
            {
                VBuffer<float> none = default;
                v.GetKeyValues(ref none);
            }),
        };
    }

    public static object? PrimitiveTypes()
    {
        DataViewType[] types =
        [
            TextDataViewType.Instance, BooleanDataViewType.Instance, NumberDataViewType.SByte, NumberDataViewType.Byte, NumberDataViewType.Int16,
            NumberDataViewType.UInt16, NumberDataViewType.Int32, NumberDataViewType.UInt32, NumberDataViewType.Int64, NumberDataViewType.UInt64,
            NumberDataViewType.Single, NumberDataViewType.Double, DateTimeDataViewType.Instance, DateTimeOffsetDataViewType.Instance,
            TimeSpanDataViewType.Instance, RowIdDataViewType.Instance,
        ];
        return types.Select(t => new { text = t.ToString(), kind = t.GetType().Name, raw = t.RawType.Name, primitive = t is PrimitiveDataViewType });
    }

    public static object? PrimitiveTypeEquality() => new
    {
        same = NumberDataViewType.Single.Equals(NumberDataViewType.Single),
        other = NumberDataViewType.Single.Equals(NumberDataViewType.Double),
        textAndBool = TextDataViewType.Instance.Equals(BooleanDataViewType.Instance),
        withNull = TextDataViewType.Instance.Equals(null),
        withObject = NumberDataViewType.UInt32.Equals((object)new KeyDataViewType(typeof(uint), 5)),
    };

    public static object? KeyTypes()
    {
        var five = new KeyDataViewType(typeof(uint), 5);
        return new
        {
            text = five.ToString(),
            five.Count,
            raw = five.RawType.Name,
            equal = five.Equals(new KeyDataViewType(typeof(uint), 5)),
            sameHash = five.GetHashCode() == new KeyDataViewType(typeof(uint), 5).GetHashCode(),
            otherCount = five.Equals(new KeyDataViewType(typeof(uint), 6)),
            otherRaw = five.Equals(new KeyDataViewType(typeof(ulong), 5)),
            asObject = five.Equals((object)new KeyDataViewType(typeof(uint), 5)),
            bytes = new KeyDataViewType(typeof(byte), 255).ToString(),
            longs = new KeyDataViewType(typeof(ulong), ulong.MaxValue).ToString(),
            one = new KeyDataViewType(typeof(uint), 1).ToString(),
            ofInt = Try(() => new KeyDataViewType(typeof(int), 5).ToString()),
            ofNothing = Try(() => new KeyDataViewType(typeof(uint), 0).ToString()),
            negative = Try(() => new KeyDataViewType(typeof(uint), -1).ToString()),
            tooManyForByte = Try(() => new KeyDataViewType(typeof(byte), 256).ToString()),
            ofNull = Try(() => new KeyDataViewType(null!, 5).ToString()),
        };
    }

    public static object? VectorTypes()
    {
        static object Describe(VectorDataViewType t) => new
        {
            text = t.ToString(),
            t.Size,
            t.IsKnownSize,
            dimensions = t.Dimensions,
            item = t.ItemType.ToString(),
            raw = t.RawType == typeof(VBuffer<float>),
        };
        return new
        {
            three = Describe(new VectorDataViewType(NumberDataViewType.Single, 3)),
            variable = Describe(new VectorDataViewType(NumberDataViewType.Single)),
            zero = Describe(new VectorDataViewType(NumberDataViewType.Single, 0)),
            matrix = Describe(new VectorDataViewType(NumberDataViewType.Single, 2, 3)),
            halfKnown = Describe(new VectorDataViewType(NumberDataViewType.Single, 0, 3)),
            text = Describe(new VectorDataViewType(TextDataViewType.Instance)),
            keys = Describe(new VectorDataViewType(new KeyDataViewType(typeof(uint), 4), 2)),
            negative = Try(() => new VectorDataViewType(NumberDataViewType.Single, -1).ToString()),
            negativeDimension = Try(() => new VectorDataViewType(NumberDataViewType.Single, 2, -1).ToString()),
            noItem = Try(() => new VectorDataViewType(null!, 1).ToString()),
        };
    }

    public static object? VectorTypeEquality()
    {
        var three = new VectorDataViewType(NumberDataViewType.Single, 3);
        return new
        {
            equal = three.Equals(new VectorDataViewType(NumberDataViewType.Single, 3)),
            sameHash = three.GetHashCode() == new VectorDataViewType(NumberDataViewType.Single, 3).GetHashCode(),
            otherSize = three.Equals(new VectorDataViewType(NumberDataViewType.Single, 4)),
            otherItem = three.Equals(new VectorDataViewType(NumberDataViewType.Double, 3)),
            otherShape = new VectorDataViewType(NumberDataViewType.Single, 2, 3).Equals(new VectorDataViewType(NumberDataViewType.Single, 6)),
            transposed = new VectorDataViewType(NumberDataViewType.Single, 2, 3).Equals(new VectorDataViewType(NumberDataViewType.Single, 3, 2)),
            variable = new VectorDataViewType(NumberDataViewType.Single).Equals(new VectorDataViewType(NumberDataViewType.Single, 0)),
            asObject = three.Equals((object)new VectorDataViewType(NumberDataViewType.Single, 3)),
            withItem = three.Equals(NumberDataViewType.Single),
        };
    }
}
