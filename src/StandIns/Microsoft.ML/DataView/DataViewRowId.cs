// A 128-bit row identifier and the ways to derive further ones from it.
namespace Microsoft.ML.Data;

public readonly struct DataViewRowId(ulong low, ulong high) : IComparable<DataViewRowId>, IEquatable<DataViewRowId>
{
    public readonly ulong Low = low;
    public readonly ulong High = high;

    public bool Equals(DataViewRowId other) => Low == other.Low && High == other.High;

    public override bool Equals(object obj) => obj is DataViewRowId other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Low, High);

    public int CompareTo(DataViewRowId other) => High == other.High ? Low.CompareTo(other.Low) : High.CompareTo(other.High);

    public override string ToString() => $"{High:x16}{Low:x16}";
}
