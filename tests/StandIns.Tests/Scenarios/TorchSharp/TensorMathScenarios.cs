// Arithmetic, reductions, products and layers.
using TorchSharp;
using static StandIns.Tests.Observe;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace StandIns.Tests;

public static class TensorMathScenarios
{
    private static readonly float[,] Scores = { { 1f, 3f, 2f }, { 0f, 0f, -1f } };

    public static object? Arithmetic()
    {
        Tensor a = Tensors.Counting(2, 2), b = tensor(new[] { 10f, 20f });
        return new
        {
            broadcast = Tensors.Describe(a + b),
            scalar = Tensors.Values(a * 2f - 1f),
            divided = Tensors.Values(a / 2f),
            negated = Tensors.Values(-a),
            longPlusFloat = (tensor(new[] { 1L }) + tensor(new[] { 1f })).dtype.ToString(),
            longPlusScalar = (tensor(new[] { 1L }) + 1).dtype.ToString(),
            longDividedByLong = Tensors.Describe(tensor(new[] { 3L }) / tensor(new[] { 2L })),
            powers = Tensors.Values(a.pow(2)),
            inPlace = Tensors.Values(a.clone().add_(b).mul_(2f)),
            mismatch = Tensors.Error(() => _ = a + tensor(new[] { 1f, 2f, 3f }), "size"),
        };
    }

    public static object? Reductions()
    {
        Tensor t = tensor(Scores);
        (Tensor values, Tensor indexes) = t.max(1);
        return new
        {
            sum = t.sum().item<float>(),
            sumRows = Tensors.Describe(t.sum(1)),
            sumKeep = t.sum(1, keepdim: true).shape,
            mean = Round(t.mean().item<float>()),
            meanRows = Tensors.Describe(t.mean(new long[] { 1 })),
            max = t.max().item<float>(),
            rowMax = Tensors.Values(values),
            rowArgMax = Tensors.Values(indexes),
            argmax = t.argmax().item<long>(),
            argmaxRows = Tensors.Describe(t.argmax(1)),
            tieTakesFirst = tensor(new[] { 2f, 2f }).argmax().item<long>(),
            norm = Round(t.norm().item<float>()),
            std = Round(t.std().item<float>()),
            variance = Round(t.var(unbiased: false).item<float>()),
            cumulative = Tensors.Values(t.cumsum(1)),
            sumOfLongs = tensor(new[] { 1L, 2L }).sum().dtype.ToString(),
            sumOfBools = tensor(new[] { true, true }).sum().dtype.ToString(),
            meanOfLongs = ErrorType(() => tensor(new[] { 1L, 2L }).mean()),
        };
    }

    public static object? TopKAndSort()
    {
        Tensor t = tensor(Scores);
        (Tensor topValues, Tensor topIndexes) = t.topk(2);
        (Tensor sorted, Tensor order) = t.sort();
        (Tensor falling, Tensor _) = t.sort(1, descending: true);
        return new
        {
            topValues = Tensors.Describe(topValues),
            topIndexesOfFirstRow = Tensors.Values(topIndexes[0]),
            sorted = Tensors.Describe(sorted),
            orderOfFirstRow = Tensors.Values(order[0]),
            falling = Tensors.Values(falling),
            tooMany = ErrorType(() => t.topk(4)),
        };
    }

    public static object? Softmax()
    {
        Tensor t = tensor(Scores);
        Tensor masked = tensor(new[] { 1f, float.NegativeInfinity }), dead = tensor(new[] { float.NegativeInfinity, float.NegativeInfinity });
        return new
        {
            rows = Tensors.Describe(t.softmax(1)),
            last = Tensors.Values(F.softmax(t, -1)),
            columns = Tensors.Values(t.softmax(0)),
            log = Tensors.Describe(t.log_softmax(1)),
            functionalLog = Tensors.Values(F.log_softmax(t, 1)),
            large = Tensors.Values(tensor(new[] { 1000f, 0f }).softmax(0)),
            masked = Tensors.Values(masked.softmax(0)),
            dead = Tensors.Values(dead.softmax(0)),
            logSumExp = Tensors.Values(logsumexp(t, 1)),
            ofLongs = ErrorType(() => tensor(new[] { 1L, 2L }).softmax(0)),
            asFloat = tensor(new[] { 1L, 2L }).softmax(0, dtype: ScalarType.Float32).dtype.ToString(),
        };
    }

    public static object? Products()
    {
        Tensor a = Tensors.Counting(2, 3), b = Tensors.Counting(3, 2), batchA = Tensors.Counting(2, 2, 3), batchB = Tensors.Counting(2, 3, 1), vector = tensor(new[] { 1f, 2f, 3f });
        return new
        {
            matmul = Tensors.Describe(matmul(a, b)),
            method = Tensors.Values(a.matmul(b)),
            byVector = Tensors.Describe(a.matmul(vector)),
            dot = vector.matmul(vector).item<float>(),
            batch = Tensors.Describe(bmm(batchA, batchB)),
            broadcast = batchA.matmul(b).shape,
            einsum = Tensors.Describe(einsum("bij,bjk->bik", batchA, batchB)),
            einsumTrace = einsum("ii->", Tensors.Counting(2, 2)).item<float>(),
            attention = Tensors.Describe(einsum("bhqd,bhkd->bhqk", Tensors.Counting(1, 1, 2, 2), Tensors.Counting(1, 1, 2, 2))),
        };
    }

    // matmul itself is not tried: TorchSharp's native matmul lets libtorch's exception through, which ends the process.
    public static object? ProductErrors() => new
    {
        shapes = Tensors.Error(() => mm(zeros(2, 3), zeros(2, 3)), "mat1 and mat2 shapes cannot be multiplied"),
        batch = Tensors.Error(() => bmm(zeros(2, 2, 3), zeros(3, 3, 1)), "batch"),
        dimensions = Tensors.Error(() => bmm(zeros(2, 2), zeros(2, 2)), "3D tensor"),
        types = Tensors.Error(() => mm(zeros(2, 2), zeros(2, 2, dtype: ScalarType.Float64)), "type"),
        einsum = ErrorType(() => einsum("ij,jk->ik", zeros(2, 3), zeros(2, 3))),
    };

    public static object? Linear()
    {
        Tensor input = tensor(new float[,] { { 1f, 2f }, { -1f, 0f } }), weights = tensor(new float[,] { { 1f, 0.5f }, { 0f, 1f }, { -1f, 2f } }), bias = tensor(new[] { 0.1f, 0.2f, 0.3f });
        return new
        {
            with = Tensors.Describe(F.linear(input, weights, bias)),
            without = Tensors.Values(F.linear(input, weights)),
            batched = F.linear(zeros(4, 5, 2), weights, bias).shape,
            mismatch = ErrorType(() => F.linear(zeros(1, 3), weights)),
        };
    }

    public static object? LayerNorm()
    {
        Tensor input = tensor(new float[,] { { 1f, 2f, 3f }, { 10f, 10f, 10f } });
        return new
        {
            plain = Tensors.Values(F.layer_norm(input, [3L])),
            scaled = Tensors.Values(F.layer_norm(input, [3L], tensor(new[] { 1f, 2f, 3f }), tensor(new[] { 0.5f, 0f, -0.5f }), 1e-12)),
            wrongShape = ErrorType(() => F.layer_norm(input, [2L])),
        };
    }

    public static object? Activations()
    {
        Tensor t = tensor(new[] { -3f, -1f, 0f, 0.5f, 2f });
        return new
        {
            gelu = Tensors.Values(F.gelu(t)),
            relu = Tensors.Values(F.relu(t)),
            tanh = Tensors.Values(t.tanh()),
            sigmoid = Tensors.Values(t.sigmoid()),
            exp = Tensors.Values(t.exp()),
            erf = Tensors.Values(t.erf()),
        };
    }

    public static object? Dropout()
    {
        Tensor t = ones(1000);
        manual_seed(1);
        float[] dropped = F.dropout(t, 0.25, training: true).data<float>().ToArray();
        return new
        {
            evaluation = F.dropout(t, 0.25, training: false).data<float>().ToArray().All(v => v == 1f),
            keptAreScaled = dropped.Where(v => v != 0f).All(v => Math.Abs(v - 4f / 3f) < 1e-6),
            share = dropped.Count(v => v == 0f) is > 180 and < 320,
            none = F.dropout(t, 0, training: true).sum().item<float>(),
            all = F.dropout(t, 1, training: true).sum().item<float>(),
            beyondOne = ErrorType(() => F.dropout(t, 1.5, training: true)),
        };
    }

    public static object? CrossEntropy()
    {
        Tensor logits = tensor(new float[,] { { 1f, 2f, 3f }, { 0f, 0f, 0f }, { 5f, -5f, 0f } });
        Tensor target = tensor(new[] { 2L, 1L, 0L }), ignoring = tensor(new[] { 2L, -100L, 0L });
        return new
        {
            mean = Round(F.cross_entropy(logits, target).item<float>()),
            sum = Round(F.cross_entropy(logits, target, reduction: nn.Reduction.Sum).item<float>()),
            each = Tensors.Describe(F.cross_entropy(logits, target, reduction: nn.Reduction.None)),
            ignored = Round(F.cross_entropy(logits, ignoring).item<float>()),
            ignoredEach = Tensors.Values(F.cross_entropy(logits, ignoring, reduction: nn.Reduction.None)),
            otherIgnore = Round(F.cross_entropy(logits, target, ignore_index: 1).item<float>()),
            allIgnored = F.cross_entropy(logits, tensor(new[] { -100L, -100L, -100L })).item<float>(),
            weighted = Round(F.cross_entropy(logits, target, weight: tensor(new[] { 1f, 2f, 0.5f })).item<float>()),
            smoothed = Round(F.cross_entropy(logits, target, label_smoothing: 0.1).item<float>()),
            beyond = ErrorType(() => F.cross_entropy(logits, tensor(new[] { 3L, 0L, 0L }))),
            floatTarget = ErrorType(() => F.cross_entropy(logits, tensor(new[] { 2f, 1f, 0f }))),
        };
    }

    public static object? EmbeddingByIndexSelect()
    {
        Tensor table = Tensors.Counting(4, 2), ids = tensor(new long[,] { { 3, 0 }, { 1, 1 } });
        return Tensors.Describe(table.index_select(0, ids.reshape(-1)).reshape(2, 2, 2));
    }

    public static object? AttentionWithMask()
    {
        Tensor query = Tensors.Counting(1, 1, 2, 2) * 0.1f, key = Tensors.Counting(1, 1, 3, 2) * 0.2f, value = Tensors.Counting(1, 1, 3, 2);
        Tensor scores = query.matmul(key.transpose(-1, -2)) / (float)Math.Sqrt(2);
        Tensor weights = scores.masked_fill(tensor(new[] { false, false, true }), float.NegativeInfinity).softmax(-1);
        return new { weights = Tensors.Values(weights), output = Tensors.Describe(weights.matmul(value)) };
    }
}
