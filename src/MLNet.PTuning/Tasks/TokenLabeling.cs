// The task of one label a word.
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tasks;

/// <summary>A window of a row as the encoder reads it.</summary>
/// <param name="Example">Its word pieces, and the positions of those that represent <paramref name="Words"/>.</param>
/// <param name="Words">The word at each of these positions, ascending.</param>
internal sealed record LabeledWindow(Example Example, int[] Words);

/// <summary>How rows of words become examples, and examples' probabilities become rows again.</summary>
internal sealed class TokenLabeling
{
    // A second text (a predicate) may take a window's length divided by this at most.
    private const int PairDivisor = 4;

    private readonly TextTokenizer _tokenizer;
    private readonly RowForm _form;
    private readonly int _maxLength, _overlap;
    private readonly bool _readsLastPiece;

    /// <param name="tokenizer">The backbone's.</param>
    /// <param name="method">The tuning method, which may put a template around each window.</param>
    /// <param name="maxLength">Longest window in word pieces, specials and second text included.</param>
    /// <param name="overlap">Word pieces that neighboring windows share.</param>
    /// <param name="hasPairs">Whether rows have a second text.</param>
    /// <param name="readsLastPiece">Whether a word is read at its last piece, the only one that has seen all of it in a decoder, in place of its first.</param>
    /// <exception cref="ArgumentException">Windows are too short for a single piece.</exception>
    public TokenLabeling(TextTokenizer tokenizer, TuningMethod method, int maxLength, int overlap, bool hasPairs, bool readsLastPiece = false)
    {
        (_tokenizer, _maxLength, _overlap, _readsLastPiece) = (tokenizer, maxLength, overlap, readsLastPiece);
        _form = new RowForm(tokenizer, maxLength, method, hasPairs);
        if (maxLength - tokenizer.SpecialCount(hasPairs) - _form.FixedPieces - (hasPairs ? maxLength / PairDivisor : 0) < 1)
            throw new ArgumentException($"A window of {maxLength} word pieces leaves no room for a word next to the special tokens"
                + $"{(hasPairs ? " and the predicate" : "")}; raise MaxSequenceLength.");
    }

    /// <summary>Windows over a row. Every word is labeled in one of them, at its first piece (of a decoder its last; at all of them where <paramref name="allPieces"/>),
    /// but for words of which the tokenizer makes no piece, which are in none.</summary>
    /// <param name="words">The row's words.</param>
    /// <param name="pair">Second text, such as the predicate of semantic role labeling; null for none.</param>
    /// <param name="targets">Class of each word or <see cref="Example.NoTarget"/>; null in prediction.</param>
    /// <param name="allPieces">Whether the loss counts all pieces of a word.</param>
    public IReadOnlyList<LabeledWindow> Windows(IReadOnlyList<string?> words, string? pair, IReadOnlyList<int>? targets, bool allPieces)
    {
        var second = pair is null ? null : _form.PairPieces(pair).Take(_maxLength / PairDivisor).ToList();
        int capacity = _maxLength - _tokenizer.SpecialCount(second is not null) - (second?.Count ?? 0) - _form.FixedPieces;
        var pieces = WordWindow.CapWords(_tokenizer.PiecesOfWords(words), capacity);
        var windows = new List<LabeledWindow>();
        foreach (var window in WordWindow.Cut(pieces, words.Count, capacity, Math.Min(_overlap, capacity / 2)))
        {
            Piece[] inside = [.. Enumerable.Range(window.FirstPiece, window.EndPiece - window.FirstPiece).Select(i => pieces[i])];
            var row = _form.Join(inside, second);
            int[] read = [.. Enumerable.Range(0, inside.Length).Where(i => inside[i].Word >= window.FirstWord && inside[i].Word < window.EndWord
                && (allPieces || (_readsLastPiece ? i == inside.Length - 1 || inside[i].Word != inside[i + 1].Word : i == 0 || inside[i].Word != inside[i - 1].Word)))];
            if (read.Length == 0) continue;
            windows.Add(new LabeledWindow(
                new Example(row.Input.Ids, row.Input.Types, [.. read.Select(i => row.TextStart + i)], [.. read.Select(i => targets?[inside[i].Word] ?? Example.NoTarget)]),
                [.. read.Select(i => inside[i].Word)]));
        }
        return windows;
    }

    /// <summary>Puts the windows' probabilities together: [words · classes]. A word that is in none has probability 1 of <paramref name="outside"/>,
    /// or equal probabilities of all classes where that is null.</summary>
    public static float[] Join(int wordCount, int classes, int? outside, IEnumerable<(LabeledWindow Window, float[] Probabilities)> parts)
    {
        var all = new float[wordCount * classes];
        var isRead = new bool[wordCount];
        foreach (var (window, probabilities) in parts)
            for (int i = 0; i < window.Words.Length; i++)
            {
                probabilities.AsSpan(i * classes, classes).CopyTo(all.AsSpan(window.Words[i] * classes));
                isRead[window.Words[i]] = true;
            }
        for (int word = 0; word < wordCount; word++)
        {
            if (isRead[word]) continue;
            var row = all.AsSpan(word * classes, classes);
            if (outside is { } o) row[o] = 1;
            else row.Fill(1f / classes);
        }
        return all;
    }

    /// <summary>Micro F1 of entities over windows: how validation scores an epoch. Words that are in no window are left out.</summary>
    public static double EntityF1(IReadOnlyList<Example> examples, IReadOnlyList<float[]> probabilities, IReadOnlyList<string> tags, TagScheme scheme) =>
        TokenLabelMetrics.Of(examples.Zip(probabilities, (example, p) => (
            (IReadOnlyList<string?>)[.. example.Targets.Select(t => t < 0 ? null : tags[t])],
            (IReadOnlyList<string>)[.. Enumerable.Range(0, example.Targets.Length).Select(i => tags[TextClassification.IndexOfMax(p.AsSpan(i * tags.Count, tags.Count))])])), scheme).Micro.F1;
}
