// GPT-2's spelling of bytes as printable characters, and back.
using System.Text;

namespace Microsoft.ML.Tokenizers;

internal static class ByteLevel
{
    private static readonly char[] Characters = Spell();
    private static readonly Dictionary<char, byte> Bytes = Characters.Select((c, i) => (c, (byte)i)).ToDictionary();

    /// <summary>Each byte of the text's UTF-8 as a character, and the index of the unit in the text that it came from.</summary>
    public static (string Spelling, int[] Sources) Encode(ReadOnlySpan<char> text)
    {
        var spelling = new StringBuilder(text.Length);
        var sources = new List<int>(text.Length);
        Span<byte> utf8 = stackalloc byte[4];
        for (int at = 0; at < text.Length;)
        {
            Rune.DecodeFromUtf16(text[at..], out Rune rune, out int units);
            foreach (byte value in utf8[..rune.EncodeToUtf8(utf8)])
            {
                spelling.Append(Characters[value]);
                sources.Add(at);
            }
            at += units;
        }
        return (spelling.ToString(), [.. sources]);
    }

    public static byte[] Decode(string spelling) => [.. spelling.Where(Bytes.ContainsKey).Select(c => Bytes[c])];

    // Printable bytes stand for themselves, the rest for the characters from U+0100 on.
    private static char[] Spell()
    {
        char[] characters = new char[256];
        int next = 256;
        for (int value = 0; value < characters.Length; value++)
            characters[value] = (char)(value is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE ? value : next++);
        return characters;
    }
}
