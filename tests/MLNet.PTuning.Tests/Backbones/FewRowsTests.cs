// A head's products against libtorch's.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Backbones.Cpu;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

public class FewRowsTests
{
    [Theory]
    [InlineData(1, 128, 2, true)]
    [InlineData(1, 16, 16, true)]
    [InlineData(5, 23, 9, true)]
    [InlineData(3, 770, 1, false)]
    [InlineData(2, 1, 3, true)]
    [InlineData(0, 16, 2, true)]
    public void Any_sizes_give_libtorchs_numbers_and_a_row_alone_gives_its_own(int rows, int inputs, int outputs, bool hasBias)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        using var generator = new torch.Generator(1);
        var x = torch.empty(rows, 2 * inputs).normal_(0, 1, generator).narrow(1, 0, inputs);
        var layer = new Linear(torch.empty(outputs, inputs).normal_(0, 1, generator), hasBias ? torch.empty(outputs).normal_(0, 1, generator) : null);

        var result = FewRows.Apply(layer, x);

        Assert.Equal([rows, outputs], result.shape);
        Assert.All(ParameterFactory.ToArray(layer.Apply(x)).Zip(ParameterFactory.ToArray(result)), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        for (int r = 0; r < rows; r++) Assert.Equal(ParameterFactory.ToArray(result.narrow(0, r, 1)), ParameterFactory.ToArray(FewRows.Apply(layer, x.narrow(0, r, 1))));
    }
}
