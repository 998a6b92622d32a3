// A server among a host's services: configured, loaded before the others start, stopped after them, and its health.
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using MLNet.PTuning.Hosting;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Hosting;

public sealed class HostedServerTests(ServiceFiles files) : IClassFixture<ServiceFiles>, IDisposable
{
    private const string Text = "a good film";

    private readonly TempFolder _folder = files.Copy();

    [Fact]
    public async Task Its_options_and_tasks_are_those_of_the_configuration_and_paths_start_at_the_content_root()
    {
        Directory.CreateSymbolicLink(_folder.At("backbone"), files.Backbones);
        using var host = Host(("Tasks:reviews", "reviews.zip"), ("Tasks:NER", _folder.At("entities.zip")), ("Server:MaxTextLength", "20"), ("Server:QueueCapacity", "7"), ("Server:BackboneFolders:0", "backbone"));
        await host.StartAsync();
        var server = host.Services.GetRequiredService<PromptServer>();
        Assert.Equal(["NER", "reviews"], server.Tasks.Select(task => task.Name));
        Assert.Equal(7, server.QueueCapacity);
        Assert.NotEmpty((await server.PredictAsync("reviews", Text)).Label);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => server.PredictAsync("reviews", new string('a', 21)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => server.PredictAllAsync("reviews", new PromptServerText[65]));
        await host.StopAsync();
    }

    [Fact]
    public async Task The_app_changes_what_the_configuration_says_and_adding_twice_gives_one_server()
    {
        using var host = Host(services => services.AddPTuning(options => options.Tasks["a"] = "reviews.zip").AddPTuning(options => options.Server.QueueCapacity = 9), ("Server:QueueCapacity", "7"));
        await host.StartAsync();
        var server = Assert.Single(host.Services.GetServices<PromptServer>());
        Assert.Equal(("a", 9), (Assert.Single(server.Tasks).Name, server.QueueCapacity));
        await host.StopAsync();
    }

    [Fact]
    public async Task A_model_file_that_cannot_be_loaded_ends_the_start_with_the_cause()
    {
        using var missing = Host(("Tasks:reviews", "missing.zip"));
        string message = (await Assert.ThrowsAsync<InvalidOperationException>(() => missing.StartAsync())).Message;
        Assert.Contains($"The task 'reviews' (PTuning:Tasks:reviews) could not be loaded from {_folder.At("missing.zip")}", message);

        using var elsewhere = Host(("Tasks:reviews", "reviews.zip"), ("Server:BackboneFolders:0", "nowhere"));
        Assert.Contains($"not in the folders where backbones may be ({_folder.At("nowhere")})", (await Assert.ThrowsAsync<InvalidOperationException>(() => elsewhere.StartAsync())).Message);
    }

    [Theory]
    [InlineData("Server:MaxBatchSize", "0", "PTuning:Server:MaxBatchSize is 0")]
    [InlineData("Server:MaxDelay", "2.00:00:00", "PTuning:Server:MaxDelay is 2.00:00:00")]
    [InlineData("Server:MaxTexts", "-1", "PTuning:Server:MaxTexts is -1")]
    [InlineData("Tasks:reviews", " ", "PTuning:Tasks:reviews names no model file")]
    public async Task Options_that_cannot_be_right_end_the_start_and_are_named(string key, string value, string message)
    {
        using var host = Host((key, value));
        Assert.Contains(message, (await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync())).Message);
    }

    [Fact]
    public async Task Services_that_were_registered_before_it_ask_it_while_they_start_and_stop()
    {
        using var host = Host(services => services.AddHostedService<AskingService>().AddPTuning(), ("Tasks:reviews", "reviews.zip"));
        await host.StartAsync();
        await host.StopAsync();
        Assert.Equal(2, host.Services.GetServices<IHostedService>().OfType<AskingService>().Single().Answers);
        Assert.True(host.Services.GetRequiredService<PromptServer>().IsStopped);
    }

    [Fact]
    public async Task Stopping_the_host_answers_what_was_accepted()
    {
        using var host = Host(("Tasks:reviews", "reviews.zip"), ("Server:MaxDelay", "01:00:00"), ("Server:MaxBatchSize", "1000"));
        await host.StartAsync();
        var server = host.Services.GetRequiredService<PromptServer>();
        var accepted = Enumerable.Range(0, 20).Select(_ => server.PredictAsync("reviews", Text)).ToList();
        Assert.DoesNotContain(accepted, answer => answer.IsCompleted);
        await host.StopAsync();
        Assert.All(await Task.WhenAll(accepted), answer => Assert.NotEmpty(answer.Label));
    }

    [Fact]
    public async Task Health_is_degraded_without_tasks_or_with_a_queue_that_is_nearly_full_and_unhealthy_once_stopped()
    {
        using var host = Host(("Server:MaxDelay", "01:00:00"), ("Server:MaxBatchSize", "1000"), ("Server:QueueCapacity", "10"));
        await host.StartAsync();
        var server = host.Services.GetRequiredService<PromptServer>();
        Assert.Equal((HealthStatus.Degraded, "The server has no task."), await HealthOf(host));
        server.Add("reviews", _folder.At("reviews.zip"));
        Assert.Equal((HealthStatus.Healthy, "1 tasks, 0 requests wait."), await HealthOf(host));
        var waiting = Enumerable.Range(0, 9).Select(_ => server.PredictAsync("reviews", Text)).ToList();
        var (status, description) = await HealthOf(host);
        Assert.Equal(HealthStatus.Degraded, status);
        Assert.StartsWith("9 requests wait", description);
        await host.StopAsync();
        await Task.WhenAll(waiting);
        Assert.Equal((HealthStatus.Unhealthy, "The server has stopped."), await HealthOf(host));
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<(HealthStatus, string?)> HealthOf(IHost host)
    {
        var entry = (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["ptuning"];
        return (entry.Status, entry.Description);
    }

    private IHost Host(params (string Key, string Value)[] settings) => Host(services => services.AddPTuning(), settings);

    private IHost Host(Action<IServiceCollection> add, params (string Key, string Value)[] settings)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, ContentRootPath = _folder.Path });
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"{PTuningServiceOptions.Section}:{setting.Key}", (string?)setting.Value)));
        builder.Services.AddHealthChecks().AddPTuning();
        add(builder.Services);
        return builder.Build();
    }

    private sealed class AskingService(PromptServer server) : IHostedService
    {
        public int Answers { get; private set; }

        public Task StartAsync(CancellationToken cancellationToken) => AskAsync();

        public Task StopAsync(CancellationToken cancellationToken) => AskAsync();

        private async Task AskAsync()
        {
            await server.PredictAsync("reviews", Text);
            Answers++;
        }
    }
}
