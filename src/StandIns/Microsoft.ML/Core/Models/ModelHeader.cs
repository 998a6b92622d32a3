// What stands before a model's own bytes: the format's mark, the model's versions and the name of its loader.
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

internal readonly record struct ModelHeader(ulong ModelSignature, uint VerWritten, uint VerReadable, string LoaderSignature, string LoaderAssemblyName)
{
    private static ReadOnlySpan<byte> Mark => "ML.MODEL"u8;

    public void Write(BinaryWriter writer)
    {
        writer.Write(Mark);
        writer.Write(ModelSignature);
        writer.Write(VerWritten);
        writer.Write(VerReadable);
        writer.Write(LoaderSignature ?? "");
        writer.Write(LoaderAssemblyName ?? "");
    }

    public static ModelHeader Read(BinaryReader reader)
    {
        Contracts.Check(reader.ReadBytes(Mark.Length).AsSpan().SequenceEqual(Mark), "The model's header is damaged");
        return new ModelHeader(reader.ReadUInt64(), reader.ReadUInt32(), reader.ReadUInt32(), reader.ReadString(), reader.ReadString());
    }
}
