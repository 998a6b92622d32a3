// Tasks come and go, requests are cancelled, refused or fail, the server stops: no accepted request is lost, and none disturbs another.
using Microsoft.ML;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Serving;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Pipeline;
using TorchSharp;

namespace MLNet.PTuning.Tests.Serving;

public sealed class RunningServerTests(TrainedTasks tasks) : IClassFixture<TrainedTasks>
{
    private const string Text = "a good film and a bad book";

    [Fact]
    public async Task A_full_queue_refuses_at_once_and_those_that_wait_are_answered()
    {
        await using var server = ServedTexts.WaitingServer(tasks, capacity: 3);
        Task<TaskPrediction>[] accepted = [server.PredictAsync("SST-2", Text), server.PredictAsync("NER", Text), server.PredictAsync("SST-2", Text)];
        var refused = server.PredictAsync("MRPC", Text, Text);
        Assert.True(refused.IsFaulted);
        Assert.Contains("3 requests wait", (await Assert.ThrowsAsync<ServerBusyException>(() => refused)).Message);
        Assert.DoesNotContain(accepted, answer => answer.IsCompleted);
        await server.StopAsync();
        Assert.All(await Task.WhenAll(accepted), answer => Assert.NotEmpty(answer.Label));
    }

    [Fact]
    public async Task A_cancelled_request_leaves_the_queue()
    {
        await using var server = ServedTexts.WaitingServer(tasks, capacity: 2);
        using var source = new CancellationTokenSource();
        var cancelled = server.PredictAsync("NER", Text, null, source.Token);
        var kept = server.PredictAsync("NER", Text);
        await Assert.ThrowsAsync<ServerBusyException>(() => server.PredictAsync("NER", Text));
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server.PredictAsync("NER", Text, null, source.Token));
        var inItsPlace = server.PredictAsync("NER", Text);
        Assert.False(inItsPlace.IsCompleted);
        await server.StopAsync();
        Assert.Equal((await kept).Words, (await inItsPlace).Words);
    }

    [Fact]
    public async Task A_deadline_ends_the_wait()
    {
        await using var server = ServedTexts.WaitingServer(tasks);
        using var deadline = new CancellationTokenSource();
        deadline.CancelAfter(TimeSpan.FromMilliseconds(20));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server.PredictAsync("NER", Text, null, deadline.Token));
    }

    [Fact]
    public async Task After_a_task_is_replaced_or_removed_requests_accepted_before_have_the_older_models_answer()
    {
        using var other = tasks.Classifier("SST-2", new(tasks.BackboneFolder) { Method = new DeepPrompt { Length = 2 } });
        string older = Own(tasks.Own("SST-2")), newer = Own(other.LastTransformer);
        Assert.NotEqual(older, newer);
        await using var server = ServedTexts.WaitingServer(tasks);
        var before = server.PredictAsync("SST-2", Text);
        server.Add("SST-2", other);
        // The server has its own use of it.
        other.Dispose();
        var after = server.PredictAsync("SST-2", Text);
        Assert.True(server.Remove("SST-2"));
        Assert.False(server.Remove("SST-2"));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => server.PredictAsync("SST-2", Text));
        await server.StopAsync();
        Assert.Equal([older, newer], new[] { await before, await after }.Select(Form));
    }

    [Fact]
    public async Task While_tasks_are_added_replaced_and_removed_every_request_has_the_answer_of_one_of_the_models()
    {
        using var other = tasks.Classifier("SST-2", new(tasks.BackboneFolder) { Method = new DeepPrompt { Length = 2 } });
        ITransformer[] models = [tasks.Models["SST-2"], other];
        string[] answers = [Own(tasks.Own("SST-2")), Own(other.LastTransformer)];
        await using var server = ServedTexts.Server(tasks, new() { MaxBatchSize = 4, MaxDelay = TimeSpan.Zero });
        using var ended = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 4).Select(client => Task.Run(async () =>
        {
            int answered = 0;
            for (; !ended.IsCancellationRequested || answered == 0; answered++)
            {
                Assert.Contains(Form(await server.PredictAsync("SST-2", Text)), answers);
                try { Assert.Contains(Form(await server.PredictAsync("sometimes", Text)), answers); }
                catch (KeyNotFoundException) { }
            }
            return answered;
        })).ToList();
        for (int i = 0; i < 60; i++)
        {
            server.Add("SST-2", models[i % 2]);
            if (i % 3 == 2) server.Remove("sometimes");
            else server.Add("sometimes", models[i % 2]);
            await server.PredictAsync("NER", Text);
        }
        await ended.CancelAsync();
        Assert.All(await Task.WhenAll(clients), answered => Assert.True(answered > 0));
    }

    [Fact]
    public async Task Stopping_answers_what_was_accepted_and_refuses_all_else()
    {
        await using var server = ServedTexts.WaitingServer(tasks);
        var accepted = ServedTexts.Mixed(seed: 7).Select(text => server.PredictAsync(text.Task, text.Text, text.Pair)).ToList();
        var stopped = server.StopAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => server.PredictAsync("NER", Text));
        Assert.Throws<InvalidOperationException>(() => server.Add("NER", tasks.Models["NER"]));
        await stopped;
        Assert.All(await Task.WhenAll(accepted), answer => Assert.NotEmpty(answer.Label));
        await server.StopAsync();
        await server.DisposeAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => server.PredictAsync("NER", Text));
    }

    [Fact]
    public async Task A_request_that_fails_leaves_the_others_of_its_batch_their_answers()
    {
        var broken = tasks.Classifier("SST-2", new(tasks.BackboneFolder) { Method = new DeepPrompt { Length = 2 } });
        ServedTask[] served = [ServedTask.Of("SST-2", tasks.Models["SST-2"]), ServedTask.Of("broken", broken), ServedTask.Of("NER", tasks.Models["NER"])];
        served[1].Model.Dispose();
        var requests = Enumerable.Range(0, 9).Select(i => new Request(served[i % 3], Text, null)).ToList();
        RequestBatch.Answer(requests);
        for (int i = 0; i < requests.Count; i++)
        {
            if (i % 3 == 1) await Assert.ThrowsAsync<ObjectDisposedException>(() => requests[i].Answer);
            else Assert.NotEmpty((await requests[i].Answer).Label);
        }
        Assert.Equal(Own(tasks.Own("SST-2")), Form(await requests[0].Answer));
        foreach (var task in served) task.Release();
    }

    [Fact]
    public async Task Removing_a_task_and_disposing_the_server_release_their_models()
    {
        using var backbone = new TinyBackbone(seed: 8);
        var chain = tasks.Classifier("SST-2", new(backbone.Path) { Method = new DeepPrompt { Length = 2 } });
        var removing = new PromptServer();
        var disposing = new PromptServer();
        removing.Add("SST-2", chain);
        disposing.Add("SST-2", chain);
        chain.Dispose();
        torch.Tensor[] weights;
        using (var lease = FrozenBackbone.Use(backbone.Path, torch.CPU)) weights = [.. lease.Backbone.Weights.Values];

        await removing.PredictAsync("SST-2", Text);
        removing.Remove("SST-2");
        await removing.StopAsync();
        await disposing.PredictAsync("SST-2", Text);
        Assert.All(weights, weight => Assert.False(weight.IsInvalid));
        await disposing.DisposeAsync();
        Assert.All(weights, weight => Assert.True(weight.IsInvalid));
        await removing.DisposeAsync();
    }

    private static string Own(PTuningTransformer model) => ServedTexts.OwnAnswers(model, "SST-2", [new("SST-2", Text)])[0];

    private string Form(TaskPrediction answer) => ServedTexts.TextOf(answer, tasks.Own("SST-2"), "SST-2");
}
