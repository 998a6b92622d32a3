// The units in which offsets of a text are counted.
namespace MLNet.PTuning;

/// <summary>The unit in which offsets of a text are counted.</summary>
public enum OffsetUnit
{
    /// <summary>UTF-16 code units, as .NET, Java and JavaScript count the characters of a string: an emoji has two or more.</summary>
    Utf16,
    /// <summary>Unicode code points, as Python counts the characters of a string: a simple emoji has one.</summary>
    CodePoints,
}
