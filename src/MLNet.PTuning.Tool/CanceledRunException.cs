// A run that was stopped and can be resumed.
namespace MLNet.PTuning.Tool;

/// <param name="message">A sentence that says how to resume.</param>
internal sealed class CanceledRunException(string message) : OperationCanceledException(message);
