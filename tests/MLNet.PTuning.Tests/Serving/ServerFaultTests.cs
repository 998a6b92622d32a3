// What fails outside of requests ends neither a server nor a request.
using System.Diagnostics.Metrics;
using MLNet.PTuning.Serving;
using MLNet.PTuning.Tests.Pipeline;

namespace MLNet.PTuning.Tests.Serving;

public sealed class ServerFaultTests(TrainedTasks tasks) : IClassFixture<TrainedTasks>
{
    private const string Text = "a good film";

    [Fact]
    public async Task A_listener_of_metrics_that_throws_takes_no_answer_away()
    {
        using var listener = new MeterListener { InstrumentPublished = (instrument, l) => { if (instrument.Meter.Name == PromptServer.MeterName) l.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<int>((_, _, _, _) => throw new InvalidOperationException("batch"));
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => throw new InvalidOperationException("requests"));
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => throw new InvalidOperationException("duration"));
        bool hasEnded = false;
        listener.MeasurementsCompleted = (_, _) =>
        {
            if (!hasEnded) throw new InvalidOperationException("completed");
        };
        listener.Start();
        var server = ServedTexts.Server(tasks, new() { MaxBatchSize = 2 });
        var answers = await Task.WhenAll(Enumerable.Range(0, 9).Select(_ => server.PredictAsync("SST-2", Text)));
        Assert.All(answers, answer => Assert.NotEmpty(answer.Label));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => server.PredictAsync("unknown", Text));
        Assert.IsType<InvalidOperationException>(server.LastFault);
        await server.DisposeAsync();
        Assert.True(server.IsStopped);
        hasEnded = true;
    }

    [Fact]
    public async Task A_model_whose_release_fails_takes_no_answer_away_and_others_go_on()
    {
        await using var server = ServedTexts.Server(tasks, new() { MaxBatchSize = 2 });
        Assert.Null(server.LastFault);
        server.Add(ServedTask.Of("faulty", tasks.Models["SST-2"], new FaultyRelease()));
        var last = server.PredictAsync("faulty", Text);
        Assert.True(server.Remove("faulty"));
        Assert.NotEmpty((await last).Label);
        Assert.NotEmpty((await server.PredictAsync("NER", Text)).Label);
        Assert.Equal("release", Assert.IsType<IOException>(server.LastFault).Message);

        server.Add(ServedTask.Of("faulty", tasks.Models["SST-2"], new FaultyRelease()));
        server.Add("faulty", tasks.Models["MRPC"]);
        Assert.NotEmpty((await server.PredictAsync("faulty", Text, Text)).Label);
    }

    private sealed class FaultyRelease : IDisposable
    {
        public void Dispose() => throw new IOException("release");
    }
}
