// Names a model's format, its versions and what loads it.
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

internal readonly struct VersionInfo
{
    public readonly ulong ModelSignature;
    public readonly uint VerWrittenCur;
    public readonly uint VerReadableCur;
    public readonly uint VerWeCanReadBack;
    public readonly string LoaderAssemblyName;
    public readonly string LoaderSignature;
    public readonly string LoaderSignatureAlt;

    public VersionInfo(string modelSignature, uint verWrittenCur, uint verReadableCur, uint verWeCanReadBack, string loaderAssemblyName, string loaderSignature = null, string loaderSignatureAlt = null)
    {
        Contracts.Check(modelSignature is { Length: 8 } && modelSignature.All(c => c <= 0xFF), "Model signature must be eight characters of one byte each");
        Contracts.Check(IsLoaderName(loaderSignature) && IsLoaderName(loaderSignatureAlt), "Loader signatures must be at most 24 characters of one byte each");
        foreach (char c in modelSignature.Reverse())
            ModelSignature = (ModelSignature << 8) | c;
        VerWrittenCur = verWrittenCur;
        VerReadableCur = verReadableCur;
        VerWeCanReadBack = verWeCanReadBack;
        LoaderAssemblyName = loaderAssemblyName;
        LoaderSignature = loaderSignature;
        LoaderSignatureAlt = loaderSignatureAlt;
    }

    private static bool IsLoaderName(string name) => name is null || (name.Length <= 24 && name.All(c => c <= 0xFF));
}
