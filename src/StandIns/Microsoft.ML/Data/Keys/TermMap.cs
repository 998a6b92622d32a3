// The values that keys stand for: learned from data or read from a file, looked up in both directions.
using Microsoft.ML.Data;
using Microsoft.ML.Data.IO;
using Microsoft.ML.Internal.Utilities;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

internal abstract class TermMap
{
    /// <summary>The type of one value.</summary>
    internal abstract PrimitiveDataViewType ItemType { get; }

    internal abstract int Count { get; }

    /// <summary>A map that learns from a column's values in the order in which they come, up to <paramref name="maximum"/> different ones.</summary>
    internal static TermMap Create(DataViewType columnType, int maximum)
    {
        var item = (PrimitiveDataViewType)columnType.GetItemType();
        return Utils.MarshalInvoke(Create<int>, item.RawType, item, maximum);
    }

    internal static TermMap Load(BinaryReader reader)
    {
        var item = (PrimitiveDataViewType)TypeCodec.Read(reader);
        TermMap map = Create(item, int.MaxValue);
        map.Read(reader, reader.ReadInt32());
        return map;
    }

    internal abstract void Save(BinaryWriter writer);

    /// <summary>One line a value, for people.</summary>
    internal abstract void WriteText(TextWriter writer);

    /// <summary>What adds the current value of a row's column, or all items of it; false when no more are wanted.</summary>
    internal abstract Func<bool> Learner(DataViewRow row, DataViewSchema.Column column);

    internal abstract void Sort();

    /// <summary>A getter of keys for a column of values: 0 for missing and unknown ones.</summary>
    internal abstract Delegate Getter(DataViewRow row, DataViewSchema.Column column);

    internal abstract void AddKeyValues(DataViewSchema.Annotations.Builder builder, bool asText);

    private protected abstract void Read(BinaryReader reader, int count);

    private static TermMap Create<T>(PrimitiveDataViewType itemType, int maximum) => new TermMap<T>(itemType, maximum);
}

internal sealed class TermMap<T>(PrimitiveDataViewType itemType, int maximum) : TermMap
{
    private readonly List<T> _terms = [];
    private readonly Dictionary<T, uint> _keys = new(TermValue.Equality<T>());
    private readonly Func<T, bool> _isMissing = TermValue.IsMissing<T>(itemType);

    internal override PrimitiveDataViewType ItemType => itemType;

    internal override int Count => _terms.Count;

    internal override void Save(BinaryWriter writer)
    {
        TypeCodec.Write(writer, itemType);
        writer.Write(_terms.Count);
        foreach (T term in _terms)
            ValueCodec.Write(writer, term);
    }

    internal override void WriteText(TextWriter writer)
    {
        writer.WriteLine($"# Number of terms = {_terms.Count}");
        for (int i = 0; i < _terms.Count; i++)
            writer.WriteLine($"{i}\t{TermValue.Text(_terms[i])}");
    }

    internal override Func<bool> Learner(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is not VectorDataViewType)
        {
            ValueGetter<T> getter = row.GetGetter<T>(column);
            T value = default;
            return () =>
            {
                getter(ref value);
                return Learn(value);
            };
        }
        ValueGetter<VBuffer<T>> vectorGetter = row.GetGetter<VBuffer<T>>(column);
        VBuffer<T> buffer = default;
        return () =>
        {
            vectorGetter(ref buffer);
            return buffer.DenseValues().Aggregate(true, (_, value) => Learn(value));
        };
    }

    internal override void Sort()
    {
        _terms.Sort(TermValue.Order<T>());
        for (int i = 0; i < _terms.Count; i++)
            _keys[_terms[i]] = (uint)i + 1;
    }

    internal override Delegate Getter(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is not VectorDataViewType)
        {
            ValueGetter<T> getter = row.GetGetter<T>(column);
            T value = default;
            return (ValueGetter<uint>)((ref uint key) =>
            {
                getter(ref value);
                key = _keys.GetValueOrDefault(value);
            });
        }
        ValueGetter<VBuffer<T>> vectorGetter = row.GetGetter<VBuffer<T>>(column);
        VBuffer<T> values = default;
        return (ValueGetter<VBuffer<uint>>)((ref VBuffer<uint> keys) =>
        {
            vectorGetter(ref values);
            VBufferEditor<uint> editor = VBufferEditor.Create(ref keys, values.Length);
            int slot = 0;
            foreach (T value in values.DenseValues())
                editor.Values[slot++] = _keys.GetValueOrDefault(value);
            keys = editor.Commit();
        });
    }

    internal override void AddKeyValues(DataViewSchema.Annotations.Builder builder, bool asText)
    {
        if (_terms.Count == 0)
            return;
        if (asText && itemType is not TextDataViewType)
            Add(builder, TextDataViewType.Instance, [.. _terms.Select(t => TermValue.Text(t).AsMemory())]);
        else
            Add(builder, itemType, _terms.ToArray());
    }

    private protected override void Read(BinaryReader reader, int count)
    {
        Contracts.CheckDecode(count >= 0);
        for (int i = 0; i < count; i++)
            Learn(ValueCodec.Read<T>(reader));
        Contracts.CheckDecode(_terms.Count == count);
    }

    private static void Add<TValue>(DataViewSchema.Annotations.Builder builder, PrimitiveDataViewType type, TValue[] values)
    {
        var buffer = new VBuffer<TValue>(values.Length, values);
        builder.AddKeyValues<TValue>(values.Length, type, (ref VBuffer<TValue> value) => buffer.CopyTo(ref value));
    }

    private bool Learn(T value)
    {
        if (_terms.Count < maximum && !_isMissing(value) && _keys.TryAdd(value, (uint)_terms.Count + 1))
            _terms.Add(value);
        return _terms.Count < maximum;
    }
}
