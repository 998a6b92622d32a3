// Reads and checks the header of a safetensors file: eight bytes of length, then JSON that says where each tensor lies.
using System.Buffers.Binary;
using System.Text.Json;

namespace MLNet.PTuning.Files;

internal static class SafetensorsHeader
{
    /// <summary>The longest header that the format allows, in bytes.</summary>
    public const int MaxLength = 100_000_000;

    private const int PrefixLength = 8;

    public static (IReadOnlyDictionary<string, TensorEntry> Entries, IReadOnlyDictionary<string, string> Metadata) Read(MappedFile file)
    {
        int length = ReadLength(file);
        var entries = new Dictionary<string, TensorEntry>();
        var metadata = new Dictionary<string, string>();
        using MappedFile.Window window = file.Map(PrefixLength, length);
        if (window.Bytes[0] != (byte)'{')
            throw Damaged(file, "the header does not begin with '{'", PrefixLength);
        var json = new Utf8JsonReader(window.Bytes);
        try
        {
            json.Read();
            while (Next(file, ref json) != JsonTokenType.EndObject)
            {
                string name = json.GetString()!;
                long at = PrefixLength + json.TokenStartIndex;
                Next(file, ref json);
                if (name == "__metadata__")
                    ReadMetadata(file, ref json, metadata);
                else if (!entries.TryAdd(name, ReadEntry(file, ref json, name, PrefixLength + length)))
                    throw Damaged(file, $"the tensor '{name}' is in the header twice", at);
            }
            // Only spaces may follow: anything else throws here.
            json.Read();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw Damaged(file, "the header is not valid JSON", PrefixLength + json.BytesConsumed, error);
        }
        CheckCoverage(file, entries.Values, PrefixLength + length);
        return (entries, metadata);
    }

    private static int ReadLength(MappedFile file)
    {
        if (file.Length < PrefixLength)
        {
            throw new InvalidDataException($"{file.Path} has {file.Length} bytes; a safetensors file has at least {PrefixLength}. "
                + "It is cut short: download or copy it again.");
        }
        using MappedFile.Window prefix = file.Map(0, PrefixLength);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix.Bytes);
        if (length > MaxLength)
            throw Damaged(file, $"the header claims {length} bytes, more than the {MaxLength} that the format allows", 0);
        if (length > (ulong)(file.Length - PrefixLength))
            throw Damaged(file, $"the header claims {length} bytes, but {file.Length - PrefixLength} follow", 0);
        if (length < 2)
            throw Damaged(file, $"the header claims {length} bytes, too few for a JSON object", 0);
        return (int)length;
    }

    private static TensorEntry ReadEntry(MappedFile file, ref Utf8JsonReader json, string name, long dataStart)
    {
        Expect(file, ref json, JsonTokenType.StartObject, $"the description of '{name}' is not an object");
        ElementType? type = null;
        List<long>? shape = null, offsets = null;
        while (Next(file, ref json) != JsonTokenType.EndObject)
        {
            string key = json.GetString()!;
            Next(file, ref json);
            if (key == "dtype" && type is null)
                type = ReadType(file, ref json, name);
            else if (key == "shape" && shape is null)
                shape = ReadNumbers(file, ref json, name, key);
            else if (key == "data_offsets" && offsets is null)
                offsets = ReadNumbers(file, ref json, name, key);
            else if (key is "dtype" or "shape" or "data_offsets")
                throw Damaged(file, $"'{key}' of the tensor '{name}' is given twice", PrefixLength + json.TokenStartIndex);
            else
                json.Skip();
        }
        long at = PrefixLength + json.TokenStartIndex;
        if (type is null || shape is null || offsets is null)
            throw Damaged(file, $"the tensor '{name}' lacks {(type is null ? "dtype" : shape is null ? "shape" : "data_offsets")}", at);
        if (offsets.Count != 2)
            throw Damaged(file, $"data_offsets of the tensor '{name}' has {offsets.Count} numbers instead of 2", at);
        long dataLength = file.Length - dataStart;
        (long begin, long end) = (offsets[0], offsets[1]);
        if (begin > end || end > dataLength)
        {
            throw Damaged(file, $"the tensor '{name}' claims bytes {begin} to {end} of the data, which has {dataLength}: "
                + "the file is cut short or its header is wrong", at);
        }
        var entry = new TensorEntry(name, type.Value, [.. shape], file, dataStart + begin);
        if (entry.ByteLength != end - begin)
        {
            throw Damaged(file, $"the tensor '{name}' of shape {entry.ShapeText} and type {entry.Type} needs {entry.ByteLength} bytes "
                + $"but claims {end - begin}", at);
        }
        return entry;
    }

    private static ElementType ReadType(MappedFile file, ref Utf8JsonReader json, string name)
    {
        Expect(file, ref json, JsonTokenType.String, $"dtype of the tensor '{name}' is not a string");
        string text = json.GetString()!;
        return ElementTypes.TryFromSafetensorsName(text, out ElementType type) ? type : throw new InvalidDataException(
            $"{file.Path}: the tensor '{name}' has the type '{text}'; known here are {ElementTypes.Supported}. "
            + "Convert the file to one of these.");
    }

    private static List<long> ReadNumbers(MappedFile file, ref Utf8JsonReader json, string name, string key)
    {
        Expect(file, ref json, JsonTokenType.StartArray, $"{key} of the tensor '{name}' is not an array");
        var numbers = new List<long>();
        while (Next(file, ref json) != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out long number) || number < 0)
            {
                throw Damaged(file, $"{key} of the tensor '{name}' holds something other than whole numbers from 0",
                    PrefixLength + json.TokenStartIndex);
            }
            numbers.Add(number);
        }
        return numbers;
    }

    private static void ReadMetadata(MappedFile file, ref Utf8JsonReader json, Dictionary<string, string> metadata)
    {
        if (json.TokenType == JsonTokenType.Null)
            return;
        Expect(file, ref json, JsonTokenType.StartObject, "__metadata__ is not an object");
        while (Next(file, ref json) != JsonTokenType.EndObject)
        {
            string key = json.GetString()!;
            Next(file, ref json);
            Expect(file, ref json, JsonTokenType.String, $"'{key}' of __metadata__ is not a string");
            if (!metadata.TryAdd(key, json.GetString()!))
                throw Damaged(file, $"'{key}' is in __metadata__ twice", PrefixLength + json.TokenStartIndex);
        }
    }

    // The tensors must tile the data: an overlap or a gap means that the header belongs to other data.
    private static void CheckCoverage(MappedFile file, IEnumerable<TensorEntry> entries, long dataStart)
    {
        long end = dataStart;
        string? before = null;
        foreach (TensorEntry entry in entries.OrderBy(entry => entry.Offset).ThenBy(entry => entry.ByteLength))
        {
            if (entry.Offset != end)
            {
                throw Damaged(file, (entry.Offset < end ? "data overlap" : "there is a gap")
                    + $" between {(before is null ? "the header" : $"the tensor '{before}'")} and '{entry.Name}'", entry.Offset);
            }
            end = entry.Offset + entry.ByteLength;
            before = entry.Name;
        }
        if (end != file.Length)
            throw Damaged(file, $"{file.Length - end} bytes after the last tensor belong to none", end);
    }

    private static JsonTokenType Next(MappedFile file, ref Utf8JsonReader json) => json.Read()
        ? json.TokenType
        : throw Damaged(file, "the header's JSON ends too early", PrefixLength + json.BytesConsumed);

    private static void Expect(MappedFile file, ref Utf8JsonReader json, JsonTokenType type, string what)
    {
        if (json.TokenType != type)
            throw Damaged(file, what, PrefixLength + json.TokenStartIndex);
    }

    private static InvalidDataException Damaged(MappedFile file, string what, long at, Exception? cause = null) =>
        new($"{file.Path} is not a usable safetensors file: {what} (byte {at}). Download or copy it again.", cause);
}
