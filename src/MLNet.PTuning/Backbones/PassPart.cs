// Which part of a pass this process computes where several share it, so that what is dropped of a row does not depend on how many they are.
namespace MLNet.PTuning.Backbones;

/// <summary>What the first dimension of a tensor counts.</summary>
internal enum Counted
{
    /// <summary>Nothing that a pass has more or less of.</summary>
    Nothing,
    /// <summary>Rows: B.</summary>
    Rows,
    /// <summary>Word pieces: T.</summary>
    Pieces,
    /// <summary>Positions that are read: R.</summary>
    Reads,
    /// <summary>Vectors that the head reads, or lines of several of them.</summary>
    Vectors,
}

/// <summary>A range of all.</summary>
/// <param name="First">How many come before it.</param>
/// <param name="Count">How many it has.</param>
/// <param name="Total">How many there are.</param>
internal readonly record struct Share(int First, int Count, int Total);

/// <summary>One part of a pass, or of a prompt's rows in one: the rows one after the other.</summary>
/// <param name="Pass">The pass's index in its step.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Pieces">Their word pieces.</param>
/// <param name="Reads">Their positions that are read.</param>
/// <param name="Vectors">The vectors that the head reads of them.</param>
/// <param name="FurtherPieces">By how many word pieces the pass's longest row exceeds the part's.</param>
/// <param name="FurtherReads">By how many positions read the pass's row with the most exceeds the part's.</param>
internal sealed record PassPart(int Pass, Share Rows, Share Pieces, Share Reads, Share Vectors, int FurtherPieces, int FurtherReads)
{
    /// <summary>The part of what is counted.</summary>
    public Share Of(Counted counted) => counted switch
    {
        Counted.Rows => Rows,
        Counted.Pieces => Pieces,
        Counted.Reads => Reads,
        Counted.Vectors => Vectors,
        _ => throw new InvalidOperationException($"A pass has no number of {counted}."),
    };

    /// <summary>By how much a padded dimension of the whole pass is longer.</summary>
    public int Further(Counted counted) => counted == Counted.Reads ? FurtherReads : FurtherPieces;
}
