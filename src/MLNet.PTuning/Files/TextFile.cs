// Reads a whole text file, strictly: in UTF-8, or in the encoding that its byte order mark says.
using System.Text;

namespace MLNet.PTuning.Files;

internal static class TextFile
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is no text, or what a failed download left in its place.</exception>
    public static string Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        if (DownloadFault.Of(bytes) is { } fault) throw new InvalidDataException($"{path} {fault}");
        byte[] text = InUtf8(bytes);
        if (text.AsSpan().Contains((byte)0)) throw new InvalidDataException($"{path} holds zero bytes, as UTF-16 does; save it as UTF-8.");
        try
        {
            return Strict.GetString(text);
        }
        catch (DecoderFallbackException e)
        {
            int line = 1 + text.AsSpan(0, Math.Max(0, e.Index)).Count((byte)'\n');
            throw new InvalidDataException($"{path} is not UTF-8 (line {line}); convert it to UTF-8, or download it again.");
        }
    }

    /// <summary>Without a byte order mark, whichever there is.</summary>
    public static byte[] InUtf8(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith(Encoding.UTF8.Preamble)) return bytes[Encoding.UTF8.Preamble.Length..].ToArray();
        foreach (Encoding encoding in (Encoding[])[Encoding.Unicode, Encoding.BigEndianUnicode])
            if (bytes.StartsWith(encoding.Preamble)) return Encoding.UTF8.GetBytes(encoding.GetString(bytes[encoding.Preamble.Length..]));
        return bytes.ToArray();
    }
}
