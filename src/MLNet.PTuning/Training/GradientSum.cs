// Adds up what all ranks computed of a step: its losses, its gradients, what was predicted.
using System.Runtime.InteropServices;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Training;

/// <summary>The sums of a step, one message a step.</summary>
/// <param name="ranks">The ranks.</param>
/// <param name="parameters">What is trained.</param>
/// <param name="losses">How many losses a step has.</param>
internal sealed class GradientSum(ICommunicator ranks, IReadOnlyList<Parameter> parameters, int losses = 1)
{
    // Before the gradients: how many ranks are to stop, the losses, and of each parameter how many have a gradient.
    private const int Stops = 0, Losses = 1;
    private readonly int _has = Losses + losses;

    private float[] _values = [];

    /// <summary>This rank's losses and gradients become those of all ranks' rows.</summary>
    /// <param name="backward">Computes this rank's; runs where tensor work does.</param>
    /// <param name="predicted">What it counts: becomes the counts of all ranks' rows. Null for none.</param>
    /// <param name="token">Stops all ranks where one's is canceled.</param>
    /// <returns>The step's losses. Where one is not finite, gradients are of no use.</returns>
    /// <exception cref="OperationCanceledException">A rank's token was canceled.</exception>
    public double[] Of(Func<double[]> backward, ClassCounts? predicted, CancellationToken token)
    {
        if (ranks.Size == 1)
        {
            token.ThrowIfCancellationRequested();
            return ComputeThread.Run(backward);
        }
        bool stops = token.IsCancellationRequested;
        ComputeThread.Run(() => Collect(stops ? [] : backward(), stops, predicted));
        // Outside of the compute thread, which predicts meanwhile.
        ranks.Sum(_values);
        if (_values[Stops] > 0) throw new OperationCanceledException(stops ? null : "Training was canceled on another rank.", token);
        ComputeThread.Run(() => Spread(predicted));
        return Array.ConvertAll(_values[Losses.._has], loss => (double)loss);
    }

    private void Collect(double[] own, bool stops, ClassCounts? predicted)
    {
        using var scope = torch.NewDisposeScope();
        int classes = predicted?.Gold.Length ?? 0;
        long size = _has + parameters.Count + 2L * classes + parameters.Sum(p => p.Value.numel());
        if (size > Array.MaxLength) throw new NotSupportedException($"{size} numbers are trained, more than several ranks can add up. Train them on one.");
        if (_values.Length != size) _values = new float[size];
        Array.Clear(_values);
        _values[Stops] = stops ? 1 : 0;
        for (int i = 0; i < own.Length; i++) _values[Losses + i] = (float)own[i];
        int at = _has + parameters.Count;
        for (int i = 0; i < classes; i++) (_values[at++], _values[at++]) = (predicted!.Predicted[i], predicted.Gold[i]);
        for (int i = 0; i < parameters.Count; i++)
        {
            int count = (int)parameters[i].Value.numel();
            if (parameters[i].Value.grad is { } gradient)
            {
                _values[_has + i] = 1;
                MemoryMarshal.Cast<byte, float>(gradient.cpu().contiguous().bytes).CopyTo(_values.AsSpan(at, count));
            }
            at += count;
        }
    }

    private void Spread(ClassCounts? predicted)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        int at = _has + parameters.Count;
        for (int i = 0; i < predicted?.Gold.Length; i++) (predicted.Predicted[i], predicted.Gold[i]) = ((long)_values[at++], (long)_values[at++]);
        for (int i = 0; i < parameters.Count; i++)
        {
            var value = parameters[i].Value;
            int count = (int)value.numel();
            if (_values[_has + i] > 0)
            {
                value.grad ??= torch.zeros_like(value);
                ParameterFactory.Copy(_values[at..(at + count)], value.grad);
            }
            at += count;
        }
    }
}
