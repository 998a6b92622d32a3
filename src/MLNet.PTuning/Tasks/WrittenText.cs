// The text of a row that is being written: without the blank that it begins with, cut before the first stop text.
using System.Text;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tasks;

/// <summary>Grows a token at a time, and says which part of it no later token changes.</summary>
/// <param name="tokenizer">Whose tokens they are.</param>
/// <param name="stopTexts">What ends the text.</param>
internal sealed class WrittenText(TextTokenizer tokenizer, IReadOnlyList<string> stopTexts)
{
    private readonly TextDecoder _decoder = new(tokenizer);
    private readonly StringBuilder _text = new();
    private bool _hasBegun, _hasEnded;
    private int _taken;

    /// <summary>Whether a stop text was written.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>The text of tokens.</summary>
    public static WrittenText Of(TextTokenizer tokenizer, IReadOnlyList<string> stopTexts, IEnumerable<int> tokens)
    {
        var text = new WrittenText(tokenizer, stopTexts);
        foreach (int token in tokens) text.Append(token);
        return text;
    }

    public void Append(int token) => Add(_decoder.Append(token));

    /// <summary>Nothing follows.</summary>
    public void End()
    {
        Add(_decoder.End());
        _hasEnded = true;
    }

    /// <summary>The part that has become certain since this was last asked: not what may be the beginning of a stop text.</summary>
    public string Take()
    {
        int certain = _text.Length - (IsStopped || _hasEnded ? 0 : Doubtful());
        string taken = certain > _taken ? _text.ToString(_taken, certain - _taken) : "";
        _taken += taken.Length;
        return taken;
    }

    public override string ToString() => _text.ToString();

    private void Add(string characters)
    {
        if (characters.Length == 0 || IsStopped) return;
        int before = _text.Length;
        // Targets follow a blank in training.
        _text.Append(!_hasBegun && characters[0] == ' ' ? characters.AsSpan(1) : characters);
        _hasBegun = true;
        if (stopTexts.Count == 0) return;
        int from = Math.Max(0, before - stopTexts.Max(stop => stop.Length) + 1);
        string tail = _text.ToString(from, _text.Length - from);
        int stop = stopTexts.Select(stop => tail.IndexOf(stop, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(-1).Min();
        if (stop < 0) return;
        _text.Length = from + stop;
        IsStopped = true;
    }

    // The longest end of the text that a stop text begins with.
    private int Doubtful()
    {
        if (stopTexts.Count == 0) return 0;
        int most = Math.Min(_text.Length, stopTexts.Max(stop => stop.Length) - 1);
        string tail = _text.ToString(_text.Length - most, most);
        return Enumerable.Range(0, most).Where(at => stopTexts.Any(stop => stop.AsSpan().StartsWith(tail.AsSpan(at), StringComparison.Ordinal))).Select(at => most - at).DefaultIfEmpty(0).Max();
    }
}
