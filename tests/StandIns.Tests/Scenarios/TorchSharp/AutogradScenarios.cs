// Gradients, parameters and optimizers.
using TorchSharp;
using TorchSharp.Modules;
using static StandIns.Tests.Observe;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace StandIns.Tests;

public static class AutogradScenarios
{
    public static object? Gradients()
    {
        Tensor x = tensor(new[] { 1f, 2f, 3f }, requires_grad: true);
        Tensor loss = (x * x).sum();
        IList<Tensor> gradients = autograd.grad([loss], [x]);
        return new { count = gradients.Count, gradient = Tensors.Describe(gradients[0]), lossNeedsGradient = loss.requires_grad, gradientNeedsGradient = gradients[0].requires_grad };
    }

    public static object? SeveralInputs()
    {
        Tensor a = tensor(new[] { 2f }, requires_grad: true), b = tensor(new[] { 3f }, requires_grad: true), unused = tensor(new[] { 4f }, requires_grad: true);
        Tensor output = a * b + b;
        IList<Tensor> gradients = autograd.grad([output], [a, b], retain_graph: true);
        return new
        {
            values = gradients.Select(g => g.item<float>()),
            withGradOutputs = autograd.grad([output], [a], [tensor(new[] { 10f })], retain_graph: true)[0].item<float>(),
            unusedHasNoTensor = autograd.grad([output], [a, unused], retain_graph: true, allow_unused: true)[1] is null or { IsInvalid: true },
        };
    }

    // Errors of autograd.grad (no grad_outputs for a vector, an unused input, a graph already freed) are not tried:
    // TorchSharp's native grad lets libtorch's exception through, which ends the process. backward() throws.
    public static object? NonScalarNeedsGradOutputs()
    {
        Tensor x = tensor(new[] { 1f, 2f }, requires_grad: true);
        return new
        {
            grad = Tensors.Values(autograd.grad([x * 2f], [x], [tensor(new[] { 1f, 10f })])[0]),
            backward = Tensors.Error(() => (x * 2f).backward(), "scalar"),
            backwardOfConstant = ErrorType(() => tensor(1f).backward()),
            backwardTwice = ErrorType(() =>
            {
                Tensor loss = (x * x).sum();
                loss.backward();
                loss.backward();
            }),
        };
    }

    public static object? ThroughIndexSelectAndMatmul()
    {
        Tensor table = Tensors.Counting(3, 2).requires_grad_(), weights = tensor(new float[,] { { 1f }, { 2f } });
        Tensor output = table.index_select(0, tensor(new[] { 2L, 2L, 0L })).matmul(weights).sum();
        return Tensors.Describe(autograd.grad([output], [table])[0]);
    }

    public static object? ThroughCrossEntropy()
    {
        Tensor logits = tensor(new float[,] { { 1f, 2f }, { 0f, 0f } }, requires_grad: true);
        return Tensors.Describe(autograd.grad([F.cross_entropy(logits, tensor(new[] { 0L, -100L }))], [logits])[0]);
    }

    public static object? ThroughLayerNormAndGelu()
    {
        Tensor x = tensor(new[] { 0.5f, -1f, 2f }, requires_grad: true);
        Tensor y = F.gelu(F.layer_norm(x, [3L], tensor(new[] { 1f, 2f, 3f }), tensor(new[] { 0f, 1f, 0f })));
        return Tensors.Values(autograd.grad([(y * tensor(new[] { 1f, 2f, 3f })).sum()], [x])[0]);
    }

    public static object? NoGrad()
    {
        Tensor x = tensor(new[] { 1f }, requires_grad: true);
        bool before = is_grad_enabled(), inside, resultInside, nested;
        using (no_grad())
        {
            inside = is_grad_enabled();
            resultInside = (x * 2f).requires_grad;
            using (no_grad())
            {
            }
            nested = is_grad_enabled();
        }
        return new { before, inside, resultInside, nested, after = is_grad_enabled(), resultAfter = (x * 2f).requires_grad };
    }

    public static object? DetachAndClone()
    {
        Tensor x = tensor(new[] { 1f, 2f }, requires_grad: true);
        Tensor detached = x.detach(), cloned = x.clone();
        using (no_grad())
            x[0] = tensor(5f);
        return new { detached = detached.requires_grad, cloned = cloned.requires_grad, detachedShares = detached[0].item<float>(), clonedShares = cloned[0].item<float>(), leaf = x.is_leaf, clonedLeaf = cloned.is_leaf };
    }

    public static object? InPlaceOnALeaf()
    {
        Tensor x = tensor(new[] { 1f }, requires_grad: true);
        return new { withGradient = Tensors.Error(() => x.add_(1f), "leaf"), withoutGradient = Try(() =>
        {
            using (no_grad())
                return x.add_(1f).item<float>();
        }) };
    }

    public static object? Parameters()
    {
        var parameter = nn.Parameter(tensor(new[] { 1f, 2f }));
        var frozen = nn.Parameter(tensor(new[] { 1f }), requires_grad: false);
        return new { parameter.requires_grad, frozen = frozen.requires_grad, values = Tensors.Values(parameter), parameter.is_leaf, kind = parameter.GetType().Name };
    }

    private static Parameter Start() => nn.Parameter(tensor(new[] { 1f, -2f, 3f }));

    /// <summary>Minimises a fixed quadratic with <paramref name="optimizer"/> and gives the parameter after each step.</summary>
    private static object[] Steps(Parameter parameter, optim.Optimizer optimizer, int steps, double? maximumNorm = null)
    {
        Tensor scale = tensor(new[] { 1f, 2f, 3f });
        var seen = new List<object>();
        for (int i = 0; i < steps; i++)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            Tensor loss = (parameter * parameter * scale).sum();
            loss.backward();
            if (maximumNorm is { } norm)
                nn.utils.clip_grad_norm_([parameter], norm);
            optimizer.step();
            seen.Add(Tensors.Values(parameter));
        }
        return [.. seen];
    }

    public static object? AdamW()
    {
        Parameter a = Start(), b = Start(), c = Start();
        return new
        {
            plain = Steps(a, optim.AdamW([a], lr: 0.1), 5),
            decayed = Steps(b, optim.AdamW([b], lr: 0.1, weight_decay: 0.5), 5),
            otherBetas = Steps(c, optim.AdamW([c], lr: 0.01, beta1: 0.8, beta2: 0.9, eps: 1e-6, weight_decay: 0.01), 5),
        };
    }

    public static object? AdamWDefaults()
    {
        Parameter a = Start();
        return Steps(a, optim.AdamW([a]), 2);
    }

    public static object? LearningRateOfAGroup()
    {
        Parameter a = Start();
        var optimizer = optim.AdamW([a], lr: 0.1);
        double before = optimizer.ParamGroups.Single().LearningRate;
        foreach (var group in optimizer.ParamGroups)
            group.LearningRate = 0.001;
        return new { before, after = optimizer.ParamGroups.Single().LearningRate, steps = Steps(a, optimizer, 2) };
    }

    public static object? Sgd()
    {
        Parameter a = Start();
        return Steps(a, optim.SGD([a], 0.1), 3);
    }

    public static object? ClipGradNorm()
    {
        double NormOf(double scale, double maximum)
        {
            Parameter p = nn.Parameter(tensor(new[] { 3f, 4f }));
            (p * p * (0.5 * scale)).sum().backward();
            return Round(nn.utils.clip_grad_norm_([p], maximum));
        }
        Parameter parameter = nn.Parameter(tensor(new[] { 30f, -20f, 10f }));
        return new
        {
            returnsNormBefore = NormOf(2, 1),
            returnsNormIfBelow = NormOf(0.01, 1),
            clippedSteps = Steps(parameter, optim.SGD([parameter], 1.0), 2, maximumNorm: 1.0),
        };
    }

    public static object? ZeroGradForgets()
    {
        Parameter parameter = nn.Parameter(tensor(new[] { 1f }));
        var optimizer = optim.SGD([parameter], 1.0);
        (parameter * 2f).sum().backward();
        (parameter * 3f).sum().backward();
        optimizer.step();
        float accumulated = parameter.item<float>();
        optimizer.zero_grad();
        optimizer.step();
        return new { accumulated, afterZero = parameter.item<float>() };
    }
}
