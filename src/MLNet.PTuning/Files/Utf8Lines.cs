// Reads a text file line by line, strictly: what is no UTF-8 is an error that names the line.
using System.Text;

namespace MLNet.PTuning.Files;

/// <summary>Numbered lines of a UTF-8 file, without their ends (LF or CRLF). A byte order mark is no part of the text.</summary>
internal static class Utf8Lines
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The lines, counted from 1; the file is open for as long as they are enumerated.</summary>
    /// <exception cref="InvalidDataException">A line is not UTF-8.</exception>
    public static IEnumerable<(int Number, string Text)> Read(string path)
    {
        using var stream = new BufferedStream(File.OpenRead(path), 1 << 16);
        var line = new List<byte>();
        for (int number = 1; ; number++)
        {
            line.Clear();
            int next;
            while ((next = stream.ReadByte()) is >= 0 and not '\n') line.Add((byte)next);
            if (next < 0 && line.Count == 0) yield break;
            if (line.Count > 0 && line[^1] == '\r') line.RemoveAt(line.Count - 1);
            yield return (number, Decode(path, number, line));
        }
    }

    private static string Decode(string path, int number, List<byte> line)
    {
        ReadOnlySpan<byte> bytes = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(line);
        if (number == 1 && bytes.StartsWith(Encoding.UTF8.Preamble)) bytes = bytes[Encoding.UTF8.Preamble.Length..];
        try { return Strict.GetString(bytes); }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException($"{path}, line {number}: byte {e.Index + 1} of the line is not UTF-8. Convert the file to UTF-8.", e);
        }
    }
}
