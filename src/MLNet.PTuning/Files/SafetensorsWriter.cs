// Writes tensors as a safetensors file, in the layout of the reference implementation.
using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace MLNet.PTuning.Files;

internal static class SafetensorsWriter
{
    private const string MetadataName = "__metadata__";

    /// <summary>Writes a temporary file and then moves it to <paramref name="path"/>, so that an error leaves an older file as it was.</summary>
    public static void Write(string path, IEnumerable<TensorData> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        AtomicFile.Write(path, stream => Write(stream, tensors, metadata));

    public static void Write(Stream stream, IEnumerable<TensorData> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        // Wide types first and then by name, as the reference does: every tensor then starts at a multiple of its element's size.
        TensorData[] ordered = [.. tensors.OrderByDescending(tensor => tensor.Type).ThenBy(tensor => tensor.Name, StringComparer.Ordinal)];
        var names = new HashSet<string> { MetadataName };
        foreach (TensorData tensor in ordered)
        {
            if (!names.Add(tensor.Name))
                throw new ArgumentException($"A tensor called '{tensor.Name}' cannot be written: the name is taken.");
        }
        ReadOnlySpan<byte> header = Header(ordered, metadata);
        Span<byte> prefix = stackalloc byte[8];
        int padded = (header.Length + 7) / 8 * 8;
        BinaryPrimitives.WriteInt64LittleEndian(prefix, padded);
        stream.Write(prefix);
        stream.Write(header);
        prefix.Fill((byte)' ');
        stream.Write(prefix[..(padded - header.Length)]);
        foreach (TensorData tensor in ordered)
            stream.Write(tensor.Bytes);
    }

    private static ReadOnlySpan<byte> Header(TensorData[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        if (metadata is { Count: > 0 })
        {
            json.WriteStartObject(MetadataName);
            foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                json.WriteString(key, value);
            json.WriteEndObject();
        }
        long offset = 0;
        foreach (TensorData tensor in tensors)
        {
            json.WriteStartObject(tensor.Name);
            json.WriteString("dtype", tensor.Type.SafetensorsName());
            WriteNumbers(json, "shape", tensor.Shape);
            WriteNumbers(json, "data_offsets", [offset, offset + tensor.Bytes.Length]);
            json.WriteEndObject();
            offset += tensor.Bytes.Length;
        }
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan;
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
