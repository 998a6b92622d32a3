// /health: the server's state and the model files', as JSON.
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace TaskService;

internal static class Health
{
    public static void MapHealth(this WebApplication app) => app.MapHealthChecks("/health", new HealthCheckOptions
    {
        ResponseWriter = (context, report) => context.Response.WriteAsJsonAsync(new
        {
            Status = report.Status.ToString(),
            Checks = report.Entries.Select(check => new { Name = check.Key, Status = check.Value.Status.ToString(), check.Value.Description, check.Value.Data }),
        }),
    });
}

/// <summary>Degraded where files of the folder could not be loaded at the start.</summary>
internal sealed class TaskFilesHealthCheck(TaskFiles files) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        files.NotLoaded.Count == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded($"Not loaded at the start: {string.Join(", ", files.NotLoaded)}. The log says why."));
}
