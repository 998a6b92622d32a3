// Numbers handed to libtorch outlive its use of them, however busy the garbage collector is.
using MLNet.PTuning.Tests.Pipeline;
using MLNet.PTuning.Tests.Training;

namespace MLNet.PTuning.Tests.Backbones;

[Collection(AloneCollection.Name)]
public sealed class ArithmeticTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();

    [Fact]
    public void Training_through_autograd_survives_garbage_collection_at_any_moment()
    {
        using var stop = new CancellationTokenSource();
        var collector = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                GC.Collect(0);
                GC.WaitForPendingFinalizers();
            }
        });
        collector.Start();
        try
        {
            var options = Reviews.Options(_backbone);
            (options.Method, options.Epochs, options.BatchSize) = (new FullFineTuning(), 10, 4);
            Reviews.Train(options, Reviews.Rows(80)).Dispose();
        }
        finally
        {
            stop.Cancel();
            collector.Join();
        }
    }

    public void Dispose() => _backbone.Dispose();
}
