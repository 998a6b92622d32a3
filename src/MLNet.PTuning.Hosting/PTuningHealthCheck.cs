// Whether the server can answer.
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MLNet.PTuning.Hosting;

internal sealed class PTuningHealthCheck(PromptServer server) : IHealthCheck
{
    /// <summary>The share of the queue's capacity from which on the server is degraded.</summary>
    private const double NearlyFull = 0.9;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var (tasks, waiting, capacity) = (server.Tasks.Count, server.WaitingRequests, server.QueueCapacity);
        var data = new Dictionary<string, object> { ["tasks"] = tasks, ["waitingRequests"] = waiting, ["queueCapacity"] = capacity };
        // Its type alone: messages of exceptions may hold paths.
        if (server.LastFault is { } fault) data["lastFault"] = fault.GetType().Name;
        return Task.FromResult(
            server.IsStopped ? new HealthCheckResult(context.Registration.FailureStatus, "The server has stopped.", data: data)
            : waiting >= NearlyFull * capacity ? HealthCheckResult.Degraded($"{waiting} requests wait, nearly as many as the queue takes ({capacity}).", data: data)
            : tasks == 0 ? HealthCheckResult.Degraded("The server has no task.", data: data)
            : HealthCheckResult.Healthy($"{tasks} tasks, {waiting} requests wait.", data));
    }
}
