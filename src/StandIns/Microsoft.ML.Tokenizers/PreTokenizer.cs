// Splitters of a text into words: by pattern, with special tokens kept whole.
using System.Text.RegularExpressions;

namespace Microsoft.ML.Tokenizers;

public abstract partial class PreTokenizer
{
    public abstract IEnumerable<(int Offset, int Length)> PreTokenize(string text);

    public abstract IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text);

    public static PreTokenizer CreateWhiteSpace(IReadOnlyDictionary<string, int>? specialTokens = null) =>
        new RegexPreTokenizer(NotBlank(), specialTokens);

    [GeneratedRegex(@"\S+")]
    private static partial Regex NotBlank();
}

public class RegexPreTokenizer : PreTokenizer
{
    private readonly Regex _words;
    private readonly Regex? _specials;

    public RegexPreTokenizer(Regex regex, IReadOnlyDictionary<string, int>? specialTokens)
    {
        ArgumentNullException.ThrowIfNull(regex);
        _words = regex;
        if (specialTokens is { Count: > 0 })
            _specials = new Regex(string.Join('|', specialTokens.Keys.OrderByDescending(k => k.Length).Select(Regex.Escape)), RegexOptions.CultureInvariant);
    }

    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => PreTokenize(text.ToString());

    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text)
    {
        if (string.IsNullOrEmpty(text)) yield break;
        int done = 0;
        for (Match? special = _specials?.Match(text); special is { Success: true }; special = special.NextMatch())
        {
            foreach (var word in Words(text, done, special.Index)) yield return word;
            yield return (special.Index, special.Length);
            done = special.Index + special.Length;
        }
        foreach (var word in Words(text, done, text.Length)) yield return word;
    }

    // A part between special tokens is a text of its own: a look-ahead ends where it ends.
    private IEnumerable<(int, int)> Words(string text, int start, int end)
    {
        for (Match match = _words.Match(text, start, end - start); match.Success; match = match.NextMatch())
            yield return (match.Index, match.Length);
    }
}

public sealed partial class RobertaPreTokenizer : PreTokenizer
{
    private static readonly RegexPreTokenizer Words = new(Pattern(), null);

    public static RobertaPreTokenizer Instance { get; } = new();

    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text) => Words.PreTokenize(text);

    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => Words.PreTokenize(text);

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Pattern();
}
