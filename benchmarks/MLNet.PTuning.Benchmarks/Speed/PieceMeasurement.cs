// Measures each hand-written piece of a layer's forward pass beside libtorch's own operators for it, on one thread, in turns.
using System.Diagnostics;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Backbones.Cpu;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace MLNet.PTuning.Benchmarks.Speed;

/// <summary>One piece.</summary>
/// <param name="Piece">What it computes.</param>
/// <param name="Product">Milliseconds of this project's code for one layer.</param>
/// <param name="Libtorch">Those of libtorch's operators.</param>
/// <param name="EndToEnd">How many times longer the whole layer takes with libtorch's operators in place of this piece alone.</param>
internal sealed record PieceResult(string Piece, Timing Product, Timing Libtorch, double EndToEnd)
{
    public Ratio Ratio => Libtorch.Over(Product);
}

/// <typeparam name="TLanes">The vectors computed with.</typeparam>
internal static unsafe class PieceMeasurement<TLanes> where TLanes : struct, ILanes<TLanes>
{
    private const int Rows = 16, Repeats = 20;
    private static readonly BertShape Shape = BertShape.MiniLm;

    /// <param name="promptLength">Vectors a layer.</param>
    /// <param name="rounds">Passes of each side that are counted.</param>
    public static IReadOnlyList<PieceResult> Run(int promptLength, int rounds) => ComputeThread.Run(() =>
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        ComputeThread.SetLibtorchThreads(1);
        int[] lengths = SpeedWorkload.LogNormal(Shape, promptLength, Rows).Lengths;
        int[] starts = [0, .. lengths.Select((_, i) => lengths[..(i + 1)].Sum())];
        int pieces = starts[^1], hidden = Shape.Hidden, wide = Shape.Intermediate;
        List<(string Piece, Action Product, Action Libtorch)> cases =
        [
            Products(pieces, [(hidden, 3 * hidden), (hidden, hidden), (hidden, wide), (wide, hidden)]), Attention(starts, promptLength), Gelu(pieces), Norm(pieces),
        ];
        var timings = Timing.InTurns(rounds, [.. cases.SelectMany(c => new (string, Func<double>)[] { ("MLNet.PTuning", () => Time(c.Product)), ("libtorch", () => Time(c.Libtorch)) })]);
        double layer = timings.Where((_, i) => i % 2 == 0).Sum(t => t.Median);
        return cases.Select((c, i) => new PieceResult(c.Piece, timings[2 * i], timings[2 * i + 1], (layer - timings[2 * i].Median + timings[2 * i + 1].Median) / layer)).ToArray();
    });

    private static double Time(Action run)
    {
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < Repeats; i++) run();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds / Repeats;
    }

    private static (string, Action, Action) Products(int pieces, (int In, int Out)[] sizes)
    {
        var products = sizes.Select(size =>
        {
            torch.Tensor x = Random(pieces, size.In), weight = Random(size.Out, size.In), result = torch.empty(pieces, size.Out);
            return (X: x, Transpose: weight.t(), Result: result, Panels: new FrozenPanels<TLanes>(Buffers.At(weight), 1, size.In, size.In, size.Out));
        }).ToArray();
        return ("products with frozen weights", () =>
        {
            foreach (var p in products) p.Panels.Multiply(Buffers.At(p.X), Buffers.At(p.Result), pieces, 1);
        }, () =>
        {
            foreach (var p in products) p.Result.addmm_(p.X, p.Transpose, beta: 0);
        });
    }

    private static (string, Action, Action) Attention(int[] starts, int promptLength)
    {
        int pieces = starts[^1], hidden = Shape.Hidden;
        torch.Tensor projections = Random(pieces, 3 * hidden), prefixKeys = Random(promptLength, hidden), prefixValues = Random(promptLength, hidden), result = torch.empty(pieces, hidden);
        torch.Tensor bias = torch.zeros(hidden), logSums = torch.empty(pieces, Shape.Heads);
        var scratch = new Scratch();
        var operands = new AttentionOperands<float>
        {
            Queries = Buffers.At(projections),
            Keys = Buffers.At(projections) + hidden,
            Values = Buffers.At(projections) + 2 * hidden,
            QueryStride = 3 * hidden,
            KeyStride = 3 * hidden,
            QueryBias = Buffers.At(bias),
            KeyBias = Buffers.At(bias),
            ValueBias = Buffers.At(bias),
            PrefixKeys = new PrefixRows(Buffers.At(prefixKeys), hidden),
            PrefixValues = new PrefixRows(Buffers.At(prefixValues), hidden),
            PrefixLength = promptLength,
            Heads = Shape.Heads,
            KeyHeads = Shape.Heads,
            HeadSize = hidden / Shape.Heads,
            Rows = new RowRange(starts, starts, 0, starts.Length - 1),
            QueryStarts = starts,
            Output = Buffers.At(result),
            LogSums = Buffers.At(logSums),
        };
        var layout = new AttentionLayout(starts, starts, promptLength, torch.CPU);
        return ("attention", () => new AttentionKernel<TLanes, float>(operands, scratch, backward: false).Forward(0, Shape.Heads), () =>
        {
            using var scope = torch.NewDisposeScope();
            var parts = projections.chunk(3, 1);
            layout.Attend(parts[0].Plus(bias), parts[1].Plus(bias), parts[2].Plus(bias), (prefixKeys, prefixValues), Shape.Heads, null);
        });
    }

    private static (string, Action, Action) Gelu(int pieces)
    {
        torch.Tensor x = Random(pieces, Shape.Intermediate), bias = Random(1, Shape.Intermediate).squeeze(0), result = torch.empty_like(x);
        return ("bias and GELU", () => Elementwise<TLanes, float>.Activate<Gelu<TLanes>>(Buffers.At(x), Buffers.At(bias), Buffers.At(result), pieces, Shape.Intermediate, keepSlope: false), () =>
        {
            using var scope = torch.NewDisposeScope();
            functional.gelu(x.Plus(bias));
        });
    }

    private static (string, Action, Action) Norm(int pieces)
    {
        torch.Tensor product = Random(pieces, Shape.Hidden), residual = Random(pieces, Shape.Hidden), bias = Random(1, Shape.Hidden).squeeze(0), result = torch.empty_like(product);
        var norm = new Norm(torch.ones(Shape.Hidden), torch.zeros(Shape.Hidden), Shape.Hidden, 1e-12);
        var weights = NormWeights.Of(norm);
        return ("bias, residual sum and norm, twice", () =>
        {
            for (int i = 0; i < 2; i++)
                Elementwise<TLanes, float>.DropAddNorm(Buffers.At(product), Buffers.At(bias), default, 0, Buffers.At(residual), weights, Buffers.At(result), Buffers.At(result), null, null, pieces);
        }, () =>
        {
            using var scope = torch.NewDisposeScope();
            for (int i = 0; i < 2; i++) norm.Apply(product.Plus(bias).Plus(residual));
        });
    }

    private static torch.Tensor Random(int rows, int columns) => torch.randn(rows, columns);
}
