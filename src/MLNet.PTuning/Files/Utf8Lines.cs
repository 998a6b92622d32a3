// Reads a text file line by line, strictly: what is no UTF-8 is an error that names the line.
using System.Text;

namespace MLNet.PTuning.Files;

/// <summary>
/// Numbered lines of a UTF-8 file, without their ends: LF, CR, or CRs before an LF. Other separators of Unicode (U+0085, U+2028, U+2029) are part of a line,
/// and byte order marks at a line's beginning, as files that were put together have them, are not.
/// </summary>
internal static class Utf8Lines
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The lines, counted from 1; the file is open for as long as they are enumerated.</summary>
    /// <exception cref="InvalidDataException">A line is not UTF-8.</exception>
    public static IEnumerable<(int Number, string Text)> Read(string path)
    {
        using var stream = new BufferedStream(File.OpenRead(path), 1 << 16);
        var line = new List<byte>();
        int number = 1, next = stream.ReadByte();
        while (next >= 0)
        {
            line.Clear();
            for (; next is >= 0 and not '\n' and not '\r'; next = stream.ReadByte()) line.Add((byte)next);
            yield return (number, Decode(path, number, line));
            number++;
            int returns = 0;
            for (; next == '\r'; next = stream.ReadByte()) returns++;
            if (next == '\n') next = stream.ReadByte();
            else
                for (; returns > 1; returns--) yield return (number++, "");
        }
    }

    private static string Decode(string path, int number, List<byte> line)
    {
        ReadOnlySpan<byte> bytes = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(line);
        while (bytes.StartsWith(Encoding.UTF8.Preamble)) bytes = bytes[Encoding.UTF8.Preamble.Length..];
        try { return Strict.GetString(bytes); }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException($"{path}, line {number}: byte {e.Index + 1} of the line is not UTF-8. Convert the file to UTF-8.");
        }
    }
}
