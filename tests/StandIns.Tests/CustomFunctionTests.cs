// Functions with a backward pass written in C#, beside what autograd finds by itself.
using TorchSharp;
using static TorchSharp.torch;

namespace StandIns.Tests;

public sealed class CustomFunctionTests
{
    private static Tensor Matrix => tensor(new float[,] { { 1f, -2f, 0.5f }, { 0.25f, 3f, -1f } }, requires_grad: true);

    private static float[] Numbers(Tensor tensor) => tensor.detach().contiguous().data<float>().ToArray();

    [Fact]
    public void GradientsOfSeveralInputsAreThoseOfBackward()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor input = Matrix, weight = tensor(new float[,] { { 1f, 2f, 3f }, { -1f, 0f, 1f } }, requires_grad: true);
        Tensor scale = tensor(new[] { 1f, 10f });

        Tensor known = nn.functional.linear(input, weight), custom = Product.apply(input, weight);
        IList<Tensor> expected = autograd.grad([(known * scale).sum()], [input, weight]);
        IList<Tensor> actual = autograd.grad([(custom * scale).sum()], [input, weight]);

        Assert.Equal(Numbers(known), Numbers(custom));
        Assert.Equal(Numbers(expected[0]), Numbers(actual[0]));
        Assert.Equal(Numbers(expected[1]), Numbers(actual[1]));
    }

    [Fact]
    public void InputWithoutGradientGetsNone()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor input = Matrix, weight = ones(2, 3);

        Product.apply(input, weight).sum().backward();

        Assert.Equal([2f, 2f, 2f, 2f, 2f, 2f], Numbers(input.grad!));
        Assert.False(weight.requires_grad);
    }

    [Fact]
    public void OutputKeptForBackwardComesBackAsTheSameNumbers()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor(new[] { 0f, 1f, -2f }, requires_grad: true);

        Exponential.apply(x, 3.0).sum().backward();

        Assert.Equal(Numbers((x * 3f).exp() * 3f), Numbers(x.grad!));
    }

    [Fact]
    public void SeveralOutputsGiveOneGradientEach()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor(new[] { 3f, 4f }, requires_grad: true);

        List<Tensor> both = DoubleAndSquare.apply(x);
        IList<Tensor> gradients = autograd.grad([(both[0] * 5f + both[1]).sum()], [x], retain_graph: true);
        IList<Tensor> ofTheSecond = autograd.grad([both[1].sum()], [x]);

        Assert.Equal([16f, 18f], Numbers(gradients[0]));
        Assert.Equal([6f, 8f], Numbers(ofTheSecond[0]));
    }

    [Fact]
    public void NothingIsRecordedWithoutGradients()
    {
        using DisposeScope scope = NewDisposeScope();
        using (no_grad())
            Assert.False(Product.apply(Matrix, ones(2, 3)).requires_grad);
        Assert.False(Product.apply(ones(2, 3), ones(2, 3)).requires_grad);
        Assert.True(Product.apply(Matrix, ones(2, 3)).requires_grad);
    }

#if STANDINS
    [Fact]
    public void ExceptionInBackwardIsTheCallersException()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor(new[] { 1f }, requires_grad: true);

        var failure = Assert.Throws<System.Runtime.InteropServices.ExternalException>(() => Failing.apply(x).backward());

        Assert.Contains("no way back", failure.Message);
    }

    [Fact]
    public void WhatIsKeptIsFreedWithTheGraph()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor(new[] { 1f }, requires_grad: true), y = Exponential.apply(x, 1.0);
        y.backward();

        var failure = Assert.Throws<System.Runtime.InteropServices.ExternalException>(y.backward);

        Assert.Contains("retain_graph", failure.Message);
    }
#endif

    /// <summary>x Wᵀ.</summary>
    private sealed class Product : autograd.SingleTensorFunction<Product>
    {
        public override string Name => nameof(Product);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            (var input, var weight) = ((Tensor)vars[0], (Tensor)vars[1]);
            ctx.save_for_backward([input, weight]);
            return input.matmul(weight.t());
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            List<Tensor> saved = ctx.get_saved_variables();
            return [grad_output.matmul(saved[1]), grad_output.t().matmul(saved[0])];
        }
    }

    /// <summary>exp(a x), where a is no tensor.</summary>
    private sealed class Exponential : autograd.SingleTensorFunction<Exponential>
    {
        public override string Name => nameof(Exponential);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            Tensor result = ((Tensor)vars[0] * (double)vars[1]).exp();
            ctx.save_for_backward([result]);
            ctx.save_data("rate", vars[1]);
            return result;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
            [grad_output * ctx.get_saved_variables()[0] * (double)ctx.get_data("rate"), null!];
    }

    /// <summary>2x and x².</summary>
    private sealed class DoubleAndSquare : autograd.MultiTensorFunction<DoubleAndSquare>
    {
        public override string Name => nameof(DoubleAndSquare);

        public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var x = (Tensor)vars[0];
            ctx.save_for_backward([x]);
            return [x * 2f, x * x];
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs) =>
            [grad_outputs[0] * 2f + grad_outputs[1] * ctx.get_saved_variables()[0] * 2f];
    }

    private sealed class Failing : autograd.SingleTensorFunction<Failing>
    {
        public override string Name => nameof(Failing);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars) => (Tensor)vars[0] * 1f;

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => throw new InvalidOperationException("no way back");
    }
}
