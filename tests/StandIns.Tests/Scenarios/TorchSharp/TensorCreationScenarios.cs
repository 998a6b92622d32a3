// Making tensors, and reading them back.
using TorchSharp;
using static StandIns.Tests.Observe;
using static TorchSharp.torch;

namespace StandIns.Tests;

public static class TensorCreationScenarios
{
    public static object? FromArrays() => new
    {
        floats = Tensors.Describe(tensor(new[] { 1.5f, float.NaN, float.NegativeInfinity })),
        longs = Tensors.Describe(tensor(new[] { 1L, long.MinValue })),
        ints = Tensors.Describe(tensor(new[] { 1, -1 })),
        bools = Tensors.Describe(tensor(new[] { true, false })),
        matrix = Tensors.Describe(tensor(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } })),
        shaped = Tensors.Describe(tensor(new[] { 1f, 2f, 3f, 4f }, new long[] { 2, 2 })),
        converted = Tensors.Describe(tensor(new[] { 1L, 2L }, dtype: ScalarType.Float32)),
        nothing = Tensors.Describe(tensor(Array.Empty<float>())),
        wrongShape = ErrorType(() => tensor(new[] { 1f, 2f, 3f }, new long[] { 2, 2 })),
    };

    public static object? FromScalars() => new
    {
        single = Tensors.Describe(tensor(1.5f)),
        whole = Tensors.Describe(tensor(3L)),
        flag = Tensors.Describe(tensor(true)),
    };

    public static object? ArraysAreCopied()
    {
        float[] source = [1f, 2f];
        Tensor t = tensor(source);
        source[0] = 9f;
        return Tensors.Values(t);
    }

    public static object? Filled() => new
    {
        zeros = Tensors.Describe(zeros(2, 2)),
        ones = Tensors.Describe(ones(new long[] { 3 })),
        full = Tensors.Describe(full(new long[] { 2 }, 2.5f)),
        fullOfLong = Tensors.Describe(full(new long[] { 2 }, 7L, dtype: ScalarType.Int64)),
        eye = Tensors.Describe(eye(2)),
        emptyShape = empty(2, 0).shape,
        zerosOfLong = zeros(2, dtype: ScalarType.Int64).dtype.ToString(),
        zerosLike = Tensors.Describe(zeros_like(tensor(new[] { 1L, 2L }))),
    };

    public static object? Ranges() => new
    {
        toStop = Tensors.Describe(arange(3)),
        longStop = Tensors.Describe(arange(3L)),
        startStop = Tensors.Describe(arange(2, 5)),
        step = Tensors.Describe(arange(0, 1, 0.25f)),
        asFloat = Tensors.Describe(arange(3, dtype: ScalarType.Float32)),
        asLong = Tensors.Describe(arange(0, 3, dtype: ScalarType.Int64)),
    };

    public static object? Attributes()
    {
        Tensor t = Tensors.Counting(2, 3, 4);
        return new { t.ndim, dim = t.dim(), elements = t.numel(), t.shape, second = t.size(1), last = t.size(-1), stride = t.stride(), device = t.device.ToString(), gradient = t.requires_grad };
    }

    public static object? Items() => new
    {
        single = tensor(1.5f).item<float>(),
        ofOneElement = tensor(new float[,] { { 2.5f } }).item<float>(),
        whole = tensor(3L).item<long>(),
        many = ErrorType(() => tensor(new[] { 1f, 2f }).item<float>()),
        toSingle = tensor(new[] { 2.5f }).ToSingle(),
        toInt64 = tensor(7L).ToInt64(),
        readAsOtherType = ErrorType(() => tensor(1.5f).item<long>()),
    };

    public static object? DataAccess()
    {
        Tensor t = Tensors.Counting(2, 3);
        return new
        {
            whole = t.data<float>().ToArray(),
            count = t.data<float>().Count,
            second = t.data<float>()[1],
            transposed = t.transpose(0, 1).data<float>().ToArray(),
            transposedContiguous = t.transpose(0, 1).contiguous().data<float>().ToArray(),
            column = t.select(1, 1).data<float>().ToArray(),
            wrongType = ErrorType(() => t.data<long>().ToArray()),
        };
    }

    public static object? ConvertTypes()
    {
        Tensor t = tensor(new[] { 1.7f, -1.7f, 0f, 300f });
        return new
        {
            toLong = Tensors.Describe(t.to(ScalarType.Int64)),
            toInt = Tensors.Describe(t.to(ScalarType.Int32)),
            toBool = Tensors.Describe(t.to(ScalarType.Bool)),
            toDouble = t.to(ScalarType.Float64).dtype.ToString(),
            toHalf = t.to(ScalarType.Float16).dtype.ToString(),
            boolToFloat = Tensors.Describe(tensor(new[] { true, false }).to(ScalarType.Float32)),
            type = Tensors.Describe(t.type(ScalarType.Int64)),
            elementSize = new[] { t.element_size(), t.to(ScalarType.Int64).element_size(), t.to(ScalarType.BFloat16).element_size(), t.to(ScalarType.Bool).element_size() },
        };
    }

    public static object? BFloat16()
    {
        Tensor values = tensor(new[] { 1f, 1.00390625f, 3.14159274f, -65504f, 1e-30f, float.NaN });
        Tensor rounded = values.to(ScalarType.BFloat16);
        Tensor a = Tensors.Counting(2, 3).to(ScalarType.BFloat16), b = Tensors.Counting(3, 2).to(ScalarType.BFloat16);
        return new
        {
            type = rounded.dtype.ToString(),
            back = Tensors.Values(rounded.to(ScalarType.Float32)),
            product = Tensors.Describe(matmul(a, b)),
            sum = Tensors.Describe(a + a),
            withFloat = (a + Tensors.Counting(2, 3)).dtype.ToString(),
            mixedProduct = ErrorType(() => bmm(a.unsqueeze(0), Tensors.Counting(1, 3, 2))),
        };
    }

    public static object? Bytes()
    {
        Tensor source = tensor(new[] { 1f, -2f });
        string hex = Convert.ToHexString(source.bytes);
        Tensor target = zeros(2);
        target.bytes = source.bytes;
        Tensor whole = tensor(new[] { 1L, 2L });
        return new
        {
            hex,
            restored = Tensors.Values(target),
            longs = Convert.ToHexString(whole.bytes),
            flags = Convert.ToHexString(tensor(new[] { true, false }).bytes),
            bfloat16 = Convert.ToHexString(source.to(ScalarType.BFloat16).bytes),
            wrongLength = ErrorType(() => target.bytes = new byte[4]),
            notContiguous = Tensors.Error(() => _ = Tensors.Counting(2, 2).transpose(0, 1).bytes.Length, "contiguous"),
        };
    }

    public static object? RandomIsReproducible()
    {
        float[] Draw(long seed)
        {
            manual_seed(seed);
            return [.. randn(3).data<float>().ToArray(), .. rand(2).data<float>().ToArray()];
        }
        long[] Permute(long seed)
        {
            manual_seed(seed);
            return randperm(5).data<long>().ToArray();
        }
        return new
        {
            equal = Draw(7).SequenceEqual(Draw(7)),
            other = Draw(7).SequenceEqual(Draw(8)),
            permutationEqual = Permute(3).SequenceEqual(Permute(3)),
            permutation = Permute(3).Order(),
            uniformInRange = rand(1000).data<float>().ToArray().All(v => v is >= 0 and < 1),
            randnMoments = Math.Abs(randn(10000).mean().item<float>()) < 0.05,
        };
    }

    public static object? Generators()
    {
        using var one = new Generator(5);
        using var two = new Generator(5);
        return new { equal = randn(new long[] { 4 }, generator: one).data<float>().ToArray().SequenceEqual(randn(new long[] { 4 }, generator: two).data<float>().ToArray()) };
    }

    public static object? ToStrings() => new { matrix = zeros(2, 3).ToString(), scalar = tensor(1.5f).ToString(), longs = tensor(new[] { 1L }).ToString() };

    public static object? Threads()
    {
        int before = get_num_threads();
        set_num_threads(1);
        int one = get_num_threads();
        set_num_threads(before);
        return new { one, restored = get_num_threads() == before };
    }
}
