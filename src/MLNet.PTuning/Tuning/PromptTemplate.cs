// A fixed text around a row's own, with places for prompt vectors and for a masked word: "{prompt:3} {text} {prompt:2} {mask}".
using System.Globalization;
using System.Text.RegularExpressions;

namespace MLNet.PTuning.Tuning;

internal enum TemplatePartKind
{
    Words,
    Prompt,
    Mask,
    Text,
    Pair,
}

/// <summary>One part of a template.</summary>
/// <param name="Kind">What stands there.</param>
/// <param name="Words">The template's own words, where it is those.</param>
/// <param name="Count">How many prompt vectors, where it is those.</param>
/// <param name="AfterBlank">Whether a blank stands before it, which some tokenizers make part of a piece.</param>
internal readonly record struct TemplatePart(TemplatePartKind Kind, string Words, int Count, bool AfterBlank);

/// <summary>A parsed template. What stands from <c>{pair}</c> on belongs to the second segment.</summary>
internal sealed partial class PromptTemplate
{
    private PromptTemplate(IReadOnlyList<TemplatePart> parts) => Parts = parts;

    public IReadOnlyList<TemplatePart> Parts { get; }

    /// <summary>Number of prompt vectors.</summary>
    public int PromptLength => Parts.Sum(p => p.Count);

    public bool Has(TemplatePartKind kind) => Parts.Any(p => p.Kind == kind);

    /// <exception cref="ArgumentException">The template names something unknown, or not the row's text once.</exception>
    public static PromptTemplate Parse(string template)
    {
        ArgumentNullException.ThrowIfNull(template);
        var parts = new List<TemplatePart>();
        int at = 0;
        foreach (Match place in Places().Matches(template))
        {
            AddWords(at, place.Index);
            parts.Add(new TemplatePart(KindOf(place), "", CountOf(place), place.Index > 0 && char.IsWhiteSpace(template[place.Index - 1])));
            at = place.Index + place.Length;
        }
        AddWords(at, template.Length);

        int text = parts.FindIndex(p => p.Kind == TemplatePartKind.Text), pair = parts.FindIndex(p => p.Kind == TemplatePartKind.Pair);
        foreach (var kind in (TemplatePartKind[])[TemplatePartKind.Text, TemplatePartKind.Mask, TemplatePartKind.Pair])
            if (parts.Count(p => p.Kind == kind) > 1) throw Wrong($"has {{{kind.ToString().ToLowerInvariant()}}} more than once");
        if (text < 0) throw Wrong("has no place for the row's text; put {text} where it stands");
        if (pair >= 0 && pair < text) throw Wrong("has {pair} before {text}; the second text follows the first");
        return new PromptTemplate(parts);

        void AddWords(int start, int end)
        {
            string words = template[start..end];
            if (words.IndexOfAny(['{', '}']) >= 0) throw Wrong($"has a brace that opens or closes no place, in '{words.Trim()}'");
            if (!string.IsNullOrWhiteSpace(words)) parts.Add(new TemplatePart(TemplatePartKind.Words, words.Trim(), 0, char.IsWhiteSpace(words[0])));
        }

        TemplatePartKind KindOf(Match place) => (place.Groups["name"].Value, place.Groups["count"].Success) switch
        {
            ("text", false) => TemplatePartKind.Text,
            ("pair", false) => TemplatePartKind.Pair,
            ("mask", false) => TemplatePartKind.Mask,
            ("prompt", true) => TemplatePartKind.Prompt,
            _ => throw Wrong($"has '{place.Value}'; known are {{text}}, {{pair}}, {{mask}} and {{prompt:N}}"),
        };

        int CountOf(Match place) => place.Groups["name"].Value != "prompt" ? 0
            : int.TryParse(place.Groups["count"].Value, CultureInfo.InvariantCulture, out int count) && count > 0 ? count
            : throw Wrong($"has '{place.Value}'; a prompt has at least 1 vector");

        ArgumentException Wrong(string how) => new($"The template '{template}' {how}.");
    }

    [GeneratedRegex(@"\{(?<name>\w+)(:(?<count>\d+))?\}")]
    private static partial Regex Places();
}
