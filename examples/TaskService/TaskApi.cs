// The paths under /tasks.
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using MLNet.PTuning;

namespace TaskService;

internal static class TaskApi
{
    /// <summary>Name of the policy by which predictions have a deadline.</summary>
    public const string DeadlinePolicy = "deadline";

    /// <summary>After how many seconds a client may ask again where the server is busy.</summary>
    private const string RetrySeconds = "1";

    public static void MapTasks(this WebApplication app)
    {
        var tasks = app.MapGroup("/tasks").WithTags("Tasks");
        tasks.MapGet("/", List).WithName("ListTasks").WithSummary("The tasks, with their classes and what they read.");
        tasks.MapPost("/{name}/predict", PredictAsync).WithName("Predict").WithSummary("Predicts a text, or several.").WithRequestTimeout(DeadlinePolicy)
            .ProducesProblem(400).ProducesProblem(404).ProducesProblem(413).ProducesProblem(503).ProducesProblem(504);
        var changes = tasks.MapGroup("").AddEndpointFilter<KeyFilter>();
        changes.MapPut("/{name}", PutAsync).WithName("PutTask").WithSummary("Adds or replaces a task by its model file.").Accepts<Stream>("application/octet-stream")
            .Produces<PromptServerTask>(201).ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(409).ProducesProblem(413).ProducesProblem(507);
        changes.MapDelete("/{name}", DeleteAsync).WithName("DeleteTask").WithSummary("Removes a task and its model file.")
            .ProducesProblem(401).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409);
    }

    private static IReadOnlyList<PromptServerTask> List(PromptServer server) => server.Tasks;

    private static async Task<Results<Ok<PredictAnswer>, ProblemHttpResult>> PredictAsync(string name, PredictRequest request, PromptServer server, HttpResponse response, CancellationToken cancellationToken)
    {
        if (request.Texts is not { Count: > 0 } texts) return Problems.Of(400, "The request has no text. Send {\"text\": \"…\"}, with \"second\" for a task that reads two texts, or {\"rows\": [{\"text\": \"…\"}, …]}, not both.");
        try
        {
            return TypedResults.Ok(new PredictAnswer(name, await server.PredictAllAsync(name, texts, cancellationToken)));
        }
        catch (KeyNotFoundException e)
        {
            return Problems.Of(404, e.Message);
        }
        catch (ArgumentOutOfRangeException e)
        {
            return Problems.Of(413, Problems.Sentence(e));
        }
        catch (ArgumentException e)
        {
            return Problems.Of(400, Problems.Sentence(e));
        }
        catch (Exception e) when (e is ServerBusyException || server.IsStopped && e is InvalidOperationException)
        {
            response.Headers.RetryAfter = RetrySeconds;
            return Problems.Of(503, e.Message);
        }
    }

    private static async Task<Results<Ok<PromptServerTask>, Created<PromptServerTask>, ProblemHttpResult>> PutAsync(string name, HttpRequest request, TaskFiles files, IOptions<TaskServiceOptions> options, CancellationToken cancellationToken)
    {
        request.HttpContext.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = options.Value.MaxUploadBytes;
        try
        {
            var (task, isNew) = await files.PutAsync(name, request.Body, cancellationToken);
            return isNew ? TypedResults.Created($"/tasks/{name}", task) : TypedResults.Ok(task);
        }
        catch (TaskFileException e)
        {
            return Problems.Of(e.Status, e.Message);
        }
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(string name, TaskFiles files, CancellationToken cancellationToken)
    {
        try
        {
            await files.DeleteAsync(name, cancellationToken);
            return TypedResults.NoContent();
        }
        catch (TaskFileException e)
        {
            return Problems.Of(e.Status, e.Message);
        }
    }
}
