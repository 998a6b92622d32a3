// Errors as clients get them: problem details (RFC 9457) that say what to do and hold nothing of a request's texts.
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Timeouts;

namespace TaskService;

internal static class Problems
{
    /// <summary>How exceptions become answers. A request that cannot be read is the client's error, and its exception, which may hold a part of it, is not logged.</summary>
    public static ExceptionHandlerOptions Handling => new()
    {
        StatusCodeSelector = error => error is BadHttpRequestException bad ? bad.StatusCode : 500,
        SuppressDiagnosticsCallback = context => context.Exception is BadHttpRequestException,
    };

    public static ProblemHttpResult Of(int status, string detail) => TypedResults.Problem(detail, statusCode: status);

    /// <summary>An exception's message without the parameter's name and value that .NET adds.</summary>
    public static string Sentence(ArgumentException error) => error.Message.Split(" (Parameter '")[0];

    /// <summary>Says of requests that cannot be read what was wrong.</summary>
    public static void Customize(ProblemDetailsOptions options) => options.CustomizeProblemDetails = context =>
    {
        context.ProblemDetails.Detail ??= context.ProblemDetails.Status switch
        {
            400 => "The request's body is no JSON, or lacks or has other fields than the description at /openapi/v1.json says.",
            413 => "The request's body is too large; send fewer or shorter texts, or a smaller file.",
            _ => null,
        };
    };

    /// <summary>The deadline of a request.</summary>
    public static RequestTimeoutPolicy Deadline(TimeSpan deadline) => new()
    {
        Timeout = deadline,
        WriteTimeoutResponse = context => Of(504, $"There was no answer within {deadline.TotalSeconds:0.###} s, which TaskService:Deadline allows; ask again, or send fewer or shorter texts.").ExecuteAsync(context),
    };
}
