// The example's service over HTTP: predictions, their errors, and what it says of itself.
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Hosting;

public sealed class TaskServiceTests(ServiceFiles files) : IClassFixture<ServiceFiles>, IDisposable
{
    private const string Secret = "unmistakable";

    // Requests wait for others, as in a server that is slow.
    private static readonly string[] Waiting = ["PTuning:Server:MaxBatchSize=1000", "PTuning:Server:MaxDelay=01:00:00"];

    private readonly TempFolder _folder = files.Copy();

    [Fact]
    public async Task A_text_is_classified_with_the_probability_of_each_class()
    {
        await using var service = await StartAsync();
        var (status, json, _) = await service.PredictAsync("reviews", new { text = "good film" });
        Assert.Equal(200, status);
        var own = await service.Server.PredictAsync("reviews", "good film");
        var answer = Assert.Single(json.GetProperty("answers").EnumerateArray());
        Assert.Equal(own.Label, answer.GetProperty("label").GetString());
        Assert.Equal(own.Scores, answer.GetProperty("scores").EnumerateArray().Select(s => new ClassScore(s.GetProperty("label").GetString()!, s.GetProperty("probability").GetSingle())));
    }

    [Fact]
    public async Task Many_texts_are_answered_in_order()
    {
        await using var service = await StartAsync();
        string[] texts = ["good film", "bad", "", "a very odd day"];
        var (status, json, _) = await service.PredictAsync("reviews", new { rows = texts.Select(text => new { text }) });
        Assert.Equal(200, status);
        var own = await Task.WhenAll(texts.Select(text => service.Server.PredictAsync("reviews", text)));
        Assert.Equal(own.Select(answer => answer.Scores[0].Probability), json.GetProperty("answers").EnumerateArray().Select(answer => answer.GetProperty("scores")[0].GetProperty("probability").GetSingle()));
    }

    [Fact]
    public async Task A_task_of_pairs_needs_the_second_text_and_others_refuse_it()
    {
        await using var service = await StartAsync();
        Assert.Equal(200, (await service.PredictAsync("pairs", new { text = "good", second = "great" })).Status);
        IsProblem(await service.PredictAsync("pairs", new { text = "good" }), 400, "reads two texts");
        IsProblem(await service.PredictAsync("reviews", new { text = "good", second = "great" }), 400, "reads one text");
    }

    [Fact]
    public async Task Words_are_labeled_and_entities_have_their_places_in_the_text()
    {
        await using var service = await StartAsync();
        const string Text = "the good  film, the book";
        var (status, json, _) = await service.PredictAsync("entities", new { text = Text });
        Assert.Equal(200, status);
        var answer = json.GetProperty("answers")[0];
        Assert.All(answer.GetProperty("words").EnumerateArray().Concat(answer.GetProperty("entities").EnumerateArray()),
            part => Assert.Equal(part.GetProperty("text").GetString(), Text[part.GetProperty("start").GetInt32()..part.GetProperty("end").GetInt32()]));
        Assert.Equal(6, answer.GetProperty("words").GetArrayLength());
        Assert.Equal(JsonValueKind.Array, answer.GetProperty("entities").ValueKind);
    }

    [Fact]
    public async Task An_unknown_task_is_not_found_and_the_answer_lists_the_tasks()
    {
        await using var service = await StartAsync();
        IsProblem(await service.PredictAsync("unknown", new { text = "good" }), 404, "entities, pairs, reviews");
        IsProblem(await service.GetAsync("/nowhere"), 404);
        IsProblem(await service.GetAsync("/tasks/reviews/predict"), 405);
    }

    [Fact]
    public async Task Texts_that_are_too_long_rows_that_are_too_many_and_bodies_that_are_too_large_are_refused()
    {
        await using var service = await StartAsync("PTuning:Server:MaxTextLength=10", "PTuning:Server:MaxTexts=2");
        IsProblem(await service.PredictAsync("reviews", new { text = "good films!" }), 413, "up to 10 characters");
        IsProblem(await service.PredictAsync("pairs", new { text = "good", second = "good films!" }), 413, "up to 10 characters");
        IsProblem(await service.PredictAsync("reviews", new { rows = new[] { new { text = "a" }, new { text = "b" }, new { text = "c" } } }), 413, "up to 2 texts");
        IsProblem(await service.PredictAsync("reviews", new { text = new string('a', 9 << 20) }), 413, "too large");
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"text\": 5}")]
    [InlineData("{\"text\": null}")]
    [InlineData("{\"txt\": \"good\"}")]
    [InlineData("{\"text\": \"good\", \"text\": \"bad\"}")]
    [InlineData("{\"text\": \"good\", \"rows\": [{\"text\": \"good\"}]}")]
    [InlineData("{\"rows\": []}")]
    [InlineData("{\"rows\": [null]}")]
    [InlineData("{\"rows\": [{\"second\": \"good\"}]}")]
    [InlineData("{\"text\": \"\\ud83d\"}")]
    public async Task A_body_of_another_form_is_a_bad_request(string body)
    {
        await using var service = await StartAsync();
        IsProblem(await service.SendAsync(HttpMethod.Post, "/tasks/reviews/predict", new StringContent(body, Encoding.UTF8, "application/json")), 400, ".");
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \t\n")]
    [InlineData("\0")]
    [InlineData("\u200b\u200d\ufeff")]
    [InlineData("\uffff\u202e</script>")]
    [InlineData("\U00020000 \u0301")]
    public async Task An_odd_text_is_answered_by_every_task(string text)
    {
        await using var service = await StartAsync();
        Assert.Equal(200, (await service.PredictAsync("reviews", new { text })).Status);
        Assert.Equal(200, (await service.PredictAsync("entities", new { text })).Status);
        Assert.Equal(200, (await service.PredictAsync("pairs", new { text, second = text })).Status);
        Assert.Equal(200, (await service.PredictAsync("entities", new { rows = new[] { new { text }, new { text = "good film" } } })).Status);
    }

    [Fact]
    public async Task A_body_that_is_not_called_JSON_is_refused_so_that_other_sites_pages_cannot_send_one()
    {
        await using var service = await StartAsync();
        IsProblem(await service.SendAsync(HttpMethod.Post, "/tasks/reviews/predict", new StringContent("{\"text\": \"good\"}", Encoding.UTF8, "text/plain")), 415);
    }

    [Fact]
    public async Task A_busy_server_says_when_to_ask_again()
    {
        await using var service = await StartAsync([.. Waiting, "PTuning:Server:QueueCapacity=2", "TaskService:Deadline=00:00:05"]);
        var waiting = service.PredictAsync("reviews", new { rows = new[] { new { text = "a" }, new { text = "b" } } });
        await UntilAsync(() => service.Server.WaitingRequests == 2);
        var busy = await service.PredictAsync("entities", new { text = "good" });
        IsProblem(busy, 503, "2 requests wait");
        Assert.Equal(TimeSpan.FromSeconds(1), busy.Response.Headers.RetryAfter!.Delta);
        var (_, health, _) = await service.GetAsync("/health");
        Assert.Equal("Degraded", health.GetProperty("status").GetString());
        Assert.Equal(504, (await waiting).Status);
    }

    [Fact]
    public async Task A_request_ends_at_its_deadline_and_leaves_the_queue()
    {
        await using var service = await StartAsync([.. Waiting, "TaskService:Deadline=00:00:00.050"]);
        IsProblem(await service.PredictAsync("reviews", new { text = "good" }), 504, "within 0.05 s");
        await UntilAsync(() => service.Server.WaitingRequests == 0);
    }

    [Fact]
    public async Task Stopping_answers_the_requests_that_were_accepted()
    {
        await using var service = await StartAsync("PTuning:Server:MaxBatchSize=1000", "PTuning:Server:MaxDelay=00:00:01");
        var accepted = Enumerable.Range(0, 6).Select(i => service.PredictAsync(i % 2 == 0 ? "reviews" : "entities", new { text = "a good film" })).ToList();
        await UntilAsync(() => service.Server.WaitingRequests == 6);
        await service.StopAsync();
        Assert.All(await Task.WhenAll(accepted), answer => Assert.Equal(200, answer.Status));
        Assert.True(service.Server.IsStopped);
    }

    [Fact]
    public async Task Tasks_are_listed_with_their_classes()
    {
        await using var service = await StartAsync();
        var (_, json, _) = await service.GetAsync("/tasks");
        Assert.Equal([("entities", true, false), ("pairs", false, true), ("reviews", false, false)],
            json.EnumerateArray().Select(task => (task.GetProperty("name").GetString()!, task.GetProperty("labelsWords").GetBoolean(), task.GetProperty("readsPairs").GetBoolean())));
        Assert.All(json.EnumerateArray(), task => Assert.True(task.GetProperty("classNames").GetArrayLength() > 1));
    }

    [Fact]
    public async Task Health_is_that_of_the_server_and_of_the_files()
    {
        File.WriteAllText(_folder.At("broken.zip"), "no zip");
        File.WriteAllText(_folder.At("Not A Name.zip"), "no zip");
        await using (var service = await StartAsync())
        {
            var (status, json, _) = await service.GetAsync("/health");
            Assert.Equal((200, "Degraded"), (status, json.GetProperty("status").GetString()));
            Assert.Contains("Not A Name.zip, broken.zip", json.ToString());
            Assert.Contains("broken.zip was not loaded", service.Log);
            Assert.Equal(200, (await service.PredictAsync("reviews", new { text = "good" })).Status);
            await service.Server.StopAsync();
            Assert.Equal(503, (await service.GetAsync("/health")).Status);
            IsProblem(await service.PredictAsync("reviews", new { text = "good" }), 503, "stopped");
        }
        File.Delete(_folder.At("broken.zip"));
        File.Delete(_folder.At("Not A Name.zip"));
        await using var whole = await StartAsync();
        Assert.Equal("Healthy", (await whole.GetAsync("/health")).Json.GetProperty("status").GetString());
    }

    [Fact]
    public async Task Metrics_count_requests_by_task_and_neither_they_nor_the_log_hold_texts()
    {
        await using var service = await StartAsync("Logging:LogLevel:Default=Debug", "Logging:LogLevel:Microsoft.AspNetCore=Debug", $"TaskService:Key={RunningService.Key}", "PTuning:Server:MaxTextLength=100");
        Assert.Equal(200, (await service.PredictAsync("reviews", new { text = Secret })).Status);
        Assert.Equal(200, (await service.PredictAsync("pairs", new { text = Secret, second = Secret })).Status);
        Assert.Equal(200, (await service.PredictAsync("entities", new { rows = new[] { new { text = Secret } } })).Status);
        Assert.Equal(400, (await service.PredictAsync("reviews", new { text = Secret, second = Secret })).Status);
        Assert.Equal(413, (await service.PredictAsync("reviews", new { text = string.Concat(Enumerable.Repeat(Secret, 20)) })).Status);
        Assert.Equal(404, (await service.PredictAsync("unknown", new { text = Secret })).Status);
        foreach (string body in new[] { $"{{\"{Secret}\": 1}}", $"{{\"text\": {Secret}}}", Secret, $"{{\"rows\": [{{\"{Secret}\": \"{Secret}\"}}]}}" })
            Assert.Equal(400, (await service.SendAsync(HttpMethod.Post, "/tasks/reviews/predict", new StringContent(body, Encoding.UTF8, "application/json"))).Status);
        Assert.Equal(400, (await service.PutAsync("reviews", Encoding.UTF8.GetBytes(Secret))).Status);

        string metrics = await service.GetTextAsync("/metrics");
        Assert.Contains("requests", metrics);
        Assert.Contains("task=\"reviews\"", metrics);
        Assert.Contains("outcome=\"answered\"", metrics);
        Assert.Contains("process_working_set_bytes", metrics);
        Assert.DoesNotContain(Secret, metrics);
        Assert.Contains("Loaded the task reviews", service.Log);
        Assert.DoesNotContain(Secret, service.Log);
        Assert.DoesNotContain(RunningService.Key, service.Log);
    }

    [Fact]
    public async Task The_description_lists_the_paths()
    {
        await using var service = await StartAsync();
        var (status, json, _) = await service.GetAsync("/openapi/v1.json");
        Assert.Equal(200, status);
        Assert.Equal(["/tasks get", "/tasks/{name} delete", "/tasks/{name} put", "/tasks/{name}/predict post"],
            json.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(method => $"{path.Name.TrimEnd('/')} {method.Name}")).Order(StringComparer.Ordinal));
        Assert.Contains("503", json.ToString());
    }

    [Fact]
    public async Task The_description_names_no_types_of_the_code()
    {
        await using var service = await StartAsync();
        string description = await service.GetTextAsync("/openapi/v1.json");
        Assert.DoesNotContain("&lt;", description);
        Assert.DoesNotContain("WordPrediction.", description);
    }

    [Fact]
    public async Task Answers_forbid_scripts_from_elsewhere_and_other_hosts_names_are_refused()
    {
        await using var service = await StartAsync();
        var (status, _, page) = await service.GetAsync("/");
        Assert.Equal(200, status);
        Assert.Contains("default-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal("nosniff", page.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.DoesNotContain("http", (await service.GetTextAsync("/")).Replace("http-equiv", ""));
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, service.Address + "tasks") { Headers = { Host = "elsewhere.example" } };
        Assert.Equal(HttpStatusCode.BadRequest, (await client.SendAsync(request)).StatusCode);
        Assert.Equal(404, (await service.GetAsync("/..%2fappsettings.json")).Status);
        Assert.Equal(404, (await service.GetAsync("/appsettings.json")).Status);
    }

    public void Dispose() => _folder.Dispose();

    private Task<RunningService> StartAsync(params string[] settings) => RunningService.StartAsync(_folder.Path, files.Backbones, settings);

    private static void IsProblem((int Status, JsonElement Json, HttpResponseMessage Response) answer, int status, string? detail = null)
    {
        Assert.Equal(status, answer.Status);
        Assert.Equal("application/problem+json", answer.Response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(status, answer.Json.GetProperty("status").GetInt32());
        if (detail is not null) Assert.Contains(detail, answer.Json.GetProperty("detail").GetString());
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        for (int i = 0; i < 1000 && !isSo(); i++) await Task.Delay(10);
        Assert.True(isSo());
    }
}
