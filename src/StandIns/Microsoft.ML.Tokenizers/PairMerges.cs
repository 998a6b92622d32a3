// Byte-pair merging: joins neighbours by the rank of their pair, lowest first, leftmost first.
namespace Microsoft.ML.Tokenizers;

internal sealed class PairMerges
{
    private readonly Dictionary<(int Left, int Right), (int Rank, int Id)> _merges = [];

    public PairMerges(IEnumerable<string> lines, Dictionary<string, int> vocabulary, string? prefix)
    {
        int IdOf(string token) => vocabulary.TryGetValue(token, out int id)
            ? id
            : throw new InvalidOperationException($"Trying to merge a token '{token}' which not exist in the vocabulary.");
        foreach (string line in lines)
        {
            string[] pair = line.Split(' ');
            if (pair.Length != 2 || pair.Contains("")) throw new InvalidOperationException("Invalid merger file format");
            int left = IdOf(pair[0]), right = IdOf(pair[1]);
            string tail = prefix is { Length: > 0 } && pair[1].StartsWith(prefix, StringComparison.Ordinal) ? pair[1][prefix.Length..] : pair[1];
            _merges.TryAdd((left, right), (_merges.Count, IdOf(pair[0] + tail)));
        }
    }

    /// <summary>Merges symbols in place; each has an id and the number of characters that it stands for.</summary>
    public void Apply(List<(int Id, int Length)> symbols)
    {
        if (symbols.Count < 2 || _merges.Count == 0) return;
        int count = symbols.Count;
        int[] previous = new int[count], next = new int[count];
        var queue = new PriorityQueue<(int Left, int Id, int LeftId, int RightId), (int Rank, int Position)>();
        for (int i = 0; i < count; i++) (previous[i], next[i]) = (i - 1, i + 1);

        void Offer(int left)
        {
            if (left < 0 || next[left] >= count) return;
            (int leftId, int rightId) = (symbols[left].Id, symbols[next[left]].Id);
            if (_merges.TryGetValue((leftId, rightId), out var merge)) queue.Enqueue((left, merge.Id, leftId, rightId), (merge.Rank, left));
        }

        for (int i = 0; i < count; i++) Offer(i);
        while (queue.TryDequeue(out var merge, out _))
        {
            int left = merge.Left, right = next[left];
            // A neighbour may have been merged since the pair was seen.
            if (symbols[left].Length == 0 || right >= count || symbols[left].Id != merge.LeftId || symbols[right].Id != merge.RightId) continue;
            symbols[left] = (merge.Id, symbols[left].Length + symbols[right].Length);
            symbols[right] = (-1, 0);
            next[left] = next[right];
            if (next[right] < count) previous[next[right]] = left;
            Offer(previous[left]);
            Offer(left);
        }
        symbols.RemoveAll(s => s.Length == 0);
    }
}
