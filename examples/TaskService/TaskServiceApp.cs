// Puts the app together: services, and what each path answers.
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.Options;

namespace TaskService;

public static class TaskServiceApp
{
    /// <summary>Most bytes of a request that is no upload.</summary>
    private const long MaxRequestBytes = 8 << 20;

    // Nothing of the page comes from elsewhere, and no text that is shown can run as a script.
    private const string ContentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>The app, not started yet.</summary>
    /// <param name="args">Command-line arguments, such as <c>--TaskService:Folder=/var/tasks</c>.</param>
    /// <param name="configure">Changes the builder before the app is built.</param>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            ApplicationName = typeof(TaskServiceApp).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
        });
        configure?.Invoke(builder);
        AddServices(builder);
        var app = builder.Build();
        Map(app);
        return app;
    }

    private static void AddServices(WebApplicationBuilder builder)
    {
        var services = builder.Services;
        builder.WebHost.ConfigureKestrel(kestrel => (kestrel.AddServerHeader, kestrel.Limits.MaxRequestBodySize) = (false, MaxRequestBytes));
        services.AddPTuning();
        services.AddOptions<TaskServiceOptions>().BindConfiguration(TaskServiceOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<TaskFiles>();
        services.AddHostedService(provider => provider.GetRequiredService<TaskFiles>());
        services.AddHealthChecks().AddPTuning().AddCheck<TaskFilesHealthCheck>("files");
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            json.SerializerOptions.AllowDuplicateProperties = false;
            json.SerializerOptions.RespectNullableAnnotations = true;
            json.SerializerOptions.RespectRequiredConstructorParameters = true;
        });
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddProblemDetails(Problems.Customize);
        services.AddRequestTimeouts();
        services.AddOptions<RequestTimeoutOptions>().Configure<IOptions<TaskServiceOptions>>((timeouts, service) => timeouts.AddPolicy(TaskApi.DeadlinePolicy, Problems.Deadline(service.Value.Deadline)));
        services.AddOpenApi();
    }

    private static void Map(WebApplication app)
    {
        app.UseExceptionHandler(Problems.Handling);
        app.UseStatusCodePages();
        app.Use((context, next) =>
        {
            var headers = context.Response.Headers;
            (headers.ContentSecurityPolicy, headers.XContentTypeOptions, headers["Referrer-Policy"]) = (ContentPolicy, "nosniff", "no-referrer");
            return next(context);
        });
        app.UseDefaultFiles().UseStaticFiles();
        app.UseRequestTimeouts();
        app.MapTasks();
        app.MapHealth();
        app.MapPrometheus();
        app.MapOpenApi();
    }
}
