// Column types as bytes.
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data.IO;

internal static class TypeCodec
{
    private const byte Key = 0xFE, Vector = 0xFF;

    /// <summary>A primitive type's place here is its code in files: add at the end only.</summary>
    private static readonly PrimitiveDataViewType[] _primitives =
    [
        TextDataViewType.Instance, BooleanDataViewType.Instance, NumberDataViewType.SByte, NumberDataViewType.Byte, NumberDataViewType.Int16,
        NumberDataViewType.UInt16, NumberDataViewType.Int32, NumberDataViewType.UInt32, NumberDataViewType.Int64, NumberDataViewType.UInt64,
        NumberDataViewType.Single, NumberDataViewType.Double, DateTimeDataViewType.Instance, DateTimeOffsetDataViewType.Instance, TimeSpanDataViewType.Instance,
    ];

    public static bool CanWrite(DataViewType type) => type.GetItemType() is var item && (item is KeyDataViewType || _primitives.Contains(item));

    public static void Write(BinaryWriter writer, DataViewType type)
    {
        switch (type)
        {
            case VectorDataViewType vector:
                writer.Write(Vector);
                Write(writer, vector.ItemType);
                writer.Write(vector.Dimensions.Length);
                foreach (int dimension in vector.Dimensions)
                    writer.Write(dimension);
                break;
            case KeyDataViewType key:
                writer.Write(Key);
                Write(writer, ColumnTypeExtensions.PrimitiveTypeFromType(key.RawType));
                writer.Write(key.Count);
                break;
            default:
                writer.Write((byte)Array.IndexOf(_primitives, type));
                break;
        }
    }

    public static DataViewType Read(BinaryReader reader)
    {
        byte code = reader.ReadByte();
        switch (code)
        {
            case Vector:
                var item = Read(reader) as PrimitiveDataViewType;
                int rank = reader.ReadInt32();
                Contracts.CheckDecode(item is not null && rank > 0);
                return new VectorDataViewType(item, Enumerable.Range(0, rank).Select(_ => reader.ReadInt32()).ToArray());
            case Key:
                return new KeyDataViewType(Read(reader).RawType, reader.ReadUInt64());
            default:
                Contracts.CheckDecode(code < _primitives.Length);
                return _primitives[code];
        }
    }
}
