// A fault of the command line that only shows when the command runs.
namespace MLNet.PTuning.Tool;

/// <param name="message">A sentence: which option is wrong, and what to give.</param>
internal sealed class BadUsageException(string message) : Exception(message);
