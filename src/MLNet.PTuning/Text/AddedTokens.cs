// Tokens that are taken whole where they occur in a text: special tokens, and those an author added.
using System.Text.RegularExpressions;

namespace MLNet.PTuning.Text;

/// <summary>
/// A token that is taken whole. Strips take the blanks beside it with it; a single word is not found inside a word; a normalized one is looked
/// for, normalized, in the normalized text.
/// </summary>
internal sealed record AddedToken(
    string Content, int Id, bool StripsLeft = false, bool StripsRight = false, bool IsSingleWord = false, bool IsNormalized = false);

/// <summary>A part of a text: an added token (its id) or text to tokenize (null).</summary>
internal readonly record struct Segment(int Start, int End, int? Id);

internal sealed class AddedTokens
{
    private readonly Dictionary<string, AddedToken> _tokens = [];
    private readonly HashSet<int> _ids;
    private readonly Regex? _pattern;

    public AddedTokens(IEnumerable<AddedToken> tokens)
    {
        foreach (AddedToken token in tokens)
            if (token.Content.Length > 0) _tokens[token.Content] = token;
        _ids = [.. _tokens.Values.Select(t => t.Id)];
        // The longest of several that start at one offset wins.
        if (_tokens.Count > 0)
            _pattern = new Regex(string.Join('|', _tokens.Keys.OrderByDescending(k => k.Length).Select(Regex.Escape)), RegexOptions.CultureInvariant);
    }

    public int HighestId => _ids.DefaultIfEmpty(-1).Max();

    public bool Has(int id) => _ids.Contains(id);

    public int? IdOf(string content) => _tokens.GetValueOrDefault(content)?.Id;

    public string? ContentOf(int id) => _tokens.Values.FirstOrDefault(t => t.Id == id)?.Content;

    public IEnumerable<AddedToken> All => _tokens.Values;

    public IEnumerable<Segment> Split(string text)
    {
        int done = 0;
        for (Match? match = _pattern?.Match(text); match is { Success: true }; match = match.NextMatch())
        {
            AddedToken token = _tokens[match.Value];
            int start = match.Index, end = start + match.Length;
            if (token.IsSingleWord && (start > 0 && IsWordUnit(text[start - 1]) || end < text.Length && IsWordUnit(text[end]))) continue;
            if (token.StripsLeft)
                while (start > done && char.IsWhiteSpace(text[start - 1])) start--;
            if (token.StripsRight)
                while (end < text.Length && char.IsWhiteSpace(text[end])) end++;
            if (start > done) yield return new Segment(done, start, null);
            yield return new Segment(start, end, token.Id);
            done = end;
        }
        if (done < text.Length) yield return new Segment(done, text.Length, null);
    }

    /// <summary>Splits a normalized text; without tokens nothing is copied.</summary>
    public IEnumerable<Segment> Split(AlignedText text) => _pattern is null ? [new Segment(0, text.Length, null)] : Split(text.Units.ToString());

    private static bool IsWordUnit(char unit) => char.IsLetterOrDigit(unit) || unit == '_';
}
