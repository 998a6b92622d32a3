// The ways to split plain text into words.
namespace MLNet.PTuning;

/// <summary>How plain text is split into words.</summary>
public enum WordSplitting
{
    /// <summary>
    /// At white space and around every punctuation mark and symbol, each of which is a word of its own, but for those that join a word: between letters or
    /// digits ' ’ - ‐ . _ @ &amp; / : +, and a comma between digits. Chinese, Japanese and Korean ideographs are words of one character.
    /// </summary>
    Punctuation,
    /// <summary>At white space alone.</summary>
    WhiteSpace,
}
