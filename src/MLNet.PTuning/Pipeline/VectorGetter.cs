// Getters of vector columns, which write a changing row's values into the reader's memory.
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Pipeline;

internal static class VectorGetter
{
    /// <summary>A getter of an item for each part of the current row.</summary>
    public static ValueGetter<VBuffer<TItem>> Of<TPart, TItem>(Func<IReadOnlyList<TPart>> parts, Func<TPart, TItem> item) => (ref VBuffer<TItem> destination) =>
    {
        var values = parts();
        var editor = VBufferEditor.Create(ref destination, values.Count);
        for (int i = 0; i < values.Count; i++) editor.Values[i] = item(values[i]);
        destination = editor.Commit();
    };

    /// <summary>A getter of the current row's numbers.</summary>
    public static ValueGetter<VBuffer<float>> Of(Func<float[]> numbers) => (ref VBuffer<float> destination) =>
    {
        float[] values = numbers();
        var editor = VBufferEditor.Create(ref destination, values.Length);
        values.AsSpan().CopyTo(editor.Values);
        destination = editor.Commit();
    };
}
