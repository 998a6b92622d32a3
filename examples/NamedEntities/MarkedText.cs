// Texts on the console with their entities in color, a color a type.
using System.Text;
using Spectre.Console;

namespace NamedEntities;

/// <summary>A text to be read; the model splits it into words.</summary>
internal sealed class PlainText
{
    public string Words { get; set; } = "";
}

/// <summary>Entities with their offsets in the text.</summary>
internal class Found
{
    public string[] EntityType { get; set; } = [];

    public int[] EntityStart { get; set; } = [];

    public int[] EntityEnd { get; set; } = [];
}

/// <summary>The same for a row of words, whose text is the words joined by spaces.</summary>
internal sealed class FoundInWords : Found
{
    public string[] Words { get; set; } = [];
}

/// <param name="classNames">The model's tags, which name the types.</param>
internal sealed class MarkedText(IEnumerable<string> classNames)
{
    private static readonly string[] Colors =
        ["black on springgreen3", "white on blue", "black on orange1", "white on purple", "black on yellow3", "white on red3", "black on turquoise2"];

    private readonly List<string> _types = [.. classNames.Select(name => name[(name.IndexOf('-') + 1)..]).Distinct()];

    public void Write(string text, Found found)
    {
        var markup = new StringBuilder();
        int at = 0;
        for (int i = 0; i < found.EntityType.Length; i++)
        {
            string color = Colors[Math.Max(0, _types.IndexOf(found.EntityType[i])) % Colors.Length];
            markup.Append(Markup.Escape(text[at..found.EntityStart[i]]));
            markup.Append($"[{color}]{Markup.Escape($" {text[found.EntityStart[i]..found.EntityEnd[i]]} ({found.EntityType[i]}) ")}[/]");
            at = found.EntityEnd[i];
        }
        AnsiConsole.MarkupLine(markup.Append(Markup.Escape(text[at..])).ToString());
    }
}
