// How every code point between two letters is treated, against what Hugging Face's tokenizers did with each.
using System.Globalization;
using System.Text;
using System.Text.Json;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Text;

public sealed class CharacterClassTests
{
    private static readonly IEnumerable<int> Probed =
    [
        .. Enumerable.Range(0, 0x40000).Where(c => c is < 0xD800 or > 0xDFFF), .. Enumerable.Range(0xE0000, 0x1000), 0xF0000, 0xFFFFD, 0x100000, 0x10FFFD,
    ];

    [SharedTheory("golden/tokenizers/charclass")]
    [InlineData("bert_cased.json", false)]
    [InlineData("bert_uncased.json", true)]
    public void BertTreatsEveryCodePointAsTheReference(string file, bool uncased)
    {
        JsonElement classes = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Shared.At("golden", "tokenizers", "charclass", file)));
        HashSet<int> removed = Members(classes, "removed"), spaces = Members(classes, "space"), isolated = Members(classes, "isolated");
        var mapped = classes.GetProperty("map").EnumerateObject().ToDictionary(p => Code(p.Name), p => p.Value.GetString()!);
        var normalizer = new BertNormalizer(uncased, uncased, splitChinese: true);

        var different = new List<string>();
        foreach (int code in Probed)
        {
            string character = char.ConvertFromUtf32(code);
            // Hangul syllables are left out of the recording; they decompose.
            string folded = mapped.GetValueOrDefault(code) ?? (uncased && code is >= 0xAC00 and <= 0xD7A3 ? character.Normalize(NormalizationForm.FormD) : character);
            string expected = removed.Contains(code) ? "ab" : spaces.Contains(code) ? "a|b" : isolated.Contains(code) ? $"a|{folded}|b" : $"a{folded}b";
            string actual = Words(normalizer, $"a{character}b");
            if (actual != expected) different.Add($"U+{code:X4}: '{expected}' but '{actual}'");
        }
        Assert.Empty(different);
    }

    [SharedFact("golden/tokenizers/charclass")]
    public void ByteLevelTreatsEveryCodePointAsTheReference()
    {
        JsonElement classes = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Shared.At("golden", "tokenizers", "charclass", "gpt2.json")));
        HashSet<int> letters = Members(classes, "L"), digits = Members(classes, "N"), spaces = Members(classes, "S");
        var splitter = new ByteLevelWordSplitter();

        var different = new List<string>();
        foreach (int code in Probed)
        {
            string text = $"a{char.ConvertFromUtf32(code)}1";
            int words = splitter.Split(AlignedText.Of(text, 0, text.Length)).Count();
            int expected = letters.Contains(code) || digits.Contains(code) || code == ' ' ? 2 : 3;
            if (words != expected) different.Add($"U+{code:X4}: {expected} words but {words}");
            if (spaces.Contains(code) != Rune.IsWhiteSpace(new Rune(code))) different.Add($"U+{code:X4}: blank");
        }
        Assert.Empty(different);
    }

    private static string Words(BertNormalizer normalizer, string text)
    {
        AlignedText normalized = normalizer.Normalize(AlignedText.Of(text, 0, text.Length));
        return string.Join('|', new BertWordSplitter().Split(normalized).Select(w => normalized.Units[w.Start..w.End].ToString()));
    }

    private static HashSet<int> Members(JsonElement classes, string name) =>
        [.. classes.GetProperty(name).EnumerateArray().Select(r => r.GetString()!.Split('-')).SelectMany(r => Enumerable.Range(Code(r[0]), Code(r[^1]) - Code(r[0]) + 1))];

    private static int Code(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
