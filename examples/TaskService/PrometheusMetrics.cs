// /metrics: the server's instruments, and the process's memory and processor time, in Prometheus's form.
using MLNet.PTuning;
using Prometheus;

namespace TaskService;

internal static class PrometheusMetrics
{
    private static readonly double[] BatchSizes = Histogram.PowersOfTenDividedBuckets(0, 3, 4), Seconds = Histogram.ExponentialBuckets(0.001, 2, 15);

    public static void MapPrometheus(this WebApplication app)
    {
        var registry = Metrics.NewCustomRegistry();
        DotNetStats.Register(registry);
        var adapter = MeterAdapter.StartListening(new MeterAdapterOptions
        {
            // Their tags are names of tasks and outcomes; other meters' are not looked at.
            InstrumentFilterPredicate = instrument => instrument.Meter.Name == PromptServer.MeterName,
            ResolveHistogramBuckets = instrument => instrument.Unit == "s" ? Seconds : BatchSizes,
            Registry = registry,
            MetricFactory = Metrics.WithCustomRegistry(registry),
        });
        app.Lifetime.ApplicationStopped.Register(adapter.Dispose);
        app.MapMetrics(registry: registry);
    }
}
