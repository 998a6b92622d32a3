// Delegate types whose parameters say what a loadable class is created from.
namespace Microsoft.ML;

internal delegate void SignatureLoadModel(ModelLoadContext ctx);
