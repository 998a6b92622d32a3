// TorchSharp's AdamW (Loshchilov and Hutter, 2019) over named parameters: which of them decay, and its state for checkpoints.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;
using static TorchSharp.Modules.AdamW;

namespace MLNet.PTuning.Training;

/// <summary>Optimizer over a fixed list of parameters; owns their moments.</summary>
internal sealed class AdamW : IDisposable
{
    // Numbers from which libtorch's threads bring more than waking them costs.
    private const long WorthAllThreads = 1 << 20;

    private readonly IReadOnlyList<Parameter> _parameters;
    private readonly TorchSharp.Modules.AdamW _optimizer;
    private readonly State[] _states;
    private readonly bool _isLarge;

    public AdamW(IReadOnlyList<Parameter> parameters, double weightDecay)
    {
        _parameters = parameters;
        _isLarge = parameters.Sum(p => p.Value.numel()) >= WorthAllThreads;
        // A group for each, so that their states are in the parameters' order.
        _optimizer = torch.optim.AdamW(parameters.Select(p => new ParamGroup([p.Value], weight_decay: p.Decays ? weightDecay : 0)));
        _states = [.. _optimizer.state_dict().State.Cast<State>()];
    }

    /// <summary>Running mean of each parameter's gradient.</summary>
    public IReadOnlyList<torch.Tensor> FirstMoments => [.. _states.Select(s => s.exp_avg)];

    /// <summary>Running mean of its square.</summary>
    public IReadOnlyList<torch.Tensor> SecondMoments => [.. _states.Select(s => s.exp_avg_sq)];

    /// <summary>Steps taken.</summary>
    public int Steps { get; set; }

    /// <summary>Scales gradients down to a length over all parameters together.</summary>
    /// <returns>Their length before.</returns>
    public static double Clip(IReadOnlyList<Parameter> parameters, double clipNorm) => torch.nn.utils.clip_grad_norm_(parameters.Select(p => p.Value), clipNorm);

    /// <summary>Clips the gradients of the last backward pass, moves the parameters and clears the gradients.</summary>
    /// <param name="rate">Learning rate of this step.</param>
    /// <param name="clipNorm">Longest gradient over all parameters.</param>
    /// <returns>The gradient's length before clipping.</returns>
    public double Step(double rate, double clipNorm)
    {
        if (_isLarge) ComputeThread.GiveLibtorch(ComputeThread.ThreadCount);
        double norm = Clip(_parameters, clipNorm);
        foreach (var group in _optimizer.ParamGroups) group.LearningRate = rate;
        // Steps without a gradient count too, so that a run's position says it all.
        foreach (var state in _states) state.step = Steps;
        _optimizer.step();
        _optimizer.zero_grad();
        Steps++;
        return norm;
    }

    public void Dispose() => _optimizer.Dispose();
}
