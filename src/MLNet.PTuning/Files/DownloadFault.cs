// Says what a failed download left in place of a file.
using System.Text;

namespace MLNet.PTuning.Files;

internal static class DownloadFault
{
    /// <summary>How many bytes of a file <see cref="Of"/> looks at.</summary>
    public const int Length = 160;

    /// <summary>Git LFS's pointer, a web page, or a server's message, as a phrase that follows the file's path in an error; null for anything else.</summary>
    /// <param name="start">The file's first bytes.</param>
    public static string? Of(ReadOnlySpan<byte> start)
    {
        if (start.IsEmpty) return "is empty. Download or copy it again.";
        string text = Encoding.UTF8.GetString(start[..Math.Min(start.Length, Length)]).TrimStart('\uFEFF').TrimStart();
        if (text.StartsWith("version https://git-lfs", StringComparison.Ordinal))
            return "is only Git LFS's pointer to the file; fetch the file itself with 'git lfs pull', or download it.";
        string[] pages = ["<!DOCTYPE", "<html", "<head", "<?xml"];
        if (pages.Any(page => text.StartsWith(page, StringComparison.OrdinalIgnoreCase)))
            return "is an HTML page (or XML), as a server answers with when it asks for a sign-in or does not find a file; download the file itself.";
        return text.Replace(" ", "").StartsWith("{\"error\"", StringComparison.Ordinal) ? Message(text) : null;
    }

    /// <summary>The same for a file that should hold no text: any text at its start is a server's message.</summary>
    public static string? OfBinary(ReadOnlySpan<byte> start)
    {
        if (Of(start) is { } fault) return fault;
        ReadOnlySpan<byte> first = start[..Math.Min(start.Length, 16)];
        foreach (byte value in first)
            if (value is (< (byte)' ' or > (byte)'~') and not ((byte)'\n' or (byte)'\r' or (byte)'\t')) return null;
        return Message(Encoding.UTF8.GetString(start[..Math.Min(start.Length, Length)]));
    }

    private static string Message(string text)
    {
        string line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return $"holds a text instead of the file, \"{(line.Length > 100 ? line[..100] + "…" : line)}\"; download the file itself.";
    }
}
