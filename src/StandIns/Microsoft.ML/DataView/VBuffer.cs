// A vector that stands in memory dense or sparse; reading it is the same for both.
namespace Microsoft.ML.Data;

public readonly struct VBuffer<T>
{
    private readonly T[] _values;
    private readonly int[] _indices;
    private readonly int _count;

    public readonly int Length;

    public VBuffer(int length, T[] values, int[] indices = null)
    {
        CheckRange(length >= 0, nameof(length));
        CheckRange((values?.Length ?? 0) >= length, nameof(values));
        Length = length;
        _count = length;
        _values = values;
        _indices = indices;
    }

    public VBuffer(int length, int count, T[] values, int[] indices)
    {
        CheckRange(length >= 0, nameof(length));
        CheckRange(count >= 0 && count <= length, nameof(count));
        CheckRange((values?.Length ?? 0) >= count, nameof(values));
        CheckRange(count == length || (indices?.Length ?? 0) >= count, nameof(indices));
        Length = length;
        _count = count;
        _values = values;
        _indices = indices;
    }

    public bool IsDense => _count == Length;

    public ReadOnlySpan<T> GetValues() => _values.AsSpan(0, _count);

    public ReadOnlySpan<int> GetIndices() => IsDense ? default : _indices.AsSpan(0, _count);

    public T GetItemOrDefault(int index)
    {
        CheckRange((uint)index < (uint)Length, nameof(index));
        if (IsDense)
            return _values[index];
        int at = GetIndices().BinarySearch(index);
        return at < 0 ? default : _values[at];
    }

    public void GetItemOrDefault(int index, ref T destination) => destination = GetItemOrDefault(index);

    public IEnumerable<T> DenseValues()
    {
        for (int i = 0, next = 0; i < Length; i++)
        {
            bool present = IsDense || (next < _count && _indices[next] == i);
            yield return present ? _values[next++] : default;
        }
    }

    public IEnumerable<KeyValuePair<int, T>> Items(bool all = false)
    {
        if (all)
            return DenseValues().Select((value, i) => KeyValuePair.Create(i, value));
        VBuffer<T> buffer = this;
        return Enumerable.Range(0, _count).Select(i => KeyValuePair.Create(buffer.IsDense ? i : buffer._indices[i], buffer._values[i]));
    }

    public void CopyTo(Span<T> destination) => CopyTo(destination, 0);

    public void CopyTo(Span<T> destination, int destinationIndex, T defaultValue = default)
    {
        CheckRange(destinationIndex >= 0 && destinationIndex <= destination.Length - Length, nameof(destination));
        Span<T> target = destination.Slice(destinationIndex, Length);
        if (IsDense)
        {
            GetValues().CopyTo(target);
            return;
        }
        target.Fill(defaultValue);
        for (int i = 0; i < _count; i++)
            target[_indices[i]] = _values[i];
    }

    public void CopyTo(ref VBuffer<T> destination) => CopyTo(ref destination, 0, Length);

    public void CopyTo(ref VBuffer<T> destination, int sourceIndex, int length)
    {
        CheckRange(sourceIndex >= 0 && sourceIndex <= Length, nameof(sourceIndex));
        CheckRange(length >= 0 && length <= Length - sourceIndex, nameof(length));
        if (IsDense)
        {
            VBufferEditor<T> dense = VBufferEditor.Create(ref destination, length);
            GetValues().Slice(sourceIndex, length).CopyTo(dense.Values);
            destination = dense.Commit();
            return;
        }
        int first = FirstAtOrAfter(sourceIndex), end = FirstAtOrAfter(sourceIndex + length);
        VBufferEditor<T> editor = VBufferEditor.Create(ref destination, length, end - first);
        GetValues()[first..end].CopyTo(editor.Values);
        if (end - first < length)
        {
            for (int i = first; i < end; i++)
                editor.Indices[i - first] = _indices[i] - sourceIndex;
        }
        destination = editor.Commit();
    }

    public void CopyToDense(ref VBuffer<T> destination)
    {
        VBufferEditor<T> editor = VBufferEditor.Create(ref destination, Length);
        CopyTo(editor.Values);
        destination = editor.Commit();
    }

    public static void Copy(T[] source, int sourceIndex, ref VBuffer<T> destination, int length)
    {
        CheckRange(length >= 0 && length <= (source?.Length ?? 0), nameof(length));
        CheckRange(sourceIndex >= 0 && sourceIndex <= (source?.Length ?? 0) - length, nameof(sourceIndex));
        VBufferEditor<T> editor = VBufferEditor.Create(ref destination, length);
        source.AsSpan(sourceIndex, length).CopyTo(editor.Values);
        destination = editor.Commit();
    }

    public override string ToString() => IsDense ? $"Dense vector of size {Length}" : $"Sparse vector of size {Length}, {_count} explicit values";

    internal VBufferEditor<T> GetEditor(int newLogicalLength, int? valuesCount, int? maxValuesCapacity, bool keepOldOnResize, bool requireIndicesOnDense)
    {
        CheckRange(newLogicalLength >= 0, nameof(newLogicalLength));
        CheckRange(valuesCount is null || (valuesCount >= 0 && valuesCount <= newLogicalLength), nameof(valuesCount));
        int count = valuesCount ?? newLogicalLength;
        int capacity = maxValuesCapacity ?? newLogicalLength;
        CheckRange(capacity >= count, nameof(maxValuesCapacity));

        T[] values = EnsureSize(_values, count, capacity, keepOldOnResize, out bool createdValues);
        int[] indices = _indices;
        bool createdIndices = false;
        if (count < newLogicalLength || requireIndicesOnDense)
            indices = EnsureSize(_indices, count, capacity, keepOldOnResize, out createdIndices);
        return new VBufferEditor<T>(newLogicalLength, count, values, indices, requireIndicesOnDense, createdValues, createdIndices);
    }

    internal VBufferEditor<T> GetEditor() => GetEditor(Length, _count, _count, keepOldOnResize: true, requireIndicesOnDense: false);

    private int FirstAtOrAfter(int index)
    {
        int at = GetIndices().BinarySearch(index);
        return at < 0 ? ~at : at;
    }

    /// <summary>The array itself where it holds <paramref name="size"/> items; else a new one, at least doubled in size so that growing buffers are not copied at every step.</summary>
    private static TItem[] EnsureSize<TItem>(TItem[] array, int size, int most, bool keep, out bool created)
    {
        created = size > (array?.Length ?? 0);
        if (!created)
            return array;
        var larger = new TItem[Math.Max(size, Math.Min(most, 2 * (array?.Length ?? 0)))];
        if (keep)
            array?.CopyTo(larger, 0);
        return larger;
    }

    private static void CheckRange(bool holds, string parameter)
    {
        if (!holds)
            throw new ArgumentOutOfRangeException(parameter);
    }
}
