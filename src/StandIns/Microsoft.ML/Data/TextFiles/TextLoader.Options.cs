// What a caller says about a text file: its format (Options), its columns (Column) and where their fields stand (Range).
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

public sealed partial class TextLoader
{
    internal static class Defaults
    {
        internal const bool AllowQuoting = false;
        internal const bool AllowSparse = false;
        internal const char DecimalMarker = '.';
        internal const char EscapeChar = '"';
        internal const bool HasHeader = false;
        internal const bool MissingRealsAsNaNs = false;
        internal const bool ReadMultilines = false;
        internal const char Separator = '\t';
        internal const bool TrimWhitespace = false;
    }

    public class Options
    {
        public bool AllowQuoting = Defaults.AllowQuoting;
        public bool AllowSparse = Defaults.AllowSparse;
        public Column[] Columns;
        public char DecimalMarker = Defaults.DecimalMarker;
        public char EscapeChar = Defaults.EscapeChar;
        public bool HasHeader = Defaults.HasHeader;
        public long? MaxRows;
        public bool MissingRealsAsNaNs = Defaults.MissingRealsAsNaNs;
        public bool ReadMultilines = Defaults.ReadMultilines;
        public char[] Separators = [Defaults.Separator];
        public bool TrimWhitespace = Defaults.TrimWhitespace;
        public bool UseThreads = true;
    }

    public sealed class Column
    {
        public KeyCount KeyCount;
        public string Name;
        public Range[] Source;

        public Column()
        {
        }

        public Column(string name, DataKind dataKind, int index)
            : this(name, dataKind, [new Range(index)])
        {
        }

        public Column(string name, DataKind dataKind, int minIndex, int maxIndex)
            : this(name, dataKind, [new Range(minIndex, maxIndex)])
        {
        }

        public Column(string name, DataKind dataKind, Range[] source, KeyCount keyCount = null)
        {
            Contracts.CheckValue(name, nameof(name));
            Contracts.CheckValue(source, nameof(source));
            Name = name;
            DataKind = dataKind;
            Source = source;
            KeyCount = keyCount;
        }

        public DataKind DataKind { get; set; }
    }

    public sealed class Range
    {
        public bool AutoEnd;
        public bool ForceVector;
        public int? Max;
        public int Min;

        public Range()
        {
        }

        public Range(int index)
        {
            Contracts.CheckParam(index >= 0, nameof(index), "Must be non-negative");
            Min = index;
            Max = index;
        }

        /// <summary>From <paramref name="min"/> to <paramref name="max"/>, both included; to the row's last field where max is null.</summary>
        public Range(int min, int? max)
        {
            Contracts.CheckParam(min >= 0, nameof(min), "Must be non-negative");
            Contracts.CheckParam(!(max < min), nameof(max), "If specified, must be greater than or equal to min");
            Min = min;
            Max = max;
            AutoEnd = max is null;
            // A caller who gives a range gets a vector, even of one slot.
            ForceVector = true;
        }
    }
}
