// Random Unicode for property tests: every plane, blanks, controls, marks, and surrogates that stand alone.
using System.Text;

namespace MLNet.PTuning.Tests.Text;

internal static class RandomText
{
    private static readonly string[] Emoji = ["👨‍👩‍👧", "👍🏽", "❤️", "1️⃣", "🇫🇷", "😀", "\u200d", "\ufe0f"];

    /// <summary>A text of <paramref name="length"/> characters.</summary>
    public static string Next(Random random, int length)
    {
        var text = new StringBuilder();
        for (int i = 0; i < length; i++)
            switch (random.Next(9))
            {
                case 0: text.Append((char)random.Next(0, 0x20)); break;
                case 1: text.Append(Pick(" \t\u00a0\u3000\u200b\u00ad")); break;
                case 2: text.Append((char)random.Next(0xd800, 0xe000)); break;
                case 3: text.Append((char)random.Next(0x300, 0x370)); break;
                case 4: text.Append(Pick(".,-'/@\"()中文のé")); break;
                case 5: text.Append(Emoji[random.Next(Emoji.Length)]); break;
                case 6:
                    int point = random.Next(0x110000);
                    text.Append(Rune.IsValid(point) ? new Rune(point).ToString() : "?");
                    break;
                default: text.Append((char)random.Next('a', 'z' + 1)); break;
            }
        return text.ToString();

        char Pick(string from) => from[random.Next(from.Length)];
    }
}
