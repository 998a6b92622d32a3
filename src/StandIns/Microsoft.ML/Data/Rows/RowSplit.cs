// Gives every row a number in [0, 1) by which it falls into a part of a split: at random, or by a column so that equal values stay together.
using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using Microsoft.ML.Internal.Utilities;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

namespace Microsoft.ML;

internal sealed class RowSplit
{
    private const int DefaultSeed = 42;
    private const int HashBits = 30;

    private readonly IHost _host;
    private readonly IDataView _data;
    private readonly DataViewSchema.Column[] _columns;
    private readonly Func<DataViewRow, Func<double>> _numbering;

    internal RowSplit(IHostEnvironment env, IDataView data, string samplingKeyColumn, int? seed)
    {
        _host = env.Register("Split");
        _data = data;
        uint hashSeed = (uint)(seed ?? (env as IHostEnvironmentInternal)?.Seed ?? DefaultSeed);
        if (samplingKeyColumn is null)
        {
            _columns = [];
            _numbering = _ =>
            {
                var random = new TauswortheHybrid(hashSeed);
                return () => random.NextSingle();
            };
            return;
        }
        DataViewSchema.Column column = data.Schema.GetColumnOrNull(samplingKeyColumn)
            ?? throw env.ExceptSchemaMismatch(nameof(samplingKeyColumn), "SamplingKeyColumn", samplingKeyColumn);
        _columns = [column];
        _numbering = ByColumn(column, hashSeed);
    }

    /// <summary>The rows whose number is in [<paramref name="from"/>, <paramref name="to"/>), or all others.</summary>
    internal IDataView Part(double from, double to, bool others = false)
    {
        Func<bool> Test(DataViewRow row)
        {
            Func<double> number = _numbering(row);
            return () => number() is var n && (n >= from && n < to) != others;
        }
        return new RowFilter(_host, _data, _columns, Test, canShuffle: _columns.Length > 0);
    }

    private Func<DataViewRow, Func<double>> ByColumn(DataViewSchema.Column column, uint seed)
    {
        if (column.Type == NumberDataViewType.Single)
            return ByScale(column, ColumnReading.Getter<float, double>(column, v => v));
        if (column.Type == NumberDataViewType.Double)
            return ByScale(column, ColumnReading.Getter<double, double>(column, v => v));
        if (column.Type is TextDataViewType)
            return ColumnReading.Getter<ReadOnlyMemory<char>, double>(column, v => Fraction(Hashing.MurmurHash(seed, v)));
        if (column.Type is VectorDataViewType)
            throw _host.ExceptParam("samplingKeyColumn", $"Column '{column.Name}' of type {column.Type} cannot be split by; use a scalar column");
        return Utils.MarshalInvoke(ByBytes<int>, column.Type.RawType, column, seed);
    }

    private static Func<DataViewRow, Func<double>> ByBytes<T>(DataViewSchema.Column column, uint seed)
        where T : unmanaged =>
        ColumnReading.Getter<T, double>(column, v => Fraction(Hashing.MurmurHash(seed, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in v)))));

    /// <summary>The value's place between the column's smallest and largest one.</summary>
    private Func<DataViewRow, Func<double>> ByScale(DataViewSchema.Column column, Func<DataViewRow, Func<double>> numbering)
    {
        double smallest = double.PositiveInfinity, largest = double.NegativeInfinity;
        using (DataViewRowCursor cursor = _data.GetRowCursor([column]))
        {
            Func<double> read = numbering(cursor);
            while (cursor.MoveNext())
            {
                double value = read();
                smallest = Math.Min(smallest, double.IsNaN(value) ? smallest : value);
                largest = Math.Max(largest, double.IsNaN(value) ? largest : value);
            }
        }
        return row =>
        {
            Func<double> read = numbering(row);
            return () => largest > smallest ? (read() - smallest) / (largest - smallest) : 0;
        };
    }

    private static double Fraction(uint hash) => (hash & ((1u << HashBits) - 1)) / (double)(1u << HashBits);
}
