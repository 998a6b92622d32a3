// The classes of a model: the label's key values, in their own type, and as text.
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace MLNet.PTuning.Pipeline;

/// <summary>Names of annotations that ML.NET's evaluators and users look for.</summary>
internal static class AnnotationNames
{
    public const string KeyValues = "KeyValues", SlotNames = "SlotNames", ScoreColumnKind = "ScoreColumnKind",
        ScoreValueKind = "ScoreValueKind", TrainingLabelValues = "TrainingLabelValues";
}

/// <summary>The key values of a label column; class i has the key i + 1.</summary>
internal abstract class LabelKeys
{
    private const int MaxNumbers = 1 << 16;

    /// <summary>Key values as text, in order.</summary>
    public abstract IReadOnlyList<string> Names { get; }

    /// <summary>Number of classes.</summary>
    public int Count => Names.Count;

    /// <summary>These and one more for words outside entities, <c>O</c> or the number 0; null where the values are neither text nor numbers.</summary>
    public abstract LabelKeys? WithOutside();

    /// <summary>Adds the key values as an annotation of the given name.</summary>
    public abstract void Annotate(DataViewSchema.Annotations.Builder builder, string name);

    /// <summary>Writes the key values for <see cref="Load"/>.</summary>
    public abstract void Save(IHostEnvironment environment, Stream stream);

    /// <summary>The key values of a label column of <paramref name="data"/>.</summary>
    /// <exception cref="ArgumentException">It is no key, or it has no key values because there are no rows.</exception>
    public static LabelKeys Of(IDataView data, DataViewSchema.Column label)
    {
        if (ItemOf(label) is KeyDataViewType && ValuesOf(label) is null && HasNoRows(data))
            throw new ArgumentException($"The data has no rows, and so the label column '{label.Name}' has no key values.");
        return Of(label);
    }

    /// <summary>The key values of a label column; of keys without values, the numbers from 1.</summary>
    /// <exception cref="ArgumentException">It is no key, or one without values whose type has too large a count.</exception>
    public static LabelKeys Of(DataViewSchema.Column label)
    {
        if (ItemOf(label) is not KeyDataViewType) throw new ArgumentException(NotAKey(label.Name, label.Type.ToString()!));
        if (ValuesOf(label) is not { } type) return Numbers(label.Name, ((KeyDataViewType)ItemOf(label)).Count);
        return (LabelKeys)Generic(nameof(Read), type.ItemType.RawType).Invoke(null, [label.Annotations, type, AnnotationNames.KeyValues])!;
    }

    /// <summary>A vector of values in a column's annotation as text; null where it has none of the name.</summary>
    public static IReadOnlyList<string>? NamesIn(DataViewSchema.Column column, string annotation) =>
        column.Annotations.Schema.GetColumnOrNull(annotation)?.Type is VectorDataViewType type
            ? ((LabelKeys)Generic(nameof(Read), type.ItemType.RawType).Invoke(null, [column.Annotations, type, annotation])!).Names : null;

    /// <summary>The classes false and true.</summary>
    public static LabelKeys Boolean => new LabelKeys<bool>(new VectorDataViewType(BooleanDataViewType.Instance, 2), new VBuffer<bool>(2, [false, true]));

    /// <summary>Key values of text.</summary>
    public static LabelKeys Of(IReadOnlyList<string> names) =>
        new LabelKeys<ReadOnlyMemory<char>>(new VectorDataViewType(TextDataViewType.Instance, names.Count), new VBuffer<ReadOnlyMemory<char>>(names.Count, [.. names.Select(n => n.AsMemory())]));

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public static LabelKeys Load(IHostEnvironment environment, Stream stream)
    {
        var (type, values) = MLNetInternals.ReadVector(environment, stream);
        return (LabelKeys)Activator.CreateInstance(typeof(LabelKeys<>).MakeGenericType(type.ItemType.RawType), type, values)!;
    }

    public static string NotAKey(string name, string type) =>
        $"The label column '{name}' is of type {type}, not a key or a Boolean. Add .Append(ml.Transforms.Conversion.MapValueToKey(\"{name}\")) before this step.";

    private static LabelKeys<uint> Numbers(string name, ulong count)
    {
        if (count > MaxNumbers)
            throw new ArgumentException($"The label column '{name}' is a key without key values that may be any of {count}; at most {MaxNumbers} classes can be distinguished by number alone. "
                + $"Give the key's type its true count, or make the column with ml.Transforms.Conversion.MapValueToKey(\"{name}\").");
        return new LabelKeys<uint>(new VectorDataViewType(NumberDataViewType.UInt32, (int)count), new VBuffer<uint>((int)count, [.. Enumerable.Range(1, (int)count).Select(i => (uint)i)]));
    }

    private static DataViewType ItemOf(DataViewSchema.Column label) => label.Type is VectorDataViewType vector ? vector.ItemType : label.Type;

    private static VectorDataViewType? ValuesOf(DataViewSchema.Column label) =>
        label.Annotations.Schema.GetColumnOrNull(AnnotationNames.KeyValues)?.Type as VectorDataViewType;

    private static bool HasNoRows(IDataView data)
    {
        using var cursor = data.GetRowCursor([]);
        return !cursor.MoveNext();
    }

    private static System.Reflection.MethodInfo Generic(string method, Type item) =>
        typeof(LabelKeys).GetMethod(method, System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!.MakeGenericMethod(item);

    private static LabelKeys Read<T>(DataViewSchema.Annotations annotations, VectorDataViewType type, string name)
    {
        VBuffer<T> values = default;
        annotations.GetValue(name, ref values);
        return new LabelKeys<T>(type, values);
    }
}

/// <inheritdoc/>
internal sealed class LabelKeys<T>(VectorDataViewType type, VBuffer<T> values) : LabelKeys
{
    public override IReadOnlyList<string> Names { get; } = [.. values.DenseValues().Select(v => Convert.ToString(v, CultureInfo.InvariantCulture) ?? "")];

    public override LabelKeys? WithOutside()
    {
        object? outside = type.ItemType switch { TextDataViewType => Tags.Outside.AsMemory(), NumberDataViewType => default(T), _ => null };
        if (outside is not T value) return null;
        T[] all = [.. values.DenseValues(), value];
        return new LabelKeys<T>(new VectorDataViewType(type.ItemType, all.Length), new VBuffer<T>(all.Length, all));
    }

    public override void Annotate(DataViewSchema.Annotations.Builder builder, string name) =>
        builder.Add(name, type, (ref VBuffer<T> destination) => values.CopyTo(ref destination));

    public override void Save(IHostEnvironment environment, Stream stream) => MLNetInternals.WriteVector(environment, stream, type, values);
}
