// How the command line says that a file is to be read; null where it is to be guessed.
namespace MLNet.PTuning.Tool.Data;

/// <param name="Form">The file's form.</param>
/// <param name="Delimiter">What separates fields.</param>
/// <param name="HasHeader">Whether the first line names the columns.</param>
/// <param name="HasQuotes">Whether fields may be quoted; false where a quote is a character like any other.</param>
/// <param name="Encoding">The encoding's name.</param>
internal sealed record ReadingOptions(FileForm? Form = null, char? Delimiter = null, bool? HasHeader = null, bool? HasQuotes = null, string? Encoding = null);
