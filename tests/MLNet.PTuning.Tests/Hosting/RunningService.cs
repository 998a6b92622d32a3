// The example's service on a free port, with tasks that were trained in a moment.
using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.ML;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tests.Pipeline;
using TaskService;

namespace MLNet.PTuning.Tests.Hosting;

internal sealed class RunningService : IAsyncDisposable
{
    /// <summary>The key that uploads need.</summary>
    public const string Key = "a key of the tests";

    private readonly WebApplication _app;
    private readonly LogLines _log;
    private readonly HttpClient _client;

    private RunningService(WebApplication app, LogLines log) => (_app, _log, _client) = (app, log, new HttpClient { BaseAddress = new Uri(app.Urls.Single()) });

    public string Address => _client.BaseAddress!.ToString();

    public PromptServer Server => _app.Services.GetRequiredService<PromptServer>();

    /// <summary>All that it has logged.</summary>
    public string Log => string.Join('\n', _log.Lines);

    /// <summary>Starts it.</summary>
    /// <param name="folder">The folder of model files.</param>
    /// <param name="backbones">The folder where backbones may be.</param>
    /// <param name="settings">Further settings, such as <c>TaskService:Key=…</c>.</param>
    public static async Task<RunningService> StartAsync(string folder, string backbones, params string[] settings)
    {
        var log = new LogLines();
        var app = TaskServiceApp.Create(["--Urls=http://127.0.0.1:0", $"--TaskService:Folder={folder}", $"--PTuning:Server:BackboneFolders:0={backbones}", .. settings.Select(setting => "--" + setting)],
            builder => builder.Logging.ClearProviders().AddProvider(log));
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
        return new RunningService(app, log);
    }

    /// <summary>Writes the model files of the tasks reviews (texts), pairs (two texts) and entities (words).</summary>
    public static void SaveTasks(TrainedTasks tasks, string folder)
    {
        foreach (var (file, task) in new[] { ("reviews", "SST-2"), ("pairs", "MRPC"), ("entities", "NER") }) Save(tasks, tasks.Models[task], Path.Combine(folder, file + ".zip"));
    }

    public static void Save(TrainedTasks tasks, ITransformer model, string path) => tasks.Context.Model.SaveSafely(model, tasks.Data.Schema, path);

    /// <summary>Sends a request; the answer's status and JSON.</summary>
    public async Task<(int Status, JsonElement Json, HttpResponseMessage Response)> SendAsync(HttpMethod method, string path, HttpContent? content = null, string? key = null)
    {
        var request = new HttpRequestMessage(method, new Uri(Address.TrimEnd('/') + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true })) { Content = content };
        if (key is not null) request.Headers.Authorization = new("Bearer", key);
        var response = await _client.SendAsync(request);
        string body = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, body.StartsWith('{') || body.StartsWith('[') ? JsonSerializer.Deserialize<JsonElement>(body) : default, response);
    }

    public Task<(int Status, JsonElement Json, HttpResponseMessage Response)> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public async Task<string> GetTextAsync(string path) => await _client.GetStringAsync(path.TrimStart('/'));

    public Task<(int Status, JsonElement Json, HttpResponseMessage Response)> PredictAsync(string task, object body) => SendAsync(HttpMethod.Post, $"/tasks/{task}/predict", JsonContent.Create(body));

    public Task<(int Status, JsonElement Json, HttpResponseMessage Response)> PutAsync(string task, byte[] file, string? key = Key) => SendAsync(HttpMethod.Put, $"/tasks/{task}", new ByteArrayContent(file), key);

    public Task<(int Status, JsonElement Json, HttpResponseMessage Response)> DeleteAsync(string task, string? key = Key) => SendAsync(HttpMethod.Delete, $"/tasks/{task}", key: key);

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _client.Dispose();
    }

    private sealed class LogLines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}

/// <summary>Model files of three tasks in a folder, trained once for a class of tests.</summary>
public sealed class ServiceFiles : IDisposable
{
    private readonly TempFolder _folder = new();

    public ServiceFiles() => RunningService.SaveTasks(Tasks, _folder.Path);

    internal TrainedTasks Tasks { get; } = new();

    internal string Backbones => Tasks.BackboneFolder;

    internal byte[] Model(string task) => File.ReadAllBytes(_folder.At(task + ".zip"));

    /// <summary>A folder with these files for one test.</summary>
    internal TempFolder Copy()
    {
        var copy = new TempFolder();
        foreach (string file in Directory.GetFiles(_folder.Path)) File.Copy(file, copy.At(Path.GetFileName(file)));
        return copy;
    }

    public void Dispose()
    {
        Tasks.Dispose();
        _folder.Dispose();
    }
}
