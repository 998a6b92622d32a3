// Delegate types whose parameters say what a loadable class is created from.
namespace Microsoft.ML
{
    internal delegate void SignatureDefault();

    internal delegate void SignatureLoadModel(ModelLoadContext ctx);
}

namespace Microsoft.ML.Data
{
    internal delegate void SignatureLoadRowMapper(ModelLoadContext ctx, DataViewSchema schema);

    internal delegate void SignatureLoadDataTransform(ModelLoadContext ctx, IDataView input);
}
