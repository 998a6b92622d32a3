// A residual sum and the norm of it that the next product takes, in one pass over memory, and the derivative: what layers that norm first have between their products.
using System.Runtime.CompilerServices;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>
/// All matrices are row-major and contiguous. <typeparamref name="T"/> is the type of the products' operands and results; sums and norms are floats.
/// A norm without a shift is one by the root mean square.
/// </summary>
internal static unsafe class PreNorm<TLanes, T> where TLanes : struct, ILanes<TLanes> where T : unmanaged
{
    /// <summary>sum = drop(product + bias) + residual, and normed = norm(sum); keeps the normalized values and 1 / deviation where these are not null.</summary>
    /// <typeparam name="TNormed">The type of the result: <typeparamref name="T"/>, or floats.</typeparam>
    /// <param name="product">[rows, width]; null for nothing.</param>
    /// <param name="bias">[width]; null for none.</param>
    /// <param name="mask">Dropout's.</param>
    /// <param name="firstRow">The index of the first row in <paramref name="mask"/>.</param>
    /// <param name="residual">[rows, width].</param>
    /// <param name="norm">Weight and shift.</param>
    /// <param name="sum">[rows, width]; may be <paramref name="residual"/>.</param>
    /// <param name="normed">[rows, width].</param>
    /// <param name="normalized">[rows, width] or null.</param>
    /// <param name="inverse">[rows] or null.</param>
    /// <param name="rows">Number of rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void DropAddNorm<TNormed>(T* product, float* bias, DropMask mask, int firstRow, float* residual, NormWeights norm, float* sum, TNormed* normed, float* normalized, float* inverse, int rows)
        where TNormed : unmanaged
    {
        int width = norm.Width;
        for (int row = 0; row < rows; row++, residual += width, sum += width, normed += width)
        {
            uint seed = mask.RowSeed(firstRow + row);
            TLanes sums = default;
            for (int k = 0; k < width; k += TLanes.Count)
            {
                var v = TLanes.Load(residual + k);
                if (product is not null)
                {
                    var added = Element<T>.Load<TLanes>(product + (long)row * width + k);
                    if (bias is not null) added += TLanes.Load(bias + k);
                    if (mask.IsActive) added *= TLanes.Mask(seed, (uint)k, mask.Threshold, mask.Kept);
                    v += added;
                }
                v.Store(sum + k);
                sums += v;
            }
            var mean = norm.Shift is null ? default : TLanes.All(sums.Sum() / width);
            float scale = norm.InverseDeviation(sum, mean);
            if (inverse is not null) inverse[row] = scale;
            var scales = TLanes.All(scale);
            for (int k = 0; k < width; k += TLanes.Count)
            {
                var v = (TLanes.Load(sum + k) - mean) * scales;
                if (normalized is not null) v.Store(normalized + (long)row * width + k);
                v *= TLanes.Load(norm.Weight + k);
                if (norm.Shift is not null) v += TLanes.Load(norm.Shift + k);
                Element<TNormed>.Store(v, normed + k);
            }
        }
    }

    /// <summary>gradient of the sum ← gradient + the norm's of <paramref name="ofNormed"/>; dropped ← that times the mask of <see cref="DropAddNorm"/>.</summary>
    /// <param name="gradient">[rows, width].</param>
    /// <param name="ofNormed">Gradient of the normed values [rows, width]; null where it is <paramref name="gradient"/> itself, to which nothing is added then.</param>
    /// <param name="normalized">What the forward pass kept [rows, width].</param>
    /// <param name="inverse">What the forward pass kept [rows].</param>
    /// <param name="norm">Weight and shift.</param>
    /// <param name="mask">Dropout's.</param>
    /// <param name="firstRow">The index of the first row in <paramref name="mask"/>.</param>
    /// <param name="dropped">[rows, width]; null where it is not needed.</param>
    /// <param name="rows">Number of rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void DropAddNormBackward(float* gradient, T* ofNormed, float* normalized, float* inverse, NormWeights norm, DropMask mask, int firstRow, T* dropped, int rows)
    {
        int width = norm.Width;
        for (int row = 0; row < rows; row++, gradient += width, normalized += width)
        {
            uint seed = mask.RowSeed(firstRow + row);
            T* normedRow = ofNormed + (long)row * width, droppedRow = dropped + (long)row * width;
            TLanes sums = default, products = default;
            for (int k = 0; k < width; k += TLanes.Count)
            {
                var v = (ofNormed is null ? TLanes.Load(gradient + k) : Element<T>.Load<TLanes>(normedRow + k)) * TLanes.Load(norm.Weight + k);
                sums += v;
                products = TLanes.MultiplyAdd(v, TLanes.Load(normalized + k), products);
            }
            var mean = norm.Shift is null ? default : TLanes.All(sums.Sum() / width);
            var slope = TLanes.All(products.Sum() / width);
            var scale = TLanes.All(inverse[row]);
            for (int k = 0; k < width; k += TLanes.Count)
            {
                var v = (ofNormed is null ? TLanes.Load(gradient + k) : Element<T>.Load<TLanes>(normedRow + k)) * TLanes.Load(norm.Weight + k);
                v = (v - mean - TLanes.Load(normalized + k) * slope) * scale;
                if (ofNormed is not null) v += TLanes.Load(gradient + k);
                v.Store(gradient + k);
                if (dropped is not null) Element<T>.Store(mask.IsActive ? v * TLanes.Mask(seed, (uint)k, mask.Threshold, mask.Kept) : v, droppedRow + k);
            }
        }
    }
}
