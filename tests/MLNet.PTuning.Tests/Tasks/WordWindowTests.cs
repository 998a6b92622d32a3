// Windows over long rows: every word's label is read once, where its pieces are.
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Tasks;

public class WordWindowTests
{
    [Fact]
    public void Every_word_is_answered_for_by_one_window_that_holds_all_its_pieces()
    {
        var random = new Random(1);
        for (int trial = 0; trial < 2000; trial++)
        {
            int capacity = 1 + random.Next(12), overlap = random.Next(capacity / 2 + 1), words = random.Next(40);
            Piece[] pieces = [.. Enumerable.Range(0, words).SelectMany(w => Enumerable.Repeat(new Piece(7, 0, 1, w), random.Next(Math.Min(4, capacity) + 1)))];
            var windows = WordWindow.Cut(pieces, words, capacity, overlap);
            Assert.Equal(0, windows[0].FirstWord);
            Assert.Equal(words, windows[^1].EndWord);
            Assert.All(windows.Zip(windows.Skip(1)), pair => Assert.Equal(pair.First.EndWord, pair.Second.FirstWord));
            Assert.All(windows, window =>
            {
                Assert.InRange(window.EndPiece - window.FirstPiece, 0, capacity);
                for (int i = 0; i < pieces.Length; i++)
                    if (pieces[i].Word >= window.FirstWord && pieces[i].Word < window.EndWord) Assert.InRange(i, window.FirstPiece, window.EndPiece - 1);
            });
        }
    }

    [Fact]
    public void A_short_row_is_one_window() =>
        Assert.Equal([new WordWindow(0, 3, 0, 4)], WordWindow.Cut([new(1, 0, 1, 0), new(2, 0, 1, 2), new(3, 0, 1, 2)], 4, 3, 1));

    [Fact]
    public void Neighbors_share_the_overlap_and_its_labels_are_read_half_from_each()
    {
        Piece[] pieces = [.. Enumerable.Range(0, 20).Select(w => new Piece(1, 0, 1, w))];
        Assert.Equal([new(0, 10, 0, 8), new(6, 16, 8, 14), new(12, 20, 14, 20)], WordWindow.Cut(pieces, 20, 10, 4));
    }

    [Fact]
    public void A_word_longer_than_a_window_loses_its_last_pieces()
    {
        Piece[] pieces = [new(1, 0, 1, 0), .. Enumerable.Repeat(new Piece(2, 0, 1, 1), 9), new(3, 0, 1, 2)];
        Assert.Equal([1, 2, 2, 2, 3], WordWindow.CapWords(pieces, 3).Select(p => p.Id));
    }
}
