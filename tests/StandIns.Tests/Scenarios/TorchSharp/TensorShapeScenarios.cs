// Indexing, views, shapes, and picking elements.
using TorchSharp;
using static StandIns.Tests.Observe;
using static TorchSharp.torch;

namespace StandIns.Tests;

public static class TensorShapeScenarios
{
    private static Tensor Cube => Tensors.Counting(2, 3, 4);

    public static object? Indexing()
    {
        Tensor t = Cube;
        return new
        {
            scalar = t[1, 2, 3].item<float>(),
            row = Tensors.Describe(t[1, 2]),
            negative = Tensors.Describe(t[-1, -1]),
            range = Tensors.Describe(t[0, 1..3, ..2]),
            rangeFromEnd = Tensors.Describe(t[0, ^2.., 1]),
            slice = Tensors.Describe(t[TensorIndex.Colon, TensorIndex.Slice(0, 3, 2), TensorIndex.Single(0)]),
            ellipsis = Tensors.Describe(t[TensorIndex.Ellipsis, TensorIndex.Single(3)]),
            none = t[TensorIndex.None, TensorIndex.Ellipsis].shape,
            byTensor = Tensors.Describe(t[0][tensor(new[] { 2L, 0L })]),
            byMask = Tensors.Describe(t[t.gt(20)]),
            beyond = Tensors.Error(() => _ = t[5], "out of"),
        };
    }

    public static object? Assigning()
    {
        Tensor t = zeros(2, 3);
        t[0, 1] = tensor(5f);
        t[1] = tensor(new[] { 1f, 2f, 3f });
        t[TensorIndex.Colon, TensorIndex.Single(2)] = 9f;
        Tensor view = t[0];
        view.fill_(7f);
        return Tensors.Describe(t);
    }

    public static object? ViewsAndReshapes()
    {
        Tensor t = Tensors.Counting(2, 6);
        Tensor view = t.view(3, 4);
        t[0, 0] = tensor(100f);
        return new
        {
            viewSeesChange = view[0, 0].item<float>(),
            guessed = t.view(-1, 3).shape,
            reshaped = t.reshape(12).shape,
            viewOfTransposed = Tensors.Error(() => t.transpose(0, 1).view(12), "view"),
            reshapeOfTransposed = Tensors.Values(Tensors.Counting(2, 3).transpose(0, 1).reshape(6)),
            wrongSize = Tensors.Error(() => t.view(5, 2), "invalid"),
            flattened = Cube.flatten(1).shape,
        };
    }

    public static object? PermuteAndTranspose()
    {
        Tensor t = Cube;
        Tensor permuted = t.permute(2, 0, 1);
        return new
        {
            permuted = permuted.shape,
            value = permuted[3, 1, 2].item<float>(),
            transposed = t.transpose(-1, -2).shape,
            contiguous = t.is_contiguous(),
            permutedContiguous = permuted.is_contiguous(),
            madeContiguous = permuted.contiguous().is_contiguous(),
            stride = permuted.stride(),
            turned = Tensors.Describe(Tensors.Counting(2, 3).T),
        };
    }

    public static object? UnsqueezeSqueezeExpand()
    {
        Tensor t = tensor(new[] { 1f, 2f });
        return new
        {
            first = t.unsqueeze(0).shape,
            last = t.unsqueeze(-1).shape,
            squeezed = zeros(1, 2, 1).squeeze().shape,
            squeezedOne = zeros(1, 2, 1).squeeze(0).shape,
            squeezedNot = zeros(1, 2, 1).squeeze(1).shape,
            expanded = Tensors.Describe(t.unsqueeze(0).expand(3, -1)),
            expandedSharesMemory = t.unsqueeze(0).expand(3, 2).stride(),
            repeated = Tensors.Describe(t.repeat(2, 2)),
            impossible = Tensors.Error(() => t.expand(3), "expanded size"),
        };
    }

    public static object? CatAndStack()
    {
        Tensor a = Tensors.Counting(1, 2), b = Tensors.Counting(2, 2);
        return new
        {
            rows = Tensors.Describe(cat([a, b], 0)),
            columns = cat([b, b], -1).shape,
            stacked = stack([a, a], 0).shape,
            stackedLast = stack([a, a], -1).shape,
            mixedTypes = cat([a, tensor(new long[,] { { 1, 2 } })], 0).dtype.ToString(),
            mismatch = Tensors.Error(() => cat([a, zeros(1, 3)], 0), "sizes"),
            nothing = ErrorType(() => cat(Array.Empty<Tensor>(), 0)),
            stackMismatch = Tensors.Error(() => stack([a, b], 0), "equal size"),
        };
    }

    public static object? SplitAndChunk()
    {
        Tensor t = Tensors.Counting(5, 2);
        return new
        {
            bySize = t.split(2).Select(p => p.shape),
            bySizes = t.split(new long[] { 1, 4 }).Select(p => p.shape),
            alongColumns = t.split(1, 1).Select(p => p.shape),
            chunks = t.chunk(3).Select(p => p.shape),
            narrowed = Tensors.Describe(t.narrow(0, 1, 2)),
            sliced = Tensors.Describe(t.slice(0, 0, 5, 2)),
            wrongSizes = Tensors.Error(() => t.split(new long[] { 1, 1 }), "split"),
        };
    }

    public static object? Selecting()
    {
        Tensor t = Tensors.Counting(3, 3);
        return new
        {
            rows = Tensors.Describe(t.index_select(0, tensor(new[] { 2L, 0L, 2L }))),
            columns = Tensors.Describe(t.index_select(1, tensor(new[] { 1L }))),
            gathered = Tensors.Describe(t.gather(1, tensor(new long[,] { { 0, 2 }, { 1, 1 }, { 2, 0 } }))),
            beyond = ErrorType(() => t.index_select(0, tensor(new[] { 3L }))),
            intIndex = Tensors.Describe(t.index_select(0, tensor(new[] { 1 }))),
            floatIndex = ErrorType(() => t.index_select(0, tensor(new[] { 1f }))),
        };
    }

    public static object? ScatterAndIndexAdd()
    {
        Tensor added = zeros(3, 2).index_add(0, tensor(new[] { 2L, 0L, 2L }), ones(3, 2), 1);
        Tensor scattered = zeros(2, 3).scatter_add_(1, tensor(new long[,] { { 0, 0 }, { 2, 1 } }), Tensors.Counting(2, 2));
        return new { added = Tensors.Values(added), scattered = Tensors.Values(scattered), placed = Tensors.Values(zeros(2, 3).scatter_(1, tensor(new long[,] { { 1 }, { 2 } }), ones(2, 1))) };
    }

    public static object? MasksAndWhere()
    {
        Tensor t = Tensors.Counting(2, 2), mask = tensor(new[,] { { true, false }, { false, true } });
        return new
        {
            filled = Tensors.Describe(t.masked_fill(mask, float.NegativeInfinity)),
            unchanged = Tensors.Values(t),
            chosen = Tensors.Describe(where(mask, t, -t)),
            inverted = Tensors.Describe(mask.logical_not()),
            compared = Tensors.Describe(t.eq(2)),
            lessEqual = Tensors.Values(t.le(1)),
            counted = t.gt(0).sum().item<long>(),
            places = Tensors.Describe(mask.nonzero()),
            any = mask.any().item<bool>(),
            all = mask.all().item<bool>(),
        };
    }

    public static object? Triangles() => new { lower = Tensors.Values(tril(ones(3, 3))), upper = Tensors.Values(triu(ones(3, 3), 1)) };
}
