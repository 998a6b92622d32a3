// Finds where the elements of an ONNX model's tensors lie: in the model's file, or in files beside it.
using System.Globalization;

namespace MLNet.PTuning.Files;

/// <summary>The files that hold a model's tensors.</summary>
/// <param name="file">The model, which stays open when the files beside it are closed.</param>
internal sealed class OnnxData(MappedFile file) : IDisposable
{
    // Numbers of TensorProto's fields.
    private const int FloatData = 4, Int32Data = 5, RawData = 9, DoubleData = 10;

    private readonly Dictionary<string, MappedFile> _others = [];

    /// <summary>A tensor under a name; null for one of whole numbers, which are shapes and indices and no weights.</summary>
    /// <exception cref="InvalidDataException">Its elements are not as many as its shape says, or not where they are said to be.</exception>
    /// <exception cref="FileNotFoundException">The file that holds them is missing.</exception>
    public TensorEntry? Entry(string name, OnnxView view)
    {
        OnnxTensor tensor = view.Tensor;
        if (TypeOf(tensor) is not { } type)
            return null;
        (MappedFile holder, Extent bytes) = tensor.External.Count > 0 ? External(tensor) : (file, tensor.Data?.Bytes ?? default);
        int field = tensor.Data?.Number ?? RawData;
        bool varints = field == Int32Data;
        if (field != RawData && field != FieldOf(type))
            throw Damaged(tensor, $"of type {type} has its elements in the field {field}, which is for another type");
        long[] shape = tensor.Shape;
        TensorEntry entry = view.Transposed
            ? new(name, type, [shape[1], shape[0]], holder, bytes.Offset, [1, shape[1]], varints ? bytes.Length : null)
            : new(name, type, shape, holder, bytes.Offset, null, varints ? bytes.Length : null);
        // A varint has a byte at least; that there are as many as elements is seen when they are read.
        if (varints ? entry.Count > bytes.Length : entry.ByteLength != bytes.Length)
        {
            throw Damaged(tensor, $"of shape [{string.Join(", ", shape)}] and type {type} needs "
                + $"{(varints ? entry.Count : entry.ByteLength)} bytes but has {bytes.Length}");
        }
        return entry;
    }

    /// <summary>The path of the file that holds a tensor: one of the model's folder, or of the folder that the model itself is a link into,
    /// as Hugging Face's cache has it.</summary>
    public static string ExternalPath(MappedFile file, OnnxTensor tensor)
    {
        string? name = tensor.External.GetValueOrDefault("location");
        string folder = Path.GetDirectoryName(Path.GetFullPath(file.Path))!;
        if (name is null || !ModelFolder.IsPlainName(name))
            throw Outside($"'{name}' is not the name of a file of the model's folder");
        var data = new FileInfo(Path.Combine(folder, name));
        if (!data.Exists)
            throw new FileNotFoundException($"{file.Path} keeps tensors in {name}, which is not beside it; download it there.", data.FullName);
        string? target = FolderOf(data.ResolveLinkTarget(returnFinalTarget: true));
        if (target is not null && target != folder && target != FolderOf(File.ResolveLinkTarget(file.Path, returnFinalTarget: true)))
            throw Outside($"'{name}' is a link out of the model's folder");
        return data.FullName;

        static string? FolderOf(FileSystemInfo? link) => Path.GetDirectoryName(link?.FullName);

        InvalidDataException Outside(string what) => new($"{file.Path}: the tensor '{tensor.Name}' lies elsewhere: {what}. "
            + "Do not use this model, or save it again with its data beside it.");
    }

    public void Dispose()
    {
        foreach (MappedFile other in _others.Values)
            other.Dispose();
    }

    private static ElementType? TypeOf(OnnxTensor tensor) => tensor.DataType switch
    {
        1 => ElementType.F32,
        10 => ElementType.F16,
        11 => ElementType.F64,
        16 => ElementType.BF16,
        _ => null,
    };

    // The field that elements of a type may lie in instead of raw data.
    private static int FieldOf(ElementType type) => type switch
    {
        ElementType.F32 => FloatData,
        ElementType.F64 => DoubleData,
        _ => Int32Data,
    };

    private (MappedFile File, Extent Bytes) External(OnnxTensor tensor)
    {
        string path = ExternalPath(file, tensor);
        if (!_others.TryGetValue(path, out MappedFile? other))
            _others.Add(path, other = new MappedFile(path));
        long offset = Number(tensor, "offset") ?? 0, length = Number(tensor, "length") ?? Math.Max(0, other.Length - offset);
        return offset <= other.Length - length
            ? (other, new Extent(offset, length))
            : throw Damaged(tensor, $"has {length} bytes from {offset} of {path}, which has {other.Length}");
    }

    private long? Number(OnnxTensor tensor, string key)
    {
        if (!tensor.External.TryGetValue(key, out string? text))
            return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw Damaged(tensor, $"has the {key} '{text}' in another file, which is no whole number");
    }

    private InvalidDataException Damaged(OnnxTensor tensor, string what) =>
        new($"{file.Path} is not a usable ONNX model: the tensor '{tensor.Name}' {what}. Download or copy it again, with the files beside it.");
}
