// Tasks that come and go over HTTP: by the key alone, in one step, within the folder and the folders of backbones.
using System.Text;
using System.Text.Json;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tests.Pipeline;

namespace MLNet.PTuning.Tests.Hosting;

public sealed class TaskUploadTests(ServiceFiles files) : IClassFixture<ServiceFiles>, IDisposable
{
    private const string WithKey = $"TaskService:Key={RunningService.Key}";

    private readonly TempFolder _folder = files.Copy();

    [Fact]
    public async Task An_uploaded_task_answers_at_once_and_after_a_restart()
    {
        JsonElement before;
        await using (var service = await StartAsync(WithKey))
        {
            var (status, json, response) = await service.PutAsync("more-reviews", files.Model("reviews"));
            Assert.Equal((201, "/tasks/more-reviews", "more-reviews"), (status, response.Headers.Location?.ToString(), json.GetProperty("name").GetString()));
            before = (await service.PredictAsync("more-reviews", new { text = "good film" })).Json;
        }
        await using var restarted = await StartAsync();
        Assert.Equal(before.ToString(), (await restarted.PredictAsync("more-reviews", new { text = "good film" })).Json.ToString());
    }

    [Fact]
    public async Task An_upload_replaces_a_task()
    {
        await using var service = await StartAsync(WithKey);
        var (status, json, _) = await service.PutAsync("reviews", files.Model("entities"));
        Assert.Equal((200, true), (status, json.GetProperty("labelsWords").GetBoolean()));
        Assert.NotEqual(0, (await service.PredictAsync("reviews", new { text = "good" })).Json.GetProperty("answers")[0].GetProperty("words").GetArrayLength());
        Assert.Equal(files.Model("entities"), File.ReadAllBytes(_folder.At("reviews.zip")));
        OnlyTasksAreLeft();
    }

    [Fact]
    public async Task A_deleted_task_is_gone_and_stays_so()
    {
        await using (var service = await StartAsync(WithKey))
        {
            Assert.Equal(204, (await service.DeleteAsync("reviews")).Status);
            Assert.Equal(404, (await service.PredictAsync("reviews", new { text = "good" })).Status);
            Assert.Equal(404, (await service.DeleteAsync("reviews")).Status);
        }
        await using var restarted = await StartAsync();
        Assert.Equal(404, (await restarted.PredictAsync("reviews", new { text = "good" })).Status);
    }

    [Fact]
    public async Task Without_a_configured_key_tasks_cannot_be_changed()
    {
        await using var service = await StartAsync();
        Assert.Equal(403, (await service.PutAsync("reviews", files.Model("entities"))).Status);
        Assert.Equal(403, (await service.PutAsync("reviews", files.Model("entities"), key: "")).Status);
        Assert.Equal(403, (await service.DeleteAsync("reviews")).Status);
        Assert.Equal(200, (await service.PredictAsync("reviews", new { text = "good" })).Status);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a key of the test")]
    [InlineData("a key of the tests2")]
    [InlineData("another key of the tests")]
    public async Task A_missing_or_wrong_key_is_refused(string? key)
    {
        await using var service = await StartAsync(WithKey);
        var (status, _, response) = await service.PutAsync("reviews", files.Model("entities"), key);
        Assert.Equal((401, "Bearer"), (status, response.Headers.WwwAuthenticate.Single().Scheme));
        Assert.Equal(401, (await service.DeleteAsync("reviews", key)).Status);
        Assert.Equal(files.Model("reviews"), File.ReadAllBytes(_folder.At("reviews.zip")));
    }

    [Fact]
    public async Task A_key_that_is_too_short_ends_the_start() =>
        Assert.Contains("16 characters", (await Assert.ThrowsAnyAsync<Exception>(() => StartAsync("TaskService:Key=short"))).Message);

    [Fact]
    public async Task An_upload_that_is_too_large_or_damaged_or_breaks_off_leaves_the_older_task_answering()
    {
        await using var service = await StartAsync(WithKey, "TaskService:MaxUploadBytes=300000");
        var before = (await service.PredictAsync("reviews", new { text = "good film" })).Json.ToString();
        Assert.Equal(413, (await service.PutAsync("reviews", new byte[300_001])).Status);
        byte[] model = files.Model("entities");
        foreach (byte[] damaged in new[] { [], "no zip"u8.ToArray(), model[..(model.Length / 2)], ModelZip.Rewrite(model, (name, bytes) => name.EndsWith("/Weights") ? [.. bytes.Select(b => (byte)(b ^ 1))] : bytes) })
        {
            var (status, json, _) = await service.PutAsync("reviews", damaged);
            Assert.Equal(400, status);
            string detail = json.GetProperty("detail").GetString()!;
            Assert.StartsWith("The file is no model that this service can use: ", detail);
            Assert.DoesNotContain(_folder.Path, detail);
        }
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => service.SendAsync(HttpMethod.Put, "/tasks/reviews", new StreamContent(new BreakingStream()), RunningService.Key));
        Assert.Equal(before, (await service.PredictAsync("reviews", new { text = "good film" })).Json.ToString());
        Assert.Equal(files.Model("reviews"), File.ReadAllBytes(_folder.At("reviews.zip")));
        for (int i = 0; i < 500 && Directory.GetFiles(_folder.Path).Length > 3; i++) await Task.Delay(10);
        OnlyTasksAreLeft();
    }

    [Theory]
    [InlineData("", "the file is empty; give a model file")]
    [InlineData("no zip", "the file is not a whole model file")]
    public async Task What_is_no_model_file_is_said_to_be_none(string content, string sentence)
    {
        await using var service = await StartAsync(WithKey);
        var (_, json, _) = await service.PutAsync("reviews", Encoding.UTF8.GetBytes(content));
        Assert.Contains(sentence, json.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task An_upload_whose_folder_is_gone_could_not_be_stored()
    {
        await using var service = await StartAsync(WithKey);
        Directory.Delete(_folder.Path, recursive: true);
        Assert.Equal(507, (await service.PutAsync("reviews", files.Model("entities"))).Status);
        Assert.Equal(200, (await service.PredictAsync("reviews", new { text = "good" })).Status);
        Directory.CreateDirectory(_folder.Path);
    }

    [SmallDiskFact]
    public async Task A_full_disk_leaves_the_older_file_and_the_older_task()
    {
        using var folder = new TempFolder();
        using var disk = new SmallDisk(folder.At("disk"), kilobytes: 400);
        string stored = Path.Combine(disk.Path, "reviews.zip");
        File.Copy(_folder.At("reviews.zip"), stored);
        await using var service = await RunningService.StartAsync(disk.Path, files.Backbones, WithKey);
        var before = (await service.PredictAsync("reviews", new { text = "good film" })).Json.ToString();
        Assert.Equal(507, (await service.PutAsync("reviews", new byte[500_000])).Status);
        Assert.Equal(before, (await service.PredictAsync("reviews", new { text = "good film" })).Json.ToString());
        Assert.Equal([stored], Directory.GetFiles(disk.Path));
        Assert.Equal(files.Model("reviews"), File.ReadAllBytes(stored));
    }

    [Theory]
    [InlineData("..%2f..%2fevil")]
    [InlineData("%2e%2e%2fevil")]
    [InlineData("..\\evil")]
    [InlineData("../evil")]
    [InlineData("%2fetc%2fevil")]
    [InlineData("evil.zip")]
    [InlineData(".evil")]
    [InlineData("Evil")]
    [InlineData("evil%00")]
    [InlineData("evil%0a")]
    [InlineData("%65vil%3cb%3e")]
    [InlineData("e234567890123456789012345678901234567890123456789012345678901234x")]
    public async Task A_name_of_another_form_is_refused(string name)
    {
        await using var service = await StartAsync(WithKey);
        Assert.Contains((await service.PutAsync(name, files.Model("reviews"))).Status, new[] { 400, 404, 405 });
        Assert.Contains((await service.DeleteAsync(name)).Status, new[] { 400, 404, 405 });
        OnlyTasksAreLeft();
        Assert.False(File.Exists(Path.Combine(Path.GetDirectoryName(_folder.Path)!, "evil.zip")));
    }

    [Fact]
    public async Task A_model_whose_backbone_is_outside_of_the_folders_or_in_the_file_is_refused()
    {
        using var outside = new TinyBackbone(seed: 5);
        using var folder = new TempFolder();
        await using var service = await StartAsync(WithKey);
        foreach (var (path, isEmbedded) in new[] { (outside.Path, false), (Path.GetRelativePath(Environment.CurrentDirectory, outside.Path), false), (outside.Path, true) })
        {
            using (var model = files.Tasks.Classifier("SST-2", new(path) { Method = new DeepPrompt { Length = 2 }, EmbedBackbone = isEmbedded })) RunningService.Save(files.Tasks, model, folder.At("model.zip"));
            var (status, json, _) = await service.PutAsync("reviews", File.ReadAllBytes(folder.At("model.zip")));
            Assert.Equal(400, status);
            Assert.Contains(isEmbedded ? "EmbedBackbone" : "not in the folders where backbones may be", json.GetProperty("detail").GetString());
        }
        Assert.Equal(200, (await service.PredictAsync("reviews", new { text = "good" })).Status);
    }

    [Fact]
    public async Task More_tasks_than_are_allowed_are_refused_and_those_of_the_configuration_are_not_changed()
    {
        await using var service = await StartAsync(WithKey, "TaskService:MaxTasks=4", $"PTuning:Tasks:fixed={_folder.At("reviews.zip")}");
        Assert.Equal(409, (await service.PutAsync("fifth", files.Model("reviews"))).Status);
        Assert.Equal(200, (await service.PutAsync("pairs", files.Model("reviews"))).Status);
        Assert.Equal(409, (await service.PutAsync("fixed", files.Model("entities"))).Status);
        Assert.Equal(409, (await service.DeleteAsync("fixed")).Status);
        Assert.Equal(200, (await service.PredictAsync("fixed", new { text = "good" })).Status);
        OnlyTasksAreLeft();
    }

    public void Dispose() => _folder.Dispose();

    private Task<RunningService> StartAsync(params string[] settings) => RunningService.StartAsync(_folder.Path, files.Backbones, settings);

    private void OnlyTasksAreLeft() => Assert.Equal(["entities.zip", "pairs.zip", "reviews.zip"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));

    // An upload whose sender goes away after a part.
    private sealed class BreakingStream : MemoryStream
    {
        private int _left = 20;

        public override int Read(Span<byte> buffer) => _left-- > 0 ? Math.Min(buffer.Length, 1000) : throw new IOException("The sender has gone.");

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Read(buffer.Span));

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) => WriteAsync(destination, cancellationToken);

        private async Task WriteAsync(Stream destination, CancellationToken cancellationToken)
        {
            byte[] buffer = new byte[1000];
            while (true) await destination.WriteAsync(buffer.AsMemory(0, Read(buffer)), cancellationToken);
        }
    }
}
