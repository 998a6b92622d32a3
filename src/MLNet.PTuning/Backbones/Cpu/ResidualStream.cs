// The sums that run through the layers, with the norms that follow them or come before the next product: forward and backward.
namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>Hidden states at one place: what sums go on with, and what the next product takes.</summary>
/// <param name="Values">[rows, H].</param>
/// <param name="Operand">[rows, H]; the same memory where both are the same floats.</param>
internal readonly record struct Residual<T>(Matrix<float> Values, Matrix<T> Operand) where T : unmanaged;

/// <summary>What the norm of a sum is made with.</summary>
/// <param name="Name">Where in a layer it is, by which its state for the backward pass is kept.</param>
/// <param name="Weights">The norm's.</param>
/// <param name="Masks">Dropout's, of what is added to the sum, in the order of the rows.</param>
internal readonly record struct NormPlace(string Name, NormWeights Weights, params MaskedRows[] Masks);

/// <summary>Rows one after the other that dropout has one mask for.</summary>
/// <param name="Mask">It.</param>
/// <param name="First">The index of the first row in it.</param>
/// <param name="Count">Number of rows.</param>
internal readonly record struct MaskedRows(DropMask Mask, int First, int Count);

/// <summary>
/// Where norms follow, the normed sum is both parts of a <see cref="Residual{T}"/>. Where they come first, its values are the sum and its operand is the norm of it,
/// except at the end: what the layers give is the norm of the last sum.
/// </summary>
/// <param name="buffers">Where matrices lie.</param>
/// <param name="width">H.</param>
/// <param name="normsFirst">Whether norms come before attention and feed-forward.</param>
internal sealed unsafe class ResidualStream<TLanes, T>(Buffers buffers, int width, bool normsFirst) where TLanes : struct, ILanes<TLanes> where T : unmanaged
{
    /// <summary>Matrices of any content.</summary>
    public Residual<T> Take(string name, int rows)
    {
        var values = buffers.Take<float>(name, 0, rows, width);
        return new(values, Element<T>.IsFloat && !normsFirst ? new Matrix<T>(values.Tensor, (T*)values.At, rows) : buffers.Take<T>(name + " operand", 0, rows, width));
    }

    /// <summary>Makes the first layer's operand of the values.</summary>
    /// <param name="x">Hidden states before the first layer.</param>
    /// <param name="norm">Of the first layer, where norms come first.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="keep">Whether <see cref="BackwardToFirst"/> follows.</param>
    public void Begin(Residual<T> x, NormPlace norm, int rows, bool keep)
    {
        if (!normsFirst) Elementwise<TLanes, T>.Convert(x.Values.At, x.Operand.At, (long)rows * width);
        else
        {
            State(norm, 0, rows, keep, out float* normalized, out float* inverse);
            PreNorm<TLanes, T>.DropAddNorm(null, null, default, 0, x.Values.At, norm.Weights, x.Values.At, x.Operand.At, normalized, inverse, rows);
        }
    }

    /// <summary>result = the sum of a sublayer's output and its input, and its norm.</summary>
    /// <param name="product">The output of the sublayer's last product: [rows, H].</param>
    /// <param name="bias">What is added to it [H]; null for nothing.</param>
    /// <param name="residual">The sublayer's input: [rows, H].</param>
    /// <param name="norm">The norm after the sum.</param>
    /// <param name="result">Written; where norms come first and <paramref name="isEnd"/>, the residual is overwritten too.</param>
    /// <param name="slot">Where the state for the backward pass is kept.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="cores">Threads that take some of the rows each.</param>
    /// <param name="keep">Whether the backward pass follows.</param>
    /// <param name="isEnd">Whether no layer follows.</param>
    public void Add(Matrix<T> product, float* bias, Matrix<float> residual, NormPlace norm, Residual<T> result, int slot, int rows, int cores, bool keep, bool isEnd)
    {
        State(norm, slot, rows, keep, out float* allNormalized, out float* allInverse);
        int firstRow = 0;
        foreach (var masked in norm.Masks)
        {
            int begin = firstRow;
            Workers.Share(masked.Count, cores, (_, from, end) =>
            {
                long row = begin + from, start = row * width;
                float* normalized = keep ? allNormalized + start : null, inverse = keep ? allInverse + row : null, values = result.Values.At + start, input = residual.At + start;
                T* added = product.At + start, operand = result.Operand.At + start;
                int count = end - from, first = masked.First + from;
                if (!normsFirst) Elementwise<TLanes, T>.DropAddNorm(added, bias, masked.Mask, first, input, norm.Weights, values, operand, normalized, inverse, count);
                else if (isEnd) PreNorm<TLanes, T>.DropAddNorm(added, bias, masked.Mask, first, input, norm.Weights, input, values, normalized, inverse, count);
                else PreNorm<TLanes, T>.DropAddNorm(added, bias, masked.Mask, first, input, norm.Weights, values, operand, normalized, inverse, count);
            });
            firstRow += masked.Count;
        }
    }

    /// <summary>From the gradient of what <see cref="Add"/> gave to that of the sum, in place, and to that of the product, which is returned.</summary>
    /// <param name="gradient">Of the residual's values: [rows, H].</param>
    /// <param name="ofOperand">Of its operand [rows, H]; null at the end.</param>
    /// <param name="norm">As in <see cref="Add"/>.</param>
    /// <param name="slot">As in <see cref="Add"/>.</param>
    /// <param name="rows">As in <see cref="Add"/>.</param>
    public Matrix<T> Backward(Matrix<float> gradient, T* ofOperand, NormPlace norm, int slot, int rows)
    {
        var dropped = buffers.Take<T>("dropped", 0, rows, width);
        State(norm, slot, rows, keep: true, out float* normalized, out float* inverse);
        long row = 0;
        foreach (var (mask, first, count) in norm.Masks)
        {
            long start = row * width;
            float* sums = gradient.At + start, values = normalized + start, scales = inverse + row;
            T* operand = ofOperand is null ? null : ofOperand + start, output = dropped.At + start;
            if (normsFirst) PreNorm<TLanes, T>.DropAddNormBackward(sums, operand, values, scales, norm.Weights, mask, first, output, count);
            else Elementwise<TLanes, T>.DropAddNormBackward(sums, operand, values, scales, norm.Weights, mask, first, output, count);
            row += count;
        }
        return dropped;
    }

    /// <summary>The gradient of the hidden states before the first layer: [rows, H].</summary>
    /// <param name="gradient">Of the first residual's values; overwritten.</param>
    /// <param name="ofOperand">Of its operand.</param>
    /// <param name="norm">As in <see cref="Begin"/>.</param>
    /// <param name="result">Written: [rows, H].</param>
    /// <param name="rows">Number of rows.</param>
    public void BackwardToFirst(Matrix<float> gradient, T* ofOperand, NormPlace norm, float* result, int rows)
    {
        if (!normsFirst)
        {
            Sum(gradient.At, ofOperand, result, rows);
            return;
        }
        State(norm, 0, rows, keep: true, out float* normalized, out float* inverse);
        PreNorm<TLanes, T>.DropAddNormBackward(gradient.At, ofOperand, normalized, inverse, norm.Weights, default, 0, null, rows);
        Copy(gradient.At, result, rows);
    }

    /// <summary>Hidden states at the positions read.</summary>
    public Residual<T> Select(Residual<T> x, Pass pass, RowRange rows)
    {
        var selected = Take("selected", rows.ReadCount);
        for (int r = 0; r < rows.ReadCount; r++)
        {
            long from = IndexOfRead(pass, rows, r) * width, to = (long)r * width;
            Copy(x.Values.At + from, selected.Values.At + to, 1);
            if ((void*)x.Operand.At != x.Values.At) Buffer.MemoryCopy(x.Operand.At + from, selected.Operand.At + to, sizeof(T) * (long)width, sizeof(T) * (long)width);
        }
        return selected;
    }

    /// <summary>From gradients at the positions read to gradients at all positions.</summary>
    /// <param name="gradient">Of the values at the positions read.</param>
    /// <param name="ofOperand">Of the operand there; added where the operand's gradient is the values' too, else by <see cref="AddRead"/>.</param>
    /// <param name="pass">The batch.</param>
    /// <param name="rows">This part of it.</param>
    public Matrix<float> Scatter(Matrix<float> gradient, Matrix<T> ofOperand, Pass pass, RowRange rows)
    {
        var all = buffers.Take<float>("gradient", 0, rows.PieceCount, width);
        new Span<float>(all.At, rows.PieceCount * width).Clear();
        for (int r = 0; r < rows.ReadCount; r++)
        {
            float* from = gradient.At + (long)r * width, to = all.At + IndexOfRead(pass, rows, r) * width;
            if (normsFirst) Copy(from, to, 1);
            else Sum(from, ofOperand.At + (long)r * width, to, 1);
        }
        return all;
    }

    /// <summary>Where norms come first, adds the gradient of the operand at the positions read to that at all positions.</summary>
    public void AddRead(Matrix<T> atRead, Matrix<T> all, Pass pass, RowRange rows)
    {
        if (!normsFirst) return;
        for (int r = 0; r < rows.ReadCount; r++)
        {
            T* from = atRead.At + (long)r * width, to = all.At + IndexOfRead(pass, rows, r) * width;
            for (int k = 0; k < width; k += TLanes.Count) Element<T>.Store(Element<T>.Load<TLanes>(from + k) + Element<T>.Load<TLanes>(to + k), to + k);
        }
    }

    /// <summary>Copies rows of H floats.</summary>
    public void Copy(float* from, float* to, int rows) => Buffer.MemoryCopy(from, to, 4L * rows * width, 4L * rows * width);

    // What a norm keeps for the backward pass; nothing in prediction.
    private void State(NormPlace norm, int slot, int rows, bool keep, out float* normalized, out float* inverse)
    {
        normalized = keep ? buffers.Take<float>(norm.Name, slot, rows, width).At : null;
        inverse = keep ? buffers.Take<float>(norm.Name + " scale", slot, rows, 1).At : null;
    }

    private static long IndexOfRead(Pass pass, RowRange rows, int r) => pass.ReadPositions[rows.FirstRead + r] - rows.FirstPiece;

    private void Sum(float* a, T* b, float* sum, int rows)
    {
        for (long k = 0; k < (long)rows * width; k += TLanes.Count) (TLanes.Load(a + k) + Element<T>.Load<TLanes>(b + k)).Store(sum + k);
    }
}
