// Vectors: dense and sparse buffers and their editors.
using Microsoft.ML.Data;
using static StandIns.Tests.Observe;

namespace StandIns.Tests;

public static class VBufferScenarios
{
    private static object Describe(VBuffer<float> buffer) => new
    {
        buffer.Length,
        buffer.IsDense,
        values = buffer.GetValues().ToArray(),
        indices = buffer.GetIndices().ToArray(),
        dense = buffer.DenseValues(),
        items = buffer.Items().Select(i => $"{i.Key}={i.Value}"),
    };

    public static object? Default() => Describe(default);

    public static object? Dense() => Describe(new VBuffer<float>(3, [1f, 0f, 2f]));

    public static object? DenseOverLongerArray() => Describe(new VBuffer<float>(2, [1f, 2f, 3f]));

    public static object? Sparse() => Describe(new VBuffer<float>(5, 2, [7f, 8f], [1, 4]));

    public static object? SparseOverLongerArrays() => Describe(new VBuffer<float>(5, 1, [7f, 8f], [1, 4]));

    public static object? SparseWithNothing() => Describe(new VBuffer<float>(3, 0, null, null));

    public static object? SparseWithEverything() => Describe(new VBuffer<float>(2, 2, [7f, 8f], [0, 1]));

    public static object? DenseIsAView()
    {
        float[] values = [1f, 2f];
        var buffer = new VBuffer<float>(2, values);
        values[0] = 9f;
        return buffer.DenseValues().ToArray();
    }

    public static object? Items()
    {
        var sparse = new VBuffer<float>(4, 1, [7f], [2]);
        return new { listed = sparse.Items().Select(i => i.Key), all = sparse.Items(all: true).Select(i => $"{i.Key}={i.Value}") };
    }

    public static object? GetItemOrDefault()
    {
        var sparse = new VBuffer<float>(5, 2, [7f, 8f], [1, 4]);
        var dense = new VBuffer<float>(2, [3f, 4f]);
        return new
        {
            present = sparse.GetItemOrDefault(4),
            absent = sparse.GetItemOrDefault(0),
            dense = dense.GetItemOrDefault(1),
            beyond = Try(() => sparse.GetItemOrDefault(5)),
            negative = Try(() => dense.GetItemOrDefault(-1)),
        };
    }

    public static object? ConstructorErrors() => new
    {
        negativeLength = Try(() => new VBuffer<float>(-1, [])),
        shortValues = Try(() => new VBuffer<float>(3, [1f])),
        countBeyondLength = Try(() => new VBuffer<float>(1, 2, [1f, 2f], [0, 1])),
        missingIndices = Try(() => new VBuffer<float>(5, 2, [1f, 2f], null)),
        shortIndices = Try(() => new VBuffer<float>(5, 2, [1f, 2f], [0])),
    };

    public static object? CopyToSpan()
    {
        var sparse = new VBuffer<float>(4, 1, [7f], [2]);
        float[] exact = [1f, 1f, 1f, 1f], longer = [1f, 1f, 1f, 1f, 1f, 1f];
        sparse.CopyTo(exact);
        sparse.CopyTo(longer);
        float[] filled = [1f, 1f, 1f, 1f];
        sparse.CopyTo(filled, 0, -1f);
        float[] offset = [1f, 1f, 1f, 1f, 1f, 1f];
        sparse.CopyTo(offset, 1);
        return new { exact, longer, filled, offset, tooShort = ErrorType(() => sparse.CopyTo(new float[3])) };
    }

    public static object? CopyToBuffer()
    {
        var sparse = new VBuffer<float>(6, 3, [7f, 8f, 9f], [1, 3, 5]);
        VBuffer<float> whole = default, part = default, densePart = default;
        sparse.CopyTo(ref whole);
        sparse.CopyTo(ref part, 2, 3);
        new VBuffer<float>(4, [1f, 2f, 3f, 4f]).CopyTo(ref densePart, 1, 2);
        return new { whole = Describe(whole), part = Describe(part), densePart = Describe(densePart), original = Describe(sparse) };
    }

    public static object? CopyIsIndependent()
    {
        float[] values = [1f, 2f];
        VBuffer<float> copy = default;
        new VBuffer<float>(2, values).CopyTo(ref copy);
        values[0] = 9f;
        return copy.DenseValues().ToArray();
    }

    public static object? CopyToDense()
    {
        VBuffer<float> dense = default;
        new VBuffer<float>(4, 1, [7f], [2]).CopyToDense(ref dense);
        return Describe(dense);
    }

    public static object? EditDense()
    {
        VBuffer<float> buffer = default;
        VBufferEditor<float> editor = VBufferEditor.Create(ref buffer, 3);
        editor.Values[0] = 1f;
        editor.Values[1] = 2f;
        editor.Values[2] = 3f;
        int indices = editor.Indices.Length;
        bool created = editor.CreatedNewValues;
        buffer = editor.Commit();
        return new { buffer = Describe(buffer), indices, created };
    }

    public static object? EditSparse()
    {
        VBuffer<float> buffer = default;
        VBufferEditor<float> editor = VBufferEditor.Create(ref buffer, 10, 2);
        editor.Values[0] = 5f;
        editor.Indices[0] = 3;
        editor.Values[1] = 6f;
        editor.Indices[1] = 9;
        bool created = editor.CreatedNewIndices;
        buffer = editor.Commit();
        return new { buffer = Describe(buffer), created };
    }

    public static object? EditReusesMemory()
    {
        VBuffer<float> buffer = new(4, [1f, 2f, 3f, 4f]);
        VBufferEditor<float> smaller = VBufferEditor.Create(ref buffer, 2);
        bool createdForSmaller = smaller.CreatedNewValues;
        float[] seen = smaller.Values.ToArray();
        buffer = smaller.Commit();
        VBufferEditor<float> larger = VBufferEditor.Create(ref buffer, 6);
        bool createdForLarger = larger.CreatedNewValues;
        float[] seenLarger = larger.Values.ToArray();
        return new { createdForSmaller, seen, length = buffer.Length, createdForLarger, seenLarger };
    }

    public static object? EditKeepsOldOnResize()
    {
        VBuffer<float> buffer = new(2, [1f, 2f]);
        VBufferEditor<float> editor = VBufferEditor.Create(ref buffer, 4, keepOldOnResize: true);
        return new { values = editor.Values.ToArray(), created = editor.CreatedNewValues };
    }

    public static object? EditInPlace()
    {
        VBuffer<float> buffer = new(5, 2, [7f, 8f], [1, 4]);
        VBufferEditor<float> editor = VBufferEditor.CreateFromBuffer(ref buffer);
        editor.Values[1] = 80f;
        buffer = editor.Commit();
        return Describe(buffer);
    }

    public static object? CommitTruncated()
    {
        VBuffer<float> buffer = default;
        object? none = Describe(VBufferEditor.Create(ref buffer, 4, 3).CommitTruncated(0));
        VBuffer<float> sparse = default;
        VBufferEditor<float> sparseEditor = VBufferEditor.Create(ref sparse, 6, 3);
        sparseEditor.Values[0] = 5f;
        sparseEditor.Indices[0] = 2;
        return new
        {
            none,
            one = Describe(sparseEditor.CommitTruncated(1)),
            tooMany = Try(() =>
            {
                VBuffer<float> other = default;
                VBufferEditor.Create(ref other, 6, 3).CommitTruncated(4);
            }),
        };
    }

    public static object? TextBuffer()
    {
        VBuffer<ReadOnlyMemory<char>> sparse = new(3, 1, ["b".AsMemory()], [1]);
        return new { dense = sparse.DenseValues().Select(v => v.ToString()), absent = sparse.GetItemOrDefault(0).IsEmpty };
    }
}
