// What a loadable row mapper is created from.
namespace Microsoft.ML.Data;

internal delegate void SignatureLoadRowMapper(ModelLoadContext ctx, DataViewSchema schema);
