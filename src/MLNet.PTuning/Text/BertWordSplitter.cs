// Splits normalized text into BERT's words: at blanks, and around every punctuation mark.
using System.Text;

namespace MLNet.PTuning.Text;

internal sealed class BertWordSplitter : IWordSplitter
{
    public IEnumerable<(int Start, int End)> Split(AlignedText text)
    {
        int wordStart = 0;
        for (int at = 0; at < text.Length;)
        {
            Rune rune = text.RuneAt(at, out int units);
            BertClass kind = BertCharacters.Of(rune.Value);
            if (kind == BertClass.Punctuation || Rune.IsWhiteSpace(rune))
            {
                if (at > wordStart) yield return (wordStart, at);
                if (kind == BertClass.Punctuation) yield return (at, at + units);
                wordStart = at + units;
            }
            at += units;
        }
        if (text.Length > wordStart) yield return (wordStart, text.Length);
    }
}
