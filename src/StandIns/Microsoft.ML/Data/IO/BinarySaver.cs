// Writes and reads single values together with their column types.
using System.Text;
using Microsoft.ML.Internal.Utilities;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data.IO;

internal sealed class BinarySaver
{
    public sealed class Arguments
    {
        public bool Silent;
    }

    public BinarySaver(IHostEnvironment env, Arguments args)
    {
        Contracts.CheckValue(env, nameof(env));
        env.CheckValue(args, nameof(args));
    }

    /// <summary>False, with nothing written, where values of the type cannot be saved.</summary>
    public bool TryWriteTypeAndValue<T>(Stream stream, DataViewType type, ref T value, out int bytesWritten)
    {
        Contracts.CheckValue(stream, nameof(stream));
        Contracts.CheckValue(type, nameof(type));
        Contracts.CheckParam(type.RawType == typeof(T), nameof(value), "Value doesn't match type");
        bytesWritten = 0;
        if (!TypeCodec.CanWrite(type))
            return false;
        using var buffer = new MemoryStream();
        using (var writer = new BinaryWriter(buffer, Encoding.UTF8, leaveOpen: true))
        {
            TypeCodec.Write(writer, type);
            ValueCodec.Write(writer, value);
        }
        bytesWritten = checked((int)buffer.Length);
        buffer.WriteTo(stream);
        return true;
    }

    public bool TryLoadTypeAndValue(Stream stream, out DataViewType type, out object value)
    {
        Contracts.CheckValue(stream, nameof(stream));
        using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        type = TypeCodec.Read(reader);
        value = Utils.MarshalInvoke(Boxed<int>, type.RawType, reader);
        return true;
    }

    private static object Boxed<T>(BinaryReader reader) => ValueCodec.Read<T>(reader);
}
