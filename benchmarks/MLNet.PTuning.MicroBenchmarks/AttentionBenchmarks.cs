// Attention of one layer of BERT-base's width over packed rows on one core, forward and backward; figures are a row's.
using System.Runtime.Intrinsics;
using BenchmarkDotNet.Attributes;
using MLNet.PTuning.Backbones.Cpu;
using TorchSharp;

namespace MLNet.PTuning.MicroBenchmarks;

public class AttentionBenchmarks
{
    private const int Rows = 32;
    private AttentionCase? _case;

    /// <summary>Word pieces a row.</summary>
    [Params(16, 32, 128)]
    public int RowLength { get; set; }

    /// <summary>The prompt's vectors, which all rows share.</summary>
    [Params(20, 128)]
    public int PromptLength { get; set; }

    /// <summary>Of queries, keys, values and results.</summary>
    [Params(Precision.Float32, Precision.BFloat16)]
    public Precision Precision { get; set; }

    [GlobalSetup]
    public void MakeCase()
    {
        // As the product chooses them for a backbone whose sizes are whole vectors.
        _case = Vector512.IsHardwareAccelerated ? Of<Lanes512>() : Vector256.IsHardwareAccelerated ? Of<Lanes256>() : Of<Lanes128>();
        // The backward pass reads what the forward pass leaves.
        _case.Forward();

        AttentionCase Of<TLanes>() where TLanes : struct, ILanes<TLanes> => Precision == Precision.Float32
            ? new AttentionCase<TLanes, float>(Rows, RowLength, PromptLength) : new AttentionCase<TLanes, BFloat16>(Rows, RowLength, PromptLength);
    }

    [Benchmark(OperationsPerInvoke = Rows)]
    public void Forward() => _case!.Forward();

    [Benchmark(OperationsPerInvoke = Rows)]
    public void Backward() => _case!.Backward();

    [GlobalCleanup]
    public void Free() => _case?.Dispose();
}
