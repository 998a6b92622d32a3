// Cuts a row of words of any length into windows that overlap, so that every word is read once, with text on both sides of it.
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tasks;

/// <summary>A range of words that goes through the encoder together, and those among them whose labels are read from it.</summary>
/// <param name="FirstPiece">Index of the window's first piece among the row's.</param>
/// <param name="EndPiece">Index after its last.</param>
/// <param name="FirstWord">First word whose label is read from this window.</param>
/// <param name="EndWord">The word after the last one of these.</param>
internal readonly record struct WordWindow(int FirstPiece, int EndPiece, int FirstWord, int EndWord)
{
    /// <summary>
    /// Windows of at most <paramref name="capacity"/> pieces that begin and end with words; neighbors share about <paramref name="overlap"/> pieces,
    /// whose labels are read half from one and half from the other.
    /// </summary>
    /// <param name="pieces">The row's pieces, each with its word; no word has more than <paramref name="capacity"/>.</param>
    /// <param name="wordCount">Number of words, also of those without a piece.</param>
    /// <param name="capacity">Most pieces of a window.</param>
    /// <param name="overlap">Pieces that neighbors share.</param>
    public static IReadOnlyList<WordWindow> Cut(IReadOnlyList<Piece> pieces, int wordCount, int capacity, int overlap)
    {
        int[] boundaries = [.. Enumerable.Range(0, pieces.Count).Where(i => i == 0 || pieces[i].Word != pieces[i - 1].Word), pieces.Count];
        var windows = new List<WordWindow>();
        for (int start = 0, firstWord = 0; ;)
        {
            int end = LastBoundaryUpTo(start + capacity);
            if (end == pieces.Count)
            {
                windows.Add(new WordWindow(start, end, firstWord, wordCount));
                return windows;
            }
            int next = FirstBoundaryFrom(Math.Max(end - overlap, start + 1));
            int endWord = pieces[(next + end) / 2].Word;
            windows.Add(new WordWindow(start, end, firstWord, endWord));
            (start, firstWord) = (next, endWord);
        }

        int LastBoundaryUpTo(int at)
        {
            int i = Array.BinarySearch(boundaries, at);
            return boundaries[i >= 0 ? i : ~i - 1];
        }

        int FirstBoundaryFrom(int at)
        {
            int i = Array.BinarySearch(boundaries, at);
            return boundaries[i >= 0 ? i : ~i];
        }
    }

    /// <summary>The pieces with those left out that a word has beyond the first <paramref name="most"/>.</summary>
    public static IReadOnlyList<Piece> CapWords(IReadOnlyList<Piece> pieces, int most)
    {
        int ofWord = 0;
        return [.. pieces.Where((piece, i) => (ofWord = i > 0 && pieces[i - 1].Word == piece.Word ? ofWord + 1 : 1) <= most)];
    }
}
