// What an app calls to have a server of tasks among its services.
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using MLNet.PTuning;
using MLNet.PTuning.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a server of tasks to a host's services, and its health check.</summary>
public static class PTuningServiceCollectionExtensions
{
    /// <summary>
    /// Adds a <see cref="PromptServer"/> as a singleton. Its options are the configuration's section <c>PTuning</c>, changed by <paramref name="configure"/>. Its tasks are loaded before the host's
    /// other services start: options or a model file that cannot be used end the start with an error that says why. When the host stops, the server stops after its other services, and
    /// answers what it has accepted. Calling it again adds to the options.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the options after the configuration has been read; null for nothing.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddPTuning(this IServiceCollection services, Action<PTuningServiceOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (configure is not null) services.PostConfigure(configure);
        if (services.Any(service => service.ServiceType == typeof(PromptServer))) return services;
        services.AddOptions<PTuningServiceOptions>().BindConfiguration(PTuningServiceOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<PTuningServiceOptions>, PTuningServiceOptionsValidator>());
        services.AddSingleton(provider => Server(provider.GetRequiredService<IOptions<PTuningServiceOptions>>().Value.Server, provider.GetRequiredService<IHostEnvironment>().ContentRootPath));
        services.AddHostedService<PTuningHostedService>();
        return services;
    }

    /// <summary>
    /// Adds a check of the server that <see cref="AddPTuning(IServiceCollection, Action{PTuningServiceOptions}?)"/> added. It is unhealthy once the server has stopped, and degraded where it has
    /// no task or its queue is nearly full (90 %).
    /// </summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="failureStatus">What it reports of a server that has stopped; null for unhealthy.</param>
    /// <param name="tags">Tags by which checks are chosen; null for none.</param>
    /// <returns>The same health checks.</returns>
    public static IHealthChecksBuilder AddPTuning(this IHealthChecksBuilder builder, string name = "ptuning", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddCheck<PTuningHealthCheck>(name, failureStatus, tags ?? []);
    }

    private static PromptServer Server(PromptServerOptions options, string contentRoot)
    {
        options.BackboneFolders = options.BackboneFolders?.Select(folder => Path.GetFullPath(folder, contentRoot)).ToArray();
        return new PromptServer(options);
    }
}
