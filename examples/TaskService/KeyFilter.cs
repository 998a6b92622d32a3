// Lets those change tasks who have the configured key.
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace TaskService;

internal sealed class KeyFilter(IOptions<TaskServiceOptions> options) : IEndpointFilter
{
    private const string Scheme = "Bearer ";

    // Hashes have one length, so that the time a comparison takes says nothing of the key.
    private readonly byte[]? _hash = options.Value.Key is { } key ? Hash(key) : null;

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (_hash is null) return Problems.Of(403, "Tasks cannot be changed over HTTP: no key is configured (TaskService:Key).");
        string authorization = context.HttpContext.Request.Headers.Authorization.ToString();
        if (authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && CryptographicOperations.FixedTimeEquals(Hash(authorization[Scheme.Length..]), _hash)) return await next(context);
        context.HttpContext.Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.Of(401, "Send the configured key in the header Authorization: Bearer KEY.");
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
