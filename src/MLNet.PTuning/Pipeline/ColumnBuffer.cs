// The values of one column for a batch of rows that were read ahead.
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Pipeline;

/// <summary>A column's values, one slot per row.</summary>
internal abstract class ColumnBuffer
{
    /// <summary>Reads the source's current row into a slot.</summary>
    public abstract void Read(int slot);

    /// <summary>A <c>ValueGetter</c> that reads the slot that <paramref name="slot"/> returns at each call.</summary>
    public abstract Delegate Getter(Func<int> slot);

    /// <summary>A buffer for a column of any type.</summary>
    public static ColumnBuffer Create(DataViewRow source, DataViewSchema.Column column, int capacity)
    {
        var method = column.Type is VectorDataViewType vector
            ? typeof(ColumnBuffer).GetMethod(nameof(OfVector), Flags)!.MakeGenericMethod(vector.ItemType.RawType)
            : typeof(ColumnBuffer).GetMethod(nameof(OfScalar), Flags)!.MakeGenericMethod(column.Type.RawType);
        return (ColumnBuffer)method.Invoke(null, [source, column, capacity])!;
    }

    private const System.Reflection.BindingFlags Flags = System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static;

    private static ColumnBuffer OfScalar<T>(DataViewRow source, DataViewSchema.Column column, int capacity) =>
        new ColumnBuffer<T>(source.GetGetter<T>(column), capacity);

    private static ColumnBuffer OfVector<T>(DataViewRow source, DataViewSchema.Column column, int capacity) =>
        new VectorBuffer<T>(source.GetGetter<VBuffer<T>>(column), capacity);
}

/// <summary>Values that are copied by assignment.</summary>
internal sealed class ColumnBuffer<T>(ValueGetter<T> source, int capacity) : ColumnBuffer
{
    private readonly T[] _values = new T[capacity];

    public override void Read(int slot) => source(ref _values[slot]);

    public override Delegate Getter(Func<int> slot) => (ValueGetter<T>)((ref T value) => value = _values[slot()]);
}

/// <summary>Vectors, which are copied because their readers may overwrite them.</summary>
internal sealed class VectorBuffer<T>(ValueGetter<VBuffer<T>> source, int capacity) : ColumnBuffer
{
    private readonly VBuffer<T>[] _values = new VBuffer<T>[capacity];

    public override void Read(int slot) => source(ref _values[slot]);

    public override Delegate Getter(Func<int> slot) => (ValueGetter<VBuffer<T>>)((ref VBuffer<T> value) => _values[slot()].CopyTo(ref value));
}
