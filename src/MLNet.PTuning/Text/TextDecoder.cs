// Turns ids into text as they come: characters whose bytes are not all there yet are held back.
using System.Text;

namespace MLNet.PTuning.Text;

/// <summary>The text of a sequence of ids, special tokens left out. What is no UTF-8 becomes U+FFFD.</summary>
/// <param name="tokenizer">Whose ids they are.</param>
internal sealed class TextDecoder(TextTokenizer tokenizer)
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly List<byte> _bytes = [];
    private bool _hasText;

    /// <summary>The text of some ids.</summary>
    public static string Decode(TextTokenizer tokenizer, IEnumerable<int> ids)
    {
        var decoder = new TextDecoder(tokenizer);
        return string.Concat(ids.Select(decoder.Append)) + decoder.End();
    }

    /// <summary>The characters that are complete with one more id.</summary>
    public string Append(int id)
    {
        tokenizer.Spell(id, !_hasText, _bytes);
        _hasText |= _bytes.Count > 0;
        return Read(isEnd: false);
    }

    /// <summary>What is left of an incomplete character.</summary>
    public string End() => Read(isEnd: true);

    private string Read(bool isEnd)
    {
        byte[] bytes = [.. _bytes];
        _bytes.Clear();
        var characters = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length + 4)];
        return new string(characters, 0, _decoder.GetChars(bytes, 0, bytes.Length, characters, 0, isEnd));
    }
}
