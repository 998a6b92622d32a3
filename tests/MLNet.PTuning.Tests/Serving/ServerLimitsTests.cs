// Limits of a server on what requests hold, and requests of several texts.
using MLNet.PTuning.Tests.Pipeline;

namespace MLNet.PTuning.Tests.Serving;

public sealed class ServerLimitsTests(TrainedTasks tasks) : IClassFixture<TrainedTasks>
{
    [Fact]
    public async Task Several_texts_are_answered_in_order_as_each_alone()
    {
        await using var server = ServedTexts.Server(tasks);
        var answers = await server.PredictAllAsync("MRPC", [new("good film", "bad film"), new("bad", "great"), new("", "a")]);
        Assert.Equal([(await server.PredictAsync("MRPC", "good film", "bad film")).Scores, (await server.PredictAsync("MRPC", "bad", "great")).Scores, (await server.PredictAsync("MRPC", "", "a")).Scores],
            answers.Select(answer => answer.Scores));
        Assert.Empty(await server.PredictAllAsync("MRPC", []));
    }

    [Fact]
    public async Task Where_one_of_several_texts_is_refused_the_others_leave_the_queue()
    {
        await using var server = ServedTexts.WaitingServer(tasks, capacity: 3);
        await Assert.ThrowsAsync<ServerBusyException>(() => server.PredictAllAsync("SST-2", [.. Enumerable.Repeat(new PromptServerText("good"), 4)]));
        Assert.Equal(0, server.WaitingRequests);
        Assert.Equal(3, server.QueueCapacity);
        await Assert.ThrowsAsync<ArgumentException>(() => server.PredictAllAsync("SST-2", [new("good"), new("good", "bad")]));
        Assert.Equal(0, server.WaitingRequests);
        using var source = new CancellationTokenSource();
        var cancelled = server.PredictAllAsync("SST-2", [new("good"), new("bad")], source.Token);
        Assert.Equal(2, server.WaitingRequests);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Equal(0, server.WaitingRequests);
    }

    [Fact]
    public async Task Texts_that_are_too_long_or_too_many_are_refused_with_the_limit_and_without_the_text()
    {
        await using var server = ServedTexts.Server(tasks, new() { MaxTextLength = 9, MaxTexts = 2 });
        Assert.NotEmpty((await server.PredictAsync("MRPC", "good film", "good film")).Label);
        string[] messages =
        [
            (await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => server.PredictAsync("SST-2", "good films"))).Message,
            (await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => server.PredictAsync("MRPC", "good", "good films"))).Message,
        ];
        Assert.All(messages, message => Assert.Contains("up to 9 characters", message));
        Assert.All(messages, message => Assert.DoesNotContain("film", message));
        Assert.Contains("up to 2 texts", (await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => server.PredictAllAsync("SST-2", [new("a"), new("b"), new("c")]))).Message);
    }

    [Fact]
    public void Limits_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new PromptServerOptions { MaxTextLength = 0 }.Validate());
        Assert.Throws<ArgumentOutOfRangeException>(() => new PromptServerOptions { MaxTexts = 0 }.Validate());
    }
}
