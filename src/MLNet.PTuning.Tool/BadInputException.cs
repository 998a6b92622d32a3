// A fault of a file or folder that a user can mend.
namespace MLNet.PTuning.Tool;

/// <param name="message">A sentence: what is wrong, where, and what to do.</param>
internal sealed class BadInputException(string message, Exception? cause = null) : Exception(message, cause);
