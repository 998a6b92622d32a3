// Loads the configured tasks before anything else of the host starts, and stops the server after all else has stopped.
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MLNet.PTuning.Hosting;

/// <summary>
/// Services that ask the server, such as ASP.NET Core's, start after its tasks are loaded and have ended their requests before it stops, in whatever order they were registered.
/// </summary>
internal sealed partial class PTuningHostedService(PromptServer server, IOptions<PTuningServiceOptions> options, IHostEnvironment environment, ILogger<PTuningHostedService> logger) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach (var (task, file) in options.Value.Tasks)
        {
            cancellationToken.ThrowIfCancellationRequested();
            string path = Path.GetFullPath(file, environment.ContentRootPath);
            try
            {
                server.Add(task, path);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"The task '{task}' ({PTuningServiceOptions.Section}:Tasks:{task}) could not be loaded from {path}: {e.GetBaseException().Message}", e);
            }
            LogLoaded(task, path);
        }
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        LogStopping(server.WaitingRequests);
        await server.StopAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Loaded the task {Task} from {File}.")]
    private partial void LogLoaded(string task, string file);

    [LoggerMessage(Level = LogLevel.Information, Message = "The server stops; {Waiting} requests that wait are answered first.")]
    private partial void LogStopping(int waiting);
}
