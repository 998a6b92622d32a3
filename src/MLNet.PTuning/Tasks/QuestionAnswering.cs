// The task of finding a question's answer in a text: contexts of any length are read in windows, which give every word piece a score as the answer's start and as its end.
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tasks;

/// <summary>A question with a part of its context, as the encoder reads them.</summary>
/// <param name="Example">The word pieces; every one of them is read, prompt vectors are not.</param>
/// <param name="ContextStart">Index among the positions read of the first piece of the context.</param>
/// <param name="FirstPiece">Index of that piece among the whole context's.</param>
/// <param name="PieceCount">Pieces of the context.</param>
internal sealed record AnswerWindow(Example Example, int ContextStart, int FirstPiece, int PieceCount);

/// <summary>How questions and contexts become examples.</summary>
internal sealed class QuestionAnswering
{
    /// <summary>What the head scores every word piece as, in the order of the head's rows.</summary>
    public static readonly string[] Ends = ["start", "end"];

    private readonly TextTokenizer _tokenizer;
    private readonly RowForm _form;
    private readonly int _room, _overlap;

    /// <param name="tokenizer">The backbone's.</param>
    /// <param name="method">The tuning method, which may put a template around each window: <c>{text}</c> is the question, <c>{pair}</c> the context.</param>
    /// <param name="maxLength">Longest window in word pieces, specials and question included.</param>
    /// <param name="overlap">Word pieces of the context that neighboring windows share; half of a window's at most.</param>
    /// <exception cref="ArgumentException">Windows are too short for a piece of each.</exception>
    public QuestionAnswering(TextTokenizer tokenizer, TuningMethod method, int maxLength, int overlap)
    {
        _form = new RowForm(tokenizer, maxLength, method, hasPairs: true);
        (_tokenizer, _overlap, _room) = (tokenizer, overlap, maxLength - tokenizer.SpecialCount(pair: true) - _form.FixedPieces);
        if (_room < 2) throw new ArgumentException($"A window of {maxLength} word pieces leaves no room for a question and a context next to the special tokens; raise MaxSequenceLength.");
    }

    /// <summary>Most word pieces of a question: half of a window's room. What is longer is cut at its end.</summary>
    public int LongestQuestion => _room / 2;

    /// <summary>The pieces of a question.</summary>
    public IReadOnlyList<Piece> QuestionPieces(string? question) => _form.TextPieces(question);

    /// <summary>The pieces of a context.</summary>
    public IReadOnlyList<Piece> ContextPieces(string? context) => _form.PairPieces(context);

    /// <summary>The first and the last piece that have a part of the text from <paramref name="start"/> to <paramref name="end"/> (UTF-16, exclusive); null where none has.</summary>
    public static (int First, int Last)? PiecesOf(IReadOnlyList<Piece> context, int start, int end)
    {
        int first = -1, last = -1;
        for (int i = 0; i < context.Count; i++)
        {
            if (context[i].End <= start || context[i].Start >= end) continue;
            if (first < 0) first = i;
            last = i;
        }
        return first < 0 ? null : (first, last);
    }

    /// <summary>Windows over a context, at least one.</summary>
    /// <param name="question">The question's pieces.</param>
    /// <param name="context">The context's pieces.</param>
    /// <param name="targets">
    /// The answer's first and last piece; where it is not wholly in a window, and where it is null (the context has no answer), both targets are the window's first token.
    /// </param>
    /// <param name="isKnown">False where the answer is unknown: there are no targets.</param>
    public IReadOnlyList<AnswerWindow> Windows(IReadOnlyList<Piece> question, IReadOnlyList<Piece> context, (int First, int Last)? targets, bool isKnown)
    {
        if (question.Count > LongestQuestion) question = [.. question.Take(LongestQuestion)];
        int capacity = _room - question.Count, overlap = Math.Min(_overlap, capacity / 2);
        var windows = new List<AnswerWindow>();
        for (int start = 0; ; start += capacity - overlap)
        {
            int end = Math.Min(start + capacity, context.Count);
            windows.Add(Window(question, context, start, end, targets, isKnown));
            if (end == context.Count) return windows;
        }
    }

    private AnswerWindow Window(IReadOnlyList<Piece> question, IReadOnlyList<Piece> context, int start, int end, (int First, int Last)? answer, bool isKnown)
    {
        var inside = new Piece[end - start];
        for (int i = 0; i < inside.Length; i++) inside[i] = context[start + i];
        var row = _form.Join(question, inside);
        int[] ids = row.Input.Ids;
        // Prompt vectors have negative ids.
        int[] read = [.. Enumerable.Range(0, ids.Length).Where(i => ids[i] >= 0)];
        int contextStart = Array.IndexOf(read, row.PairStart);
        int[] targets = !isKnown ? [Example.NoTarget, Example.NoTarget]
            : answer is { } a && a.First >= start && a.Last < end ? [contextStart + a.First - start, contextStart + a.Last - start] : [0, 0];
        return new AnswerWindow(new Example(ids, row.Input.Types, read, targets) { Over = SoftmaxOver.Vectors }, contextStart, start, inside.Length);
    }
}
