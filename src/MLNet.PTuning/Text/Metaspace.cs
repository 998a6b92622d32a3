// SentencePiece's blanks: a visible mark (U+2581) stands for each, and before the first word; words begin at the mark.
using System.Text;

namespace MLNet.PTuning.Text;

internal enum FirstMark
{
    Never,

    /// <summary>Only where the original text begins.</summary>
    TextStart,
    Always,
}

/// <param name="mark">What stands for a blank.</param>
/// <param name="first">Where a text that does not begin with the mark gets one.</param>
/// <param name="splitsBlanks">Whether any blanks only separate words, each of which gets a mark.</param>
internal sealed class MetaspaceNormalizer(char mark, FirstMark first, bool splitsBlanks) : ITextNormalizer
{
    public const char Mark = '\u2581';

    public AlignedText Normalize(AlignedText text)
    {
        var normalized = new AlignedText(text.Length + 1);
        bool isWordStart = true;
        for (int at = 0, units; at < text.Length; at += units)
        {
            Rune rune = text.RuneAt(at, out units);
            if (splitsBlanks && Rune.IsWhiteSpace(rune))
            {
                isWordStart = true;
                continue;
            }
            char unit = text.Units[at] == ' ' ? mark : text.Units[at];
            if (isWordStart && unit != mark && GetsMark(text.Source(at).Start)) normalized.Append(mark, text.Source(at));
            isWordStart = false;
            if (units == 1) normalized.Append(unit, text.Source(at));
            else normalized.Append(rune, text.Source(at));
        }
        return normalized;
    }

    private bool GetsMark(int start) => first == FirstMark.Always || first == FirstMark.TextStart && start == 0;
}

/// <summary>A word begins at each mark.</summary>
internal sealed class MetaspaceSplitter(char mark) : IWordSplitter
{
    public IEnumerable<(int Start, int End)> Split(AlignedText text)
    {
        int start = 0;
        for (int at = 1; at < text.Length; at++)
        {
            if (text.Units[at] != mark) continue;
            yield return (start, at);
            start = at;
        }
        if (text.Length > start) yield return (start, text.Length);
    }
}

/// <summary>The text is one word.</summary>
internal sealed class WholeText : IWordSplitter
{
    public IEnumerable<(int Start, int End)> Split(AlignedText text) => text.Length == 0 ? [] : [(0, text.Length)];
}

/// <summary>Words are what stands between blanks.</summary>
internal sealed class BlankSplitter : IWordSplitter
{
    public IEnumerable<(int Start, int End)> Split(AlignedText text)
    {
        int start = 0;
        for (int at = 0; at <= text.Length; at++)
        {
            if (at < text.Length && !char.IsWhiteSpace(text.Units[at])) continue;
            if (at > start) yield return (start, at);
            start = at + 1;
        }
    }
}
