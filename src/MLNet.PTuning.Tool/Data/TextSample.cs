// The beginning of a text file, and the encoding that it shows.
using System.Text;
using System.Text.Unicode;

namespace MLNet.PTuning.Tool.Data;

/// <param name="Path">The file.</param>
/// <param name="Encoding">Its encoding, which throws where bytes are not of it.</param>
/// <param name="EncodingName">The encoding's usual name.</param>
/// <param name="Text">The file's beginning, up to the end of a line; all of it where it is short.</param>
/// <param name="IsWhole">Whether that is all of the file.</param>
internal sealed record TextSample(string Path, Encoding Encoding, string EncodingName, string Text, bool IsWhole)
{
    private const int Length = 1 << 18;

    private static readonly (byte[] Mark, string Name)[] Marks = [([0xEF, 0xBB, 0xBF], "utf-8"), ([0xFF, 0xFE, 0, 0], "utf-32"), ([0xFF, 0xFE], "utf-16"), ([0xFE, 0xFF], "utf-16BE")];

    static TextSample() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <summary>Reads a file's beginning.</summary>
    /// <param name="path">The file.</param>
    /// <param name="encoding">Name of its encoding; null to take that of its byte order mark, else UTF-8 where its bytes are that, else Windows-1252.</param>
    /// <exception cref="BadInputException">There is no such file, it is empty, or it is no text.</exception>
    /// <exception cref="BadUsageException">There is no such encoding.</exception>
    public static TextSample Read(string path, string? encoding)
    {
        if (Directory.Exists(path)) throw new BadInputException($"{path} is a folder; name a file in it.");
        if (!File.Exists(path)) throw new BadInputException($"There is no file {path}; check its name and the folder that you are in ({Environment.CurrentDirectory}).");
        byte[] bytes = new byte[Length];
        bool isWhole;
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read))
        {
            if (!stream.CanSeek) throw new BadInputException($"{path} is a pipe, which can be read once, and files are read several times; write what comes of it to a file, and give that.");
            bytes = bytes[..stream.ReadAtLeast(bytes, Length, throwOnEndOfStream: false)];
            isWhole = stream.ReadByte() < 0;
        }
        if (bytes.Length == 0) throw new BadInputException($"{path} is empty; give a file with rows.");
        string name = encoding ?? OfMark(bytes) ?? OfContent(path, bytes, isWhole);
        var found = Named(name);
        return new TextSample(path, found, found.WebName switch { "utf-8" => "UTF-8", var other => other.Length > 3 ? char.ToUpperInvariant(other[0]) + other[1..] : other }, Decode(path, found, bytes, isWhole), isWhole);
    }

    /// <summary>Opens the file from its beginning.</summary>
    public StreamReader Open() => new(Path, Encoding, detectEncodingFromByteOrderMarks: true, new FileStreamOptions { Options = FileOptions.SequentialScan, BufferSize = 1 << 16, Share = FileShare.Read });

    /// <summary>The error of bytes that are not of the encoding.</summary>
    /// <param name="afterLine">The last line that could be read.</param>
    public BadInputException NotDecoded(long afterLine) => new($"{Path}, after line {afterLine}: bytes that are not {EncodingName}; save the file as UTF-8, or name its encoding with --encoding (windows-1252, gb18030, shift_jis).");

    private static Encoding Named(string name)
    {
        try
        {
            return Encoding.GetEncoding(name, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
        }
        catch (ArgumentException)
        {
            throw new BadUsageException($"There is no encoding '{name}'; give --encoding a name such as utf-8, utf-16, windows-1252, gb18030 or shift_jis.");
        }
    }

    private static string? OfMark(byte[] bytes) => Marks.FirstOrDefault(mark => bytes.AsSpan().StartsWith(mark.Mark)).Name;

    private static string OfContent(string path, byte[] bytes, bool isWhole)
    {
        // Letters of UTF-16 have every other byte 0 in most languages.
        int even = 0, odd = 0;
        for (int i = 0; i < bytes.Length; i++)
            if (bytes[i] == 0) _ = i % 2 == 0 ? even++ : odd++;
        if (odd > bytes.Length / 4 && even < odd / 8) return "utf-16";
        if (even > bytes.Length / 4 && odd < even / 8) return "utf-16BE";
        if (even + odd > bytes.Length / 8) throw new BadInputException($"{path} is no text file: {even + odd} of its first {bytes.Length} bytes are 0; give CSV, TSV, JSON lines, CoNLL or SQuAD.");

        // The last line may be cut, and a character in it.
        int end = isWhole ? bytes.Length : Array.LastIndexOf(bytes, (byte)'\n') + 1;
        if (end == 0) end = bytes.Length - 4;
        if (Utf8.IsValid(bytes.AsSpan(0, end))) return "utf-8";
        // A file without line ends was cut within a character, at most 3 bytes of which are left.
        for (int cut = 1; end == bytes.Length - 4 && cut <= 3; cut++)
            if (Utf8.IsValid(bytes.AsSpan(0, end - cut))) return "utf-8";
        var (valid, invalid, firstLine) = Count(bytes.AsSpan(0, end));
        return valid <= invalid ? "windows-1252"
            : throw new BadInputException($"{path}, line {firstLine}: bytes that are not UTF-8, in a file that else is; the file is damaged there. Mend that line, or name the file's encoding with --encoding.");
    }

    // Characters of several bytes that are UTF-8, bytes that are not, and the line of the first of these.
    private static (int Valid, int Invalid, int FirstLine) Count(ReadOnlySpan<byte> bytes)
    {
        int valid = 0, invalid = 0, line = 1, firstLine = 0;
        while (!bytes.IsEmpty)
        {
            var status = Rune.DecodeFromUtf8(bytes, out var rune, out int length);
            if (status != System.Buffers.OperationStatus.Done)
            {
                invalid++;
                if (firstLine == 0) firstLine = line;
            }
            else if (length > 1) valid++;
            else if (rune.Value == '\n') line++;
            bytes = bytes[length..];
        }
        return (valid, invalid, firstLine);
    }

    private static string Decode(string path, Encoding encoding, byte[] bytes, bool isWhole)
    {
        string text;
        try
        {
            var decoder = encoding.GetDecoder();
            char[] chars = new char[encoding.GetMaxCharCount(bytes.Length)];
            text = new string(chars, 0, decoder.GetChars(bytes, 0, bytes.Length, chars, 0, flush: isWhole)).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException)
        {
            throw new BadInputException($"{path} is not {encoding.WebName}; save it as UTF-8, or name its encoding with --encoding (windows-1252, gb18030, shift_jis).");
        }
        if (string.IsNullOrWhiteSpace(text)) throw new BadInputException($"{path} has blanks alone; give a file with rows.");
        int end = isWhole ? -1 : text.LastIndexOf('\n');
        return end < 0 ? text : text[..(end + 1)];
    }
}
