// Lays added columns over an input's: a column that hides another stands right after it, the others stand at the end.
namespace Microsoft.ML.Data;

internal sealed class ColumnBindings
{
    /// <summary>For each output column the input column's index, or the complement of the added column's.</summary>
    private readonly int[] _origins;

    public ColumnBindings(DataViewSchema input, DataViewSchema.DetachedColumn[] addedColumns)
    {
        InputSchema = input;
        var hiding = addedColumns.Select((c, i) => (Index: i, Hidden: input.GetColumnOrNull(c.Name)?.Index)).ToArray();
        var origins = new List<int>();
        foreach (DataViewSchema.Column column in input)
        {
            origins.Add(column.Index);
            origins.AddRange(hiding.Where(h => h.Hidden == column.Index).Select(h => ~h.Index));
        }
        origins.AddRange(hiding.Where(h => h.Hidden is null).Select(h => ~h.Index));
        _origins = origins.ToArray();

        var builder = new DataViewSchema.Builder();
        builder.AddColumns(_origins.Select(o => o >= 0 ? new DataViewSchema.DetachedColumn(input[o]) : addedColumns[~o]));
        Schema = builder.ToSchema();
    }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema Schema { get; }

    public int MapColumnIndex(out bool isSrcColumn, int col)
    {
        isSrcColumn = _origins[col] >= 0;
        return isSrcColumn ? _origins[col] : ~_origins[col];
    }

    /// <summary>Whether each added column is among <paramref name="columns"/> of the output.</summary>
    public Func<int, bool> ActiveAdded(bool[] columns)
    {
        var active = new HashSet<int>(Enumerable.Range(0, _origins.Length).Where(i => columns[i] && _origins[i] < 0).Select(i => ~_origins[i]));
        return active.Contains;
    }

    /// <summary>The input columns that the given output columns are, or are computed from.</summary>
    public bool[] NeededInput(bool[] columns, IRowMapper mapper)
    {
        Func<int, bool> needed = mapper.GetDependencies(ActiveAdded(columns));
        var passed = new HashSet<int>(_origins.Where((o, i) => columns[i] && o >= 0));
        return InputSchema.Select(c => passed.Contains(c.Index) || needed(c.Index)).ToArray();
    }
}
