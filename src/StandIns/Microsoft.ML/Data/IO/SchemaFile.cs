// A schema as bytes: names, types and those annotations whose values can be saved.
using System.Text;
using Microsoft.ML.Internal.Utilities;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data.IO;

internal sealed class SchemaFile(IHostEnvironment env)
{
    private readonly BinarySaver _values = new(env, new BinarySaver.Arguments { Silent = true });

    public void Write(Stream stream, DataViewSchema schema)
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        DataViewSchema.Column[] columns = schema.Where(c => TypeCodec.CanWrite(c.Type)).ToArray();
        writer.Write(columns.Length);
        foreach (DataViewSchema.Column column in columns)
        {
            DataViewSchema.Column[] annotations = column.Annotations.Schema.Where(a => TypeCodec.CanWrite(a.Type)).ToArray();
            writer.Write(column.Name);
            TypeCodec.Write(writer, column.Type);
            writer.Write(annotations.Length);
            foreach (DataViewSchema.Column annotation in annotations)
            {
                writer.Write(annotation.Name);
                Utils.MarshalActionInvoke(WriteAnnotation<int>, annotation.Type.RawType, writer, column.Annotations, annotation);
            }
        }
    }

    public DataViewSchema Read(Stream stream)
    {
        using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        var builder = new DataViewSchema.Builder();
        for (int left = reader.ReadInt32(); left > 0; left--)
        {
            string name = reader.ReadString();
            DataViewType type = TypeCodec.Read(reader);
            var annotations = new DataViewSchema.Annotations.Builder();
            for (int more = reader.ReadInt32(); more > 0; more--)
            {
                string kind = reader.ReadString();
                _values.TryLoadTypeAndValue(stream, out DataViewType valueType, out object value);
                annotations.Add(kind, valueType, Getter(valueType, value));
            }
            builder.AddColumn(name, type, annotations.ToAnnotations());
        }
        return builder.ToSchema();
    }

    private void WriteAnnotation<T>(BinaryWriter writer, DataViewSchema.Annotations annotations, DataViewSchema.Column annotation)
    {
        T value = default;
        annotations.GetGetter<T>(annotation)(ref value);
        writer.Flush();
        _values.TryWriteTypeAndValue(writer.BaseStream, annotation.Type, ref value, out _);
    }

    private static Delegate Getter(DataViewType type, object value) => type is VectorDataViewType vector
        ? Utils.MarshalInvoke(VectorGetter<int>, vector.ItemType.RawType, value)
        : Utils.MarshalInvoke(ScalarGetter<int>, type.RawType, value);

    private static Delegate VectorGetter<T>(object value)
    {
        var buffer = (VBuffer<T>)value;
        return (ValueGetter<VBuffer<T>>)((ref VBuffer<T> result) => buffer.CopyTo(ref result));
    }

    private static Delegate ScalarGetter<T>(object value) => (ValueGetter<T>)((ref T result) => result = (T)value);
}
