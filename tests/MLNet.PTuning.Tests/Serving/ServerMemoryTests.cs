// A server keeps nothing of the requests that it has answered.
using MLNet.PTuning.Tests.Pipeline;

namespace MLNet.PTuning.Tests.Serving;

[Collection(AloneCollection.Name)]
public sealed class ServerMemoryTests(TrainedTasks tasks) : IClassFixture<TrainedTasks>
{
    [Fact]
    public async Task Thousands_of_requests_and_a_hundred_replaced_tasks_leave_nothing_in_memory()
    {
        await using var server = ServedTexts.Server(tasks);
        // A token that outlives its requests must not keep them.
        using var source = new CancellationTokenSource();
        await Ask(400);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        await Ask(2000);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, -10_000_000, 500_000);

        async Task Ask(int count)
        {
            foreach (int[] chunk in Enumerable.Range(0, count).Chunk(100))
            {
                await Task.WhenAll(chunk.Select(i => server.PredictAsync(i % 2 == 0 ? "SST-2" : "NER", $"a good film and a bad book {i}", null, source.Token)));
                for (int i = 0; i < 5; i++) server.Add("SST-2", tasks.Models["SST-2"]);
            }
        }
    }
}
