// What a row-to-row transformer does once it knows its input's schema.
namespace Microsoft.ML.Data;

internal interface IRowMapper : ICanSaveModel
{
    /// <summary>Which input columns the active output columns need.</summary>
    Func<int, bool> GetDependencies(Func<int, bool> activeOutput);

    DataViewSchema.DetachedColumn[] GetOutputColumns();

    /// <summary>A getter for every active output column, null for the others.</summary>
    Delegate[] CreateGetters(DataViewRow input, Func<int, bool> activeOutput, out Action disposer);

    ITransformer GetTransformer();
}
