// A server's refusal where too many requests wait already.
namespace MLNet.PTuning;

/// <summary>Thrown by <see cref="PromptServer.PredictAsync"/> at once where as many requests wait as <see cref="PromptServerOptions.QueueCapacity"/> allows. The request may be sent again later.</summary>
/// <param name="message">What is full.</param>
public sealed class ServerBusyException(string message) : Exception(message);
