// A command line as text that a shell takes as it is.
using System.Text.RegularExpressions;

namespace MLNet.PTuning.Tool.Commands;

internal static partial class ShellWords
{
    /// <summary>Words in single quotes where they need them, as POSIX shells and PowerShell read them.</summary>
    public static string Quote(IEnumerable<string> words) => string.Join(' ', words.Select(word => Plain().IsMatch(word) ? word : $"'{word.Replace("'", "'\\''")}'"));

    [GeneratedRegex(@"^[\w./:=+,@%-]+$")]
    private static partial Regex Plain();
}
