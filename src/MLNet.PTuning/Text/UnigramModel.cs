// Unigram pieces: of all ways to spell a word with a vocabulary's pieces, the one whose scores sum highest.
using System.Globalization;
using System.Text;

namespace MLNet.PTuning.Text;

/// <summary>
/// T. Kudo, Subword Regularization (2018), section 3.2: the best path through the lattice of pieces. A character that no piece of its own covers
/// scores ten below the lowest piece and is unknown.
/// </summary>
internal sealed class UnigramModel : IPieceModel
{
    private const double UnknownPenalty = 10;

    private readonly Dictionary<string, int> _ids;
    private readonly double[] _scores;
    private readonly (string Piece, int Id)[] _sorted;
    private readonly int? _unknownId;
    private readonly double _unknownScore;
    private readonly int[]? _bytes;

    /// <param name="pieces">Pieces with their scores (log probabilities); a piece's index is its id.</param>
    /// <param name="unknownId">What a character becomes that no piece spells; null drops it.</param>
    /// <param name="fallsBackToBytes">Unknown characters become their UTF-8 bytes, as pieces &lt;0xNN&gt;, where all 256 exist.</param>
    public UnigramModel(IReadOnlyList<(string Piece, double Score)> pieces, int? unknownId, bool fallsBackToBytes)
    {
        _ids = new Dictionary<string, int>(pieces.Count, StringComparer.Ordinal);
        for (int id = 0; id < pieces.Count; id++) _ids[pieces[id].Piece] = id;
        _scores = [.. pieces.Select(p => p.Score)];
        _sorted = [.. _ids.Where(p => p.Key.Length > 0).Select(p => (p.Key, p.Value)).OrderBy(p => p.Key, StringComparer.Ordinal)];
        _unknownId = unknownId;
        _unknownScore = _scores.DefaultIfEmpty().Min() - UnknownPenalty;
        int?[] bytes = [.. Enumerable.Range(0, 256).Select(value => IdOf(string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>")))];
        if (fallsBackToBytes && bytes.All(id => id is not null)) _bytes = [.. bytes.Select(id => id!.Value)];
        VocabularySize = pieces.Count;
    }

    public int VocabularySize { get; }

    public int? UnknownId => _unknownId;

    public IReadOnlyDictionary<string, int> Vocabulary => _ids;

    public int? IdOf(string piece) => _ids.TryGetValue(piece, out int id) ? id : null;

    public string? PieceOf(int id) => _ids.FirstOrDefault(p => p.Value == id).Key;

    public void Encode(ReadOnlySpan<char> word, List<(int Id, int Start, int End)> pieces)
    {
        var path = new Stack<(int Id, int Start, int End)>();
        (double Score, int Start, int Id)[] best = BestPaths(word);
        for (int end = word.Length; end > 0; end = best[end].Start) path.Push((best[end].Id, best[end].Start, end));
        bool followsUnknown = false;
        foreach (var piece in path)
        {
            bool isUnknown = piece.Id < 0;
            if (!isUnknown) pieces.Add(piece);
            else if (_bytes is not null) AppendBytes(word, piece.Start, piece.End, pieces);
            else if (followsUnknown && _unknownId is not null) pieces[^1] = pieces[^1] with { End = piece.End };
            else if (_unknownId is { } unknown) pieces.Add(piece with { Id = unknown });
            followsUnknown = isUnknown;
        }
    }

    // For each offset in the word the best path to it: its score, where its last piece starts, and that piece (-1: unknown).
    private (double Score, int Start, int Id)[] BestPaths(ReadOnlySpan<char> word)
    {
        var best = new (double Score, int Start, int Id)[word.Length + 1];
        Array.Fill(best, (double.NegativeInfinity, -1, -1), 1, word.Length);
        for (int start = 0; start < word.Length;)
        {
            Rune.DecodeFromUtf16(word[start..], out _, out int units);
            bool isCovered = false;
            int low = 0, high = _sorted.Length;
            for (int length = 1; start + length <= word.Length; length++)
            {
                (low, high) = Narrow(low, high, length - 1, word[start + length - 1]);
                if (low == high) break;
                // Of the pieces that begin so, the first alone can end here.
                var (piece, id) = _sorted[low];
                if (piece.Length != length) continue;
                Offer(ref best[start + length], best[start].Score + _scores[id], start, id);
                isCovered |= length == units;
            }
            if (!isCovered) Offer(ref best[start + units], best[start].Score + _unknownScore, start, -1);
            start += units;
        }
        return best;
    }

    private static void Offer(ref (double Score, int Start, int Id) best, double score, int start, int id)
    {
        if (best.Start < 0 || score > best.Score) best = (score, start, id);
    }

    // Of sorted pieces that agree up to an offset, those that have this unit there.
    private (int Low, int High) Narrow(int low, int high, int offset, char unit)
    {
        int from = FirstFrom(low, high, offset, unit);
        return (from, FirstFrom(from, high, offset, unit + 1));
    }

    private int FirstFrom(int low, int high, int offset, int unit)
    {
        while (low < high)
        {
            int middle = (low + high) / 2;
            string piece = _sorted[middle].Piece;
            if (piece.Length > offset && piece[offset] >= unit) high = middle;
            else low = middle + 1;
        }
        return low;
    }

    private void AppendBytes(ReadOnlySpan<char> word, int start, int end, List<(int Id, int Start, int End)> pieces)
    {
        Span<byte> bytes = stackalloc byte[8];
        foreach (byte value in bytes[..Encoding.UTF8.GetBytes(word[start..end], bytes)]) pieces.Add((_bytes![value], start, end));
    }
}
