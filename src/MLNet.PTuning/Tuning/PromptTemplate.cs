// A fixed text around a row's own, with placeholders for prompt vectors and for a masked word: "{prompt:3} {text} {prompt:2} {mask}".
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
/// <param name="Kind">What the part is.</param>
/// <param name="Words">The template's own words, for a part of words.</param>
/// <param name="Count">How many prompt vectors, for a part of those.</param>
/// <param name="AfterBlank">Whether it follows a blank, which some tokenizers make part of a piece.</param>
internal readonly record struct TemplatePart(TemplatePartKind Kind, string Words, int Count, bool AfterBlank);

/// <summary>A parsed template. Everything from <c>{pair}</c> on belongs to the second segment.</summary>
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
        foreach (Match placeholder in Placeholders().Matches(template))
        {
            AddWords(at, placeholder.Index);
            parts.Add(new TemplatePart(KindOf(placeholder), "", CountOf(placeholder), placeholder.Index > 0 && char.IsWhiteSpace(template[placeholder.Index - 1])));
            at = placeholder.Index + placeholder.Length;
        }
        AddWords(at, template.Length);

        int text = parts.FindIndex(p => p.Kind == TemplatePartKind.Text), pair = parts.FindIndex(p => p.Kind == TemplatePartKind.Pair);
        foreach (var kind in (TemplatePartKind[])[TemplatePartKind.Text, TemplatePartKind.Mask, TemplatePartKind.Pair])
            if (parts.Count(p => p.Kind == kind) > 1) throw Wrong($"has {{{kind.ToString().ToLowerInvariant()}}} more than once");
        if (text < 0) throw Wrong("has no {text}; put it where the row's text goes");
        if (pair >= 0 && pair < text) throw Wrong("has {pair} before {text}; the second text follows the first");
        return new PromptTemplate(parts);

        void AddWords(int start, int end)
        {
            string words = template[start..end];
            if (words.IndexOfAny(['{', '}']) >= 0) throw Wrong($"has a brace that belongs to no placeholder, in '{words.Trim()}'");
            if (!string.IsNullOrWhiteSpace(words)) parts.Add(new TemplatePart(TemplatePartKind.Words, words.Trim(), 0, char.IsWhiteSpace(words[0])));
        }

        TemplatePartKind KindOf(Match placeholder) => (placeholder.Groups["name"].Value, placeholder.Groups["count"].Success) switch
        {
            ("text", false) => TemplatePartKind.Text,
            ("pair", false) => TemplatePartKind.Pair,
            ("mask", false) => TemplatePartKind.Mask,
            ("prompt", true) => TemplatePartKind.Prompt,
            _ => throw Wrong($"has '{placeholder.Value}'; known are {{text}}, {{pair}}, {{mask}} and {{prompt:N}}"),
        };

        int CountOf(Match placeholder) => placeholder.Groups["name"].Value != "prompt" ? 0
            : int.TryParse(placeholder.Groups["count"].Value, CultureInfo.InvariantCulture, out int count) && count > 0 ? count
            : throw Wrong($"has '{placeholder.Value}'; a prompt has at least 1 vector");

        ArgumentException Wrong(string how) => new($"The template '{template}' {how}.");
    }

    [GeneratedRegex(@"\{(?<name>\w+)(:(?<count>\d+))?\}")]
    private static partial Regex Placeholders();
}
