// Contexts are cut into windows that overlap, answers become positions in them, and scores of windows become answers.
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Tasks;

public sealed class QuestionAnsweringTaskTests : IDisposable
{
    private const int Specials = 3;

    private readonly TinyBackbone _backbone = new();
    private readonly TextTokenizer _tokenizer;

    public QuestionAnsweringTaskTests() => _tokenizer = TextTokenizer.Load(_backbone.Path);

    [Theory]
    [InlineData(0, 1)]
    [InlineData(5, 1)]
    [InlineData(6, 2)]
    [InlineData(23, 7)]
    public void Windows_cover_a_context_and_share_pieces(int words, int windows)
    {
        // Two pieces of question, five of context, two of which are shared.
        var task = Task(maxLength: Specials + 7, overlap: 2);
        var context = task.ContextPieces(string.Concat(Enumerable.Repeat("film ", words)));
        var cut = task.Windows(task.QuestionPieces("it was"), context, null, isKnown: true);
        Assert.Equal(windows, cut.Count);
        Assert.Equal(Enumerable.Range(0, words), cut.SelectMany(w => Enumerable.Range(w.FirstPiece, w.PieceCount)).Distinct());
        Assert.All(cut.Skip(1).Zip(cut), pair => Assert.Equal(2, pair.Second.FirstPiece + pair.Second.PieceCount - pair.First.FirstPiece));
        Assert.All(cut, w =>
        {
            Assert.InRange(w.Example.Ids.Length, Specials + 2, Specials + 7);
            Assert.Equal(Enumerable.Range(0, w.Example.Ids.Length), w.Example.ReadPositions);
            Assert.Equal([0, 0], w.Example.Targets);
            for (int i = 0; i < w.PieceCount; i++) Assert.Equal(context[w.FirstPiece + i].Id, w.Example.Ids[w.Example.ReadPositions[w.ContextStart + i]]);
        });
    }

    [Fact]
    public void An_answer_is_the_target_of_the_windows_that_hold_all_of_it_and_the_first_token_of_the_others()
    {
        var task = Task(maxLength: Specials + 7, overlap: 2);
        var context = task.ContextPieces("good great fine bad dull awful odd strange weird");
        // Pieces 3 and 4: the whole of them is in the first window (0 to 4) and in the second (3 to 7).
        var cut = task.Windows(task.QuestionPieces("it was"), context, (3, 4), isKnown: true);
        Assert.Equal([(0, 5), (3, 5), (6, 3)], cut.Select(w => (w.FirstPiece, w.PieceCount)));
        Assert.Equal([[7, 8], [4, 5], [0, 0]], cut.Select(w => w.Example.Targets));
        Assert.Equal([[0, 0], [0, 0], [0, 0]], task.Windows(task.QuestionPieces("it was"), context, (2, 5), isKnown: true).Select(w => w.Example.Targets));
        Assert.All(task.Windows(task.QuestionPieces("it was"), context, null, isKnown: false), w => Assert.Equal([Example.NoTarget, Example.NoTarget], w.Example.Targets));
    }

    [Fact]
    public void A_long_question_is_cut_to_half_of_the_room()
    {
        var task = Task(maxLength: Specials + 7, overlap: 2);
        Assert.Equal(3, task.LongestQuestion);
        var window = task.Windows(task.QuestionPieces("it was so very good and we saw it"), task.ContextPieces("film"), null, isKnown: true).Single();
        Assert.Equal(Specials + 3 + 1, window.Example.Ids.Length);
    }

    [Fact]
    public void Windows_without_room_are_refused() =>
        Assert.Contains("raise MaxSequenceLength", Assert.Throws<ArgumentException>(() => Task(maxLength: Specials + 1, overlap: 0)).Message);

    [Fact]
    public void Prompt_vectors_in_the_row_are_not_read()
    {
        var task = new QuestionAnswering(_tokenizer, new SoftPrompt { Length = 4 }, 20, 2);
        var window = task.Windows(task.QuestionPieces("it was"), task.ContextPieces("a film"), (1, 1), isKnown: true).Single();
        Assert.All(window.Example.ReadPositions, at => Assert.True(window.Example.Ids[at] >= 0));
        Assert.Equal(4, window.Example.ReadPositions[0]);
        Assert.Equal(Array.IndexOf(TinyBackbone.Vocabulary, "film"), window.Example.Ids[window.Example.ReadPositions[window.Example.Targets[0]]]);
    }

    [Fact]
    public void A_template_s_words_may_come_before_the_context()
    {
        var task = new QuestionAnswering(_tokenizer, new HardPrompt { Template = "so {text} we saw {pair} {mask}" }, 20, 2);
        var context = task.ContextPieces("a film");
        var window = task.Windows(task.QuestionPieces("it was"), context, null, isKnown: true).Single();
        Assert.Equal(context.Select(p => p.Id), Enumerable.Range(window.ContextStart, 2).Select(i => window.Example.Ids[window.Example.ReadPositions[i]]));
    }

    [Fact]
    public void Answers_are_the_spans_of_the_highest_scores_over_all_windows()
    {
        var task = Task(maxLength: Specials + 7, overlap: 2);
        const string Context = "good great fine bad dull awful odd strange";
        var pieces = task.ContextPieces(Context);
        var windows = task.Windows(task.QuestionPieces("it was"), pieces, null, isKnown: false);
        var parts = windows.Select(w => (w, new float[2 * w.Example.ReadPositions.Length])).ToList();
        // "bad dull" is in both windows, best in the second; "good" in the first one alone.
        Set(0, 3, start: 2); Set(0, 4, end: 2); Set(1, 3, start: 4); Set(1, 4, end: 3); Set(0, 0, start: 3, end: 3);
        (parts[0].Item2[0], parts[0].Item2[1], parts[1].Item2[0], parts[1].Item2[1]) = (1, 1, 5, 5);

        var answers = AnswerSpans.Of(Context, pieces, parts, longest: 3, count: 4, nullThreshold: null);
        Assert.Equal(["bad dull", "good"], answers.Best.Take(2).Select(a => Context[a.Start..a.End]));
        Assert.Equal(4, answers.Best.Count);
        Assert.Equal(0, answers.NoAnswerProbability);
        Assert.Equal(Math.E, answers.Best[0].Probability / answers.Best[1].Probability, 1e-3);

        // No answer has the lowest score of the first tokens, 2.
        var abstaining = AnswerSpans.Of(Context, pieces, parts, longest: 3, count: 2, nullThreshold: 0);
        Assert.Equal(Math.Exp(-5), abstaining.NoAnswerProbability / abstaining.Best[0].Probability, 1e-5);
        Assert.True(abstaining.Best[0].End > 0);
        var low = AnswerSpans.Of(Context, pieces, parts, longest: 3, count: 2, nullThreshold: -6);
        Assert.Equal(new AnswerSpan(0, 0, low.NoAnswerProbability), low.Best[0]);
        Assert.Equal("bad dull", Context[low.Best[1].Start..low.Best[1].End]);
        Assert.Equal(2, low.Best.Count);

        // All spans together, with no answer: 1.
        var all = AnswerSpans.Of(Context, pieces, parts, longest: 3, count: 1000, nullThreshold: 100);
        Assert.Equal(1, all.Best.Sum(a => (double)a.Probability) + all.NoAnswerProbability, 1e-5);
        Assert.All(all.Best, a => Assert.InRange(QuestionAnswering.PiecesOf(pieces, a.Start, a.End)!.Value is var p ? p.Last - p.First : 9, 0, 2));

        void Set(int window, int piece, float start = 0, float end = 0)
        {
            int at = 2 * (windows[window].ContextStart + piece - windows[window].FirstPiece);
            parts[window].Item2[at] += start;
            parts[window].Item2[at + 1] += end;
        }
    }

    [Fact]
    public void Answers_are_whole_words_where_a_script_has_spaces()
    {
        const string Text = "by Signe Dahl, 東京";
        Piece[] pieces = [Piece(0, 2), Piece(3, 6), Piece(6, 8), Piece(9, 11), Piece(11, 13), Piece(13, 14), Piece(15, 16), Piece(16, 17)];
        // The most probable pieces are "ne Da" and then the ideograph alone.
        Assert.Equal(["Signe Dahl", "京"], Best(longest: 4));
        // Words that are longer than an answer may be cut.
        Assert.Equal(["京", "ne"], Best(longest: 1));

        IEnumerable<string> Best(int longest)
        {
            var scores = new float[2 * (1 + pieces.Length)];
            (scores[2 * (1 + 2)], scores[2 * (1 + 3) + 1], scores[2 * (1 + 2) + 1]) = (9, 9, 0.5f);
            (scores[2 * (1 + 7)], scores[2 * (1 + 7) + 1]) = (5, 5);
            var window = new AnswerWindow(new Example([], [], [], []), 1, 0, pieces.Length);
            return AnswerSpans.Of(Text, pieces, [(window, scores)], longest, count: 8, nullThreshold: null).Best.Where(a => a.Probability > 1e-4).Select(a => Text[a.Start..a.End]).Take(2);
        }

        static Piece Piece(int start, int end) => new(0, start, end, 0);
    }

    [Fact]
    public void A_context_without_pieces_has_no_answer()
    {
        var task = Task(maxLength: 20, overlap: 2);
        foreach (string context in new[] { "", " \t\n", "\u0001" })
        {
            var pieces = task.ContextPieces(context);
            var parts = task.Windows(task.QuestionPieces("it was"), pieces, null, isKnown: false).Select(w => (w, new float[2 * w.Example.ReadPositions.Length]));
            var answers = AnswerSpans.Of(context, pieces, parts, 30, 3, null);
            Assert.Equal([new AnswerSpan(0, 0, 1)], answers.Best);
            Assert.Equal(1, answers.NoAnswerProbability);
        }
    }

    private QuestionAnswering Task(int maxLength, int overlap) => new(_tokenizer, new DeepPrompt { Length = 2 }, maxLength, overlap);

    public void Dispose() => _backbone.Dispose();
}
