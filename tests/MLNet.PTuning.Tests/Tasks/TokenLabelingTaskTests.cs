// From words to windows of word pieces: which pieces have labels, which the loss counts, where the predicate goes.
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Text;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Tasks;

public sealed class TokenLabelingTaskTests : IDisposable
{
    private static readonly string[] Vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##want", "##ed", "runn", "##ing", "a", "b"];

    private readonly TokenizerFiles _files = TokenizerFiles.Bert(Vocabulary);

    [Fact]
    public void A_label_is_at_its_words_first_piece_and_the_loss_ignores_the_rest()
    {
        var example = Assert.Single(Task(16).Windows(["unwanted", "a", "running"], null, [4, 5, 6], allPieces: false)).Example;
        Assert.Equal([2, 5, 6, 7, 10, 8, 9, 3], example.Ids);
        Assert.Equal([1, 4, 5], example.ReadPositions);
        Assert.Equal([4, 5, 6], example.Targets);
    }

    [Fact]
    public void All_pieces_have_the_label_with_allPieces()
    {
        var example = Assert.Single(Task(16).Windows(["unwanted", "a"], null, [4, 5], allPieces: true)).Example;
        Assert.Equal([1, 2, 3, 4], example.ReadPositions);
        Assert.Equal([4, 4, 4, 5], example.Targets);
    }

    [Fact]
    public void Words_without_pieces_are_read_nowhere_and_shift_no_other()
    {
        var window = Assert.Single(Task(16).Windows(["", "a", "\u0001", "b", " "], null, [1, 2, 3, 4, 5], allPieces: false));
        Assert.Equal([2, 4], window.Example.Targets);
        Assert.Equal([1, 3], window.Words);
        Assert.Empty(Task(16).Windows(["", "\u0001"], null, null, allPieces: false));
        Assert.Empty(Task(16).Windows([], null, null, allPieces: false));
    }

    [Fact]
    public void A_predicate_is_the_second_text_of_every_window()
    {
        var windows = Task(8, hasPairs: true).Windows(["a", "a", "a", "a", "a", "b"], "running", null, allPieces: false);
        Assert.True(windows.Count > 1);
        Assert.All(windows, w =>
        {
            Assert.Equal([3, 8, 9, 3], w.Example.Ids[^4..]);
            Assert.Equal([0, 1, 1, 1], w.Example.Types[^4..]);
            Assert.InRange(w.Example.Ids.Length, 5, 8);
        });
        Assert.Equal([0, 1, 2, 3, 4, 5], windows.SelectMany(w => w.Words));
    }

    [Fact]
    public void A_length_without_room_for_a_word_is_refused()
    {
        Assert.Contains("MaxSequenceLength", Assert.Throws<ArgumentException>(() => Task(4, hasPairs: true)).Message);
        Assert.Single(Task(5, hasPairs: true).Windows(["a"], "b", null, allPieces: false));
        Assert.Single(Task(3).Windows(["a"], null, null, allPieces: false));
    }

    [Fact]
    public void Windows_join_to_one_row_and_words_read_nowhere_are_outside()
    {
        var window = Assert.Single(Task(16).Windows(["", "a"], null, null, allPieces: false));
        Assert.Equal([0, 1, .3f, .7f], TokenLabeling.Join(2, 2, outside: 1, [(window, [.3f, .7f])]));
        Assert.Equal([.5f, .5f, .3f, .7f], TokenLabeling.Join(2, 2, outside: null, [(window, [.3f, .7f])]));
    }

    public void Dispose() => _files.Dispose();

    private TokenLabeling Task(int maxLength, bool hasPairs = false) => new(TextTokenizer.Load(_files.Path), new HeadOnly(), maxLength, overlap: 2, hasPairs);
}
