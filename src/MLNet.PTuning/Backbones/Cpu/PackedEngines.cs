// The packed layers of one encoder in each precision, made at their first use, and which of them computes a batch.
using System.Runtime.Intrinsics.X86;
using TorchSharp;

namespace MLNet.PTuning.Backbones.Cpu;

/// <param name="create">Makes the layers, with bfloat16 operands or not.</param>
internal sealed class PackedEngines(Func<bool, PackedLayers> create) : IDisposable
{
    // Relative root mean square of the difference that rounding may make to hidden states.
    private const double Tolerance = 0.02;

    private readonly Lazy<PackedLayers>[] _engines = [new(() => create(false)), new(() => create(true))];
    private bool? _halvesFit;

    /// <summary>Whether the processor has an instruction for products of bfloat16: leaf 7 of x86's CPUID says so, AVX512-BF16 in subleaf 1, AMX in subleaf 0.</summary>
    public static bool ProcessorMultipliesBFloat16 { get; } =
        X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7 && ((X86Base.CpuId(7, 1).Eax >> 5 & 1) != 0 || (X86Base.CpuId(7, 0).Edx >> 22 & 1) != 0);

    /// <summary>The layers for a precision.</summary>
    /// <param name="precision">The precision of the options.</param>
    /// <param name="run">Computes the current batch's hidden states, to compare precisions.</param>
    public PackedLayers For(Precision precision, Func<PackedLayers, torch.Tensor> run) => Engine(precision switch
    {
        Precision.Auto => _halvesFit ??= ProcessorMultipliesBFloat16 && HalvesFit(run),
        _ => precision == Precision.BFloat16,
    });

    public void Trim()
    {
        foreach (var engine in Made()) engine.Trim();
    }

    public void Dispose()
    {
        foreach (var engine in Made()) engine.Dispose();
    }

    private PackedLayers Engine(bool halves) => _engines[halves ? 1 : 0].Value;

    private IEnumerable<PackedLayers> Made() => _engines.Where(e => e.IsValueCreated).Select(e => e.Value);

    private bool HalvesFit(Func<PackedLayers, torch.Tensor> run)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var expected = run(Engine(halves: false));
        return ((run(Engine(halves: true)) - expected).norm() / expected.norm()).item<float>() < Tolerance;
    }
}
