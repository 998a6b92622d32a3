// Inputs at the edge: nothing, too long, broken; and what every text has in common.
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Text;

public sealed class TextTokenizerTests
{
    private static readonly TextTokenizer Bert = TextTokenizer.Load(Shared.Fixture("tokenizers", "bert-4x128"));

    [Fact]
    public void NullAndEmptyTextsHaveNoPieces()
    {
        Assert.Empty(Bert.Pieces(null));
        Assert.Empty(Bert.Pieces(""));
        Assert.Equal([2, 3], Bert.Encode(null, null, 8).Ids);
        Assert.Equal([2, 3, 3], Bert.Encode(null, "", 8).Ids);
    }

    [Fact]
    public void LoneSurrogatesAreDroppedLikeControls() =>
        Assert.Equal(Bert.Pieces("ab").Select(p => p.Id), Bert.Pieces("a\uD800b\uDC00").Select(p => p.Id));

    [Fact]
    public void WordsWithoutPiecesDoNotShiftTheOthers() =>
        Assert.Equal([1, 4], Bert.PiecesOfWords(["", "the", "\u0001", null, "of"]).Select(p => p.Word));

    [Fact]
    public void PlacesOfTheTextsAreGiven()
    {
        Encoded pair = Bert.Encode("the of", "the", 16);
        Assert.Equal((1..3, 4..5), (pair.First, pair.Second));
        Assert.Equal([0, 0, 0, 0, 1, 1], pair.Types);
    }

    [Fact]
    public void LengthBelowTheSpecialTokensIsRefused()
    {
        Assert.Equal([2, 3], Bert.Encode("the", null, 2).Ids);
        Assert.Throws<ArgumentOutOfRangeException>(() => Bert.Encode("the", null, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Bert.Encode("the", "of", 2));
    }

    [Theory]
    [InlineData(10, 4, 12, 8, 4)]
    [InlineData(4, 10, 12, 4, 8)]
    [InlineData(10, 10, 13, 6, 7)]
    [InlineData(11, 10, 13, 7, 6)]
    [InlineData(3, 2, 12, 3, 2)]
    [InlineData(3, 2, 0, 0, 0)]
    public void TheLongerTextGivesFirst(int first, int second, int budget, int keptFirst, int keptSecond) =>
        Assert.Equal((keptFirst, keptSecond), Truncation.LongestFirst(first, second, budget));

    [Theory]
    [InlineData("a")]
    [InlineData("the ")]
    [InlineData("你")]
    [InlineData("!")]
    [InlineData("\uD83D\uDE00")]
    public void AHundredThousandCharactersBecomePieces(string repeated)
    {
        string text = string.Concat(Enumerable.Repeat(repeated, 100_000 / repeated.Length));
        IReadOnlyList<Piece> pieces = Bert.Pieces(text);
        Assert.InRange(pieces.Count, 1, text.Length);
        Assert.Equal(text.TrimEnd().Length, pieces[^1].End);
        Assert.Equal(512, Bert.Encode(text + " the" + string.Concat(Enumerable.Repeat(" the", 600)), null, 512).Ids.Length);
    }

    [Fact]
    public void RandomTextsGiveOrderedPiecesInsideTheText()
    {
        var random = new Random(1);
        for (int round = 0; round < 2_000; round++)
        {
            char[] units = new char[random.Next(40)];
            for (int i = 0; i < units.Length; i++) units[i] = (char)(random.Next(4) == 0 ? random.Next(0x10000) : random.Next(0x20, 0x250));
            string text = new(units);
            int last = 0;
            foreach (Piece piece in Bert.Pieces(text))
            {
                Assert.InRange(piece.Id, 0, Bert.VocabularySize - 1);
                Assert.True(piece.Start >= 0 && piece.End > piece.Start && piece.End <= text.Length, $"{piece} in a text of {text.Length}");
                Assert.True(piece.End >= last, $"{piece} after a piece that ends at {last}");
                last = piece.End;
            }
        }
    }
}
