// What comes between the matrix products of a layer, each in one pass over memory: bias, activation, dropout, residual sum, norm, and their derivatives.
using System.Runtime.CompilerServices;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>
/// All matrices are row-major and contiguous. <typeparamref name="T"/> is the type of the products' operands and results; sums and norms are floats.
/// </summary>
internal static unsafe class Elementwise<TLanes, T> where TLanes : struct, ILanes<TLanes> where T : unmanaged
{
    /// <summary>The operand that values are for a product; nothing where both are the same memory.</summary>
    public static void Convert(float* values, T* operand, long length)
    {
        if ((void*)values == operand) return;
        for (long k = 0; k < length; k += TLanes.Count) Element<T>.Store(TLanes.Load(values + k), operand + k);
    }

    /// <summary>y = activation(x + bias); with <paramref name="keepSlope"/>, x becomes its slope.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Activate<TActivation>(T* x, float* bias, T* y, int rows, int width, bool keepSlope) where TActivation : struct, IActivation<TLanes>
    {
        for (int row = 0; row < rows; row++, x += width, y += width)
            for (int k = 0; k < width; k += TLanes.Count)
            {
                Element<T>.Store(TActivation.Of(Element<T>.Load<TLanes>(x + k) + TLanes.Load(bias + k), out var slope), y + k);
                if (keepSlope) Element<T>.Store(slope, x + k);
            }
    }

    /// <summary>gradient *= slope.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ActivateBackward(T* gradient, T* slope, long length)
    {
        for (long k = 0; k < length; k += TLanes.Count)
            Element<T>.Store(Element<T>.Load<TLanes>(gradient + k) * Element<T>.Load<TLanes>(slope + k), gradient + k);
    }

    /// <summary>result = norm(drop(product + bias) + residual) · weight + shift, as floats and as an operand; keeps the normalized values and 1 / deviation where these are not null.</summary>
    /// <param name="product">[rows, width].</param>
    /// <param name="bias">[width].</param>
    /// <param name="mask">Dropout's.</param>
    /// <param name="firstRow">The index of the first row in <paramref name="mask"/>.</param>
    /// <param name="residual">[rows, width].</param>
    /// <param name="norm">Weight and shift.</param>
    /// <param name="result">[rows, width].</param>
    /// <param name="operand">[rows, width]; the same memory as <paramref name="result"/> where operands are floats.</param>
    /// <param name="normalized">[rows, width] or null.</param>
    /// <param name="inverse">[rows] or null.</param>
    /// <param name="rows">Number of rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void DropAddNorm(T* product, float* bias, DropMask mask, int firstRow, float* residual, NormWeights norm, float* result, T* operand,
        float* normalized, float* inverse, int rows)
    {
        int width = norm.Width;
        for (int row = 0; row < rows; row++, product += width, residual += width, result += width, operand += width)
        {
            uint seed = mask.RowSeed(firstRow + row);
            TLanes sums = default;
            for (int k = 0; k < width; k += TLanes.Count)
            {
                var v = Element<T>.Load<TLanes>(product + k) + TLanes.Load(bias + k);
                if (mask.IsActive) v *= TLanes.Mask(seed, (uint)k, mask.Threshold, mask.Kept);
                v += TLanes.Load(residual + k);
                v.Store(result + k);
                sums += v;
            }
            var mean = TLanes.All(sums.Sum() / width);
            float scale = norm.InverseDeviation(result, mean);
            if (inverse is not null) inverse[row] = scale;
            var scales = TLanes.All(scale);
            for (int k = 0; k < width; k += TLanes.Count)
            {
                var v = (TLanes.Load(result + k) - mean) * scales;
                if (normalized is not null) v.Store(normalized + (long)row * width + k);
                v = TLanes.MultiplyAdd(v, TLanes.Load(norm.Weight + k), TLanes.Load(norm.Shift + k));
                v.Store(result + k);
                if (!Element<T>.IsFloat) Element<T>.Store(v, operand + k);
            }
        }
    }

    /// <summary>gradient ← (gradient + added) before the norm; dropped ← that times the mask of <see cref="DropAddNorm"/>.</summary>
    /// <param name="gradient">[rows, width].</param>
    /// <param name="added">A product to add [rows, width], or null.</param>
    /// <param name="normalized">What the forward pass kept [rows, width].</param>
    /// <param name="inverse">What the forward pass kept [rows].</param>
    /// <param name="norm">Weight and shift.</param>
    /// <param name="mask">Dropout's.</param>
    /// <param name="firstRow">The index of the first row in <paramref name="mask"/>.</param>
    /// <param name="dropped">[rows, width].</param>
    /// <param name="rows">Number of rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void DropAddNormBackward(float* gradient, T* added, float* normalized, float* inverse, NormWeights norm, DropMask mask, int firstRow, T* dropped, int rows)
    {
        int width = norm.Width;
        for (int row = 0; row < rows; row++, gradient += width, normalized += width, dropped += width)
        {
            uint seed = mask.RowSeed(firstRow + row);
            TLanes sums = default, products = default;
            for (int k = 0; k < width; k += TLanes.Count)
            {
                var v = TLanes.Load(gradient + k);
                if (added is not null) v += Element<T>.Load<TLanes>(added + (long)row * width + k);
                v *= TLanes.Load(norm.Weight + k);
                v.Store(gradient + k);
                sums += v;
                products = TLanes.MultiplyAdd(v, TLanes.Load(normalized + k), products);
            }
            var mean = TLanes.All(sums.Sum() / width);
            var slope = TLanes.All(products.Sum() / width);
            var scale = TLanes.All(inverse[row]);
            for (int k = 0; k < width; k += TLanes.Count)
            {
                var v = (TLanes.Load(gradient + k) - mean - TLanes.Load(normalized + k) * slope) * scale;
                v.Store(gradient + k);
                Element<T>.Store(mask.IsActive ? v * TLanes.Mask(seed, (uint)k, mask.Threshold, mask.Kept) : v, dropped + k);
            }
        }
    }
}

/// <summary>A norm's weight and shift [width]; the width is a multiple of the vector's length. Without a shift it is one by the root mean square.</summary>
internal readonly unsafe struct NormWeights(float* weight, float* shift, int width, float epsilon)
{
    public static NormWeights Of(Norm norm) => new(Buffers.At(norm.Weight), norm.Bias is null ? null : Buffers.At(norm.Bias), (int)norm.Size, (float)norm.Epsilon);

    public float* Weight { get; } = weight;

    public float* Shift { get; } = shift;

    public int Width { get; } = width;

    public float Epsilon { get; } = epsilon;

    /// <summary>1 / the deviation of a row of values [width] from <paramref name="mean"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float InverseDeviation<TLanes>(float* values, TLanes mean) where TLanes : struct, ILanes<TLanes>
    {
        TLanes squares = default;
        for (int k = 0; k < Width; k += TLanes.Count)
        {
            var v = TLanes.Load(values + k) - mean;
            squares = TLanes.MultiplyAdd(v, v, squares);
        }
        return 1 / MathF.Sqrt(squares.Sum() / Width + Epsilon);
    }
}
