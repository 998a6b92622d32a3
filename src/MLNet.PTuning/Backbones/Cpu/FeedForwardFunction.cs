// What lies between the two products of a feed-forward network: biases, the activation and, in gated networks, the multiplication by it.
using System.Runtime.CompilerServices;

namespace MLNet.PTuning.Backbones.Cpu;

/// <summary>A function of the widened vectors with its derivative.</summary>
internal abstract unsafe class FeedForwardFunction<TLanes, T> where TLanes : struct, ILanes<TLanes> where T : unmanaged
{
    /// <summary>The function of a backbone's feed-forward networks; null for an activation that is not known here.</summary>
    public static FeedForwardFunction<TLanes, T>? Of(PackedBackbone backbone)
    {
        string name = backbone.Config.HiddenActivation;
        int width = backbone.Config.IntermediateSize;
        bool isGated = backbone.Layers[0].Gate is not null;
        if (Activation.IsGelu(name)) return Of<Gelu<TLanes>>();
        if (Activation.IsTanhGelu(name)) return Of<TanhGelu<TLanes>>();
        return Activation.IsSilu(name) ? Of<Silu<TLanes>>() : null;

        FeedForwardFunction<TLanes, T> Of<TActivation>() where TActivation : struct, IActivation<TLanes> => isGated ? new Gated<TActivation>(width) : new Plain<TActivation>(width);
    }

    /// <summary>Columns of the first product.</summary>
    public abstract int InputWidth { get; }

    /// <summary>Writes the operand of the second product.</summary>
    /// <param name="x">The first product: [rows, <see cref="InputWidth"/>].</param>
    /// <param name="layer">The biases.</param>
    /// <param name="y">[rows, I].</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="keepSlope">Whether <paramref name="x"/> becomes what <see cref="Backward"/> needs.</param>
    public abstract void Apply(T* x, FrozenLayer<TLanes, T> layer, T* y, int rows, bool keepSlope);

    /// <summary>From the gradient of the second product's operand to that of the first product, which is returned: one of the two, overwritten.</summary>
    /// <param name="gradient">[rows, I].</param>
    /// <param name="kept">What <see cref="Apply"/> kept: [rows, <see cref="InputWidth"/>].</param>
    /// <param name="rows">Number of rows.</param>
    public abstract Matrix<T> Backward(Matrix<T> gradient, Matrix<T> kept, int rows);

    private sealed class Plain<TActivation>(int width) : FeedForwardFunction<TLanes, T> where TActivation : struct, IActivation<TLanes>
    {
        public override int InputWidth => width;

        public override void Apply(T* x, FrozenLayer<TLanes, T> layer, T* y, int rows, bool keepSlope) =>
            Elementwise<TLanes, T>.Activate<TActivation>(x, layer.IntermediateBias, y, rows, width, keepSlope);

        public override Matrix<T> Backward(Matrix<T> gradient, Matrix<T> kept, int rows)
        {
            Elementwise<TLanes, T>.ActivateBackward(gradient.At, kept.At, (long)rows * width);
            return gradient;
        }
    }

    /// <summary>GLU's variants (Shazeer, 2020): activation(gate + bias) · (x + bias), the gate in the first I columns.</summary>
    private sealed class Gated<TActivation>(int width) : FeedForwardFunction<TLanes, T> where TActivation : struct, IActivation<TLanes>
    {
        public override int InputWidth => 2 * width;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Apply(T* x, FrozenLayer<TLanes, T> layer, T* y, int rows, bool keepSlope)
        {
            float* gateBias = layer.GateBias, bias = layer.IntermediateBias;
            for (int row = 0; row < rows; row++, x += 2 * width, y += width)
                for (int k = 0; k < width; k += TLanes.Count)
                {
                    TLanes gate = Element<T>.Load<TLanes>(x + k), up = Element<T>.Load<TLanes>(x + width + k);
                    if (gateBias is not null) gate += TLanes.Load(gateBias + k);
                    if (bias is not null) up += TLanes.Load(bias + k);
                    var active = TActivation.Of(gate, out var slope);
                    Element<T>.Store(active * up, y + k);
                    if (!keepSlope) continue;
                    Element<T>.Store(slope * up, x + k);
                    Element<T>.Store(active, x + width + k);
                }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override Matrix<T> Backward(Matrix<T> gradient, Matrix<T> kept, int rows)
        {
            T* g = gradient.At, x = kept.At;
            for (int row = 0; row < rows; row++, x += 2 * width, g += width)
                for (int k = 0; k < width; k += TLanes.Count)
                {
                    var v = Element<T>.Load<TLanes>(g + k);
                    Element<T>.Store(v * Element<T>.Load<TLanes>(x + k), x + k);
                    Element<T>.Store(v * Element<T>.Load<TLanes>(x + width + k), x + width + k);
                }
            return kept;
        }
    }
}
