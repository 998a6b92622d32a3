// The view that a row-to-row transformer gives: the input's rows with columns added.
using Microsoft.ML.Internal.Utilities;

namespace Microsoft.ML.Data;

internal sealed class RowToRowMapperTransform(IDataView source, IRowMapper mapper) : IDataView
{
    private readonly RowToRowMapper _mapper = new(source.Schema, mapper);

    public bool CanShuffle => source.CanShuffle;

    public DataViewSchema Schema => _mapper.OutputSchema;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        bool[] active = Utils.BuildArray(Schema.Count, columnsNeeded);
        return _mapper.GetCursor(source.GetRowCursor(_mapper.GetDependencies(Schema.Where(c => active[c.Index])), rand), active);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        bool[] active = Utils.BuildArray(Schema.Count, columnsNeeded);
        DataViewRowCursor[] inputs = source.GetRowCursorSet(_mapper.GetDependencies(Schema.Where(c => active[c.Index])), n, rand);
        return inputs.Select(input => _mapper.GetCursor(input, active)).ToArray();
    }
}
