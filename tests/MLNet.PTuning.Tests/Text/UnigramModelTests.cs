// Unigram pieces against an exhaustive search over all ways to spell a word.
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Text;

public sealed class UnigramModelTests
{
    private static readonly (string, double)[] Pieces =
        [("<unk>", 0), ("a", -3), ("b", -3.5), ("ab", -4), ("abc", -9), ("bc", -4.5), ("c", -4), ("aa", -5.5), ("\U0001F600", -6), ("ca", -7.25)];

    private static List<(int, int, int)> Cut(string word, int? unknown = 0, params (string, double)[] more)
    {
        var pieces = new List<(int Id, int Start, int End)>();
        new UnigramModel([.. Pieces, .. more], unknown, fallsBackToBytes: more.Length > 0).Encode(word, pieces);
        return pieces;
    }

    [Fact]
    public void TheHighestSumOfScoresWins()
    {
        var random = new Random(3);
        for (int round = 0; round < 300; round++)
        {
            string word = new([.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => "abc"[random.Next(3)])]);
            double found = Cut(word).Sum(p => Pieces[p.Item1].Item2);
            Assert.Equal(BestScore(word), found, 1e-9);
            Assert.Equal(word, string.Concat(Cut(word).Select(p => Pieces[p.Item1].Item1)));
        }
    }

    [Fact]
    public void UnknownCharactersInARowAreOnePiece() => Assert.Equal([(1, 0, 1), (0, 1, 4), (2, 4, 5)], Cut("axyzb"));

    [Fact]
    public void WithoutUnknownPieceTheyAreDropped() => Assert.Equal([(1, 0, 1), (2, 4, 5)], Cut("axyzb", unknown: null));

    [Fact]
    public void CharactersBeyondTheBasicPlaneAreOneCharacter()
    {
        Assert.Equal([(8, 0, 2), (1, 2, 3)], Cut("\U0001F600a"));
        Assert.Equal([(0, 0, 2), (1, 2, 3)], Cut("\U0001F601a"));
    }

    [Fact]
    public void UnknownCharactersBecomeTheirBytesWhereThereArePiecesForThem()
    {
        (string, double)[] bytes = [.. Enumerable.Range(0, 256).Select(b => ($"<0x{b:X2}>", 0.0))];
        Assert.Equal([(1, 0, 1), (Pieces.Length + 0xC3, 1, 2), (Pieces.Length + 0xA9, 1, 2)], Cut("aé", 0, bytes));
    }

    private static double BestScore(string rest) => rest.Length == 0
        ? 0
        : Pieces.Where(p => p.Item1 != "<unk>" && rest.StartsWith(p.Item1, StringComparison.Ordinal)).Max(p => p.Item2 + BestScore(rest[p.Item1.Length..]));
}
