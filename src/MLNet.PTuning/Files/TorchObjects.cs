// The few names that a PyTorch weights file may ask for, and what becomes of them: descriptions of tensors, never code.
namespace MLNet.PTuning.Files;

/// <summary>A run of elements in a PyTorch file.</summary>
/// <param name="Type">Type of its elements.</param>
/// <param name="Key">Its name within the file.</param>
/// <param name="Count">Number of its elements.</param>
internal sealed record TorchStorage(ElementType Type, string Key, long Count);

/// <summary>A view of a storage as a tensor.</summary>
internal sealed record TorchTensor(TorchStorage Storage, long Offset, long[] Shape, long[] Strides)
{
    /// <summary>Steps of a tensor that is not in row-major order without gaps; null where it is.</summary>
    public long[]? IrregularStrides
    {
        get
        {
            long expected = 1;
            for (int i = Shape.Length - 1; i >= 0; i--)
            {
                if (Shape[i] != 1 && Strides[i] != expected)
                    return Shape.Contains(0) ? null : Strides;
                expected *= Shape[i];
            }
            return null;
        }
    }

    public TensorEntry ToEntry(string name, MappedFile file, long storageOffset) =>
        new(name, Storage.Type, Shape, file, storageOffset + Offset * Storage.Type.Size(), IrregularStrides);
}

internal static class TorchObjects
{
    private static readonly string[] s_namesOfStateDicts = ["state_dict", "model_state_dict", "model", "module"];

    private enum Function { OrderedDict, Tensor, Parameter }

    private static readonly Dictionary<(string Module, string Name), object> s_known = new()
    {
        [("collections", "OrderedDict")] = Function.OrderedDict,
        [("torch._utils", "_rebuild_tensor_v2")] = Function.Tensor,
        [("torch._utils", "_rebuild_parameter")] = Function.Parameter,
        [("torch", "DoubleStorage")] = ElementType.F64,
        [("torch", "FloatStorage")] = ElementType.F32,
        [("torch", "HalfStorage")] = ElementType.F16,
        [("torch", "BFloat16Storage")] = ElementType.BF16,
        [("torch", "LongStorage")] = ElementType.I64,
        [("torch", "IntStorage")] = ElementType.I32,
        [("torch", "ShortStorage")] = ElementType.I16,
        [("torch", "CharStorage")] = ElementType.I8,
        [("torch", "ByteStorage")] = ElementType.U8,
        [("torch", "BoolStorage")] = ElementType.Bool,
    };

    /// <summary>What a name that a pickle asks for becomes: a function or an element type.</summary>
    public static object Find(string path, string module, string name) => s_known.TryGetValue((module, name), out object? known)
        ? known
        : throw new InvalidDataException($"{path} asks for '{module}.{name}', which is not among the {s_known.Count} names that a file of "
            + "plain tensors needs; nothing of it was run. If you trust it, load it in Python and save its state_dict as safetensors.");

    public static object Call(string path, object? callable, object?[] arguments) => (callable, arguments) switch
    {
        (Function.OrderedDict, []) => new Dictionary<object, object?>(),
        (Function.Tensor, [TorchStorage storage, long offset, object?[] shape, object?[] strides, ..]) =>
            Tensor(path, storage, offset, shape, strides),
        (Function.Parameter, [TorchTensor tensor, ..]) => tensor,
        _ => throw Damaged(path, "it makes an object from arguments that do not fit"),
    };

    /// <summary>A storage from its description in the file: 'storage', type, key, device, number of elements.</summary>
    public static TorchStorage Storage(string path, object?[] description) =>
        description is ["storage", ElementType type, string key, string, long count, .. var view]
        && view is [] or [null] && count is >= 0 and <= long.MaxValue / 8
            ? new TorchStorage(type, key, count)
            : throw Damaged(path, "it describes a storage in a way that is not known here");

    /// <summary>The tensors of a state_dict by name; values of other kinds are left out. A training program's checkpoint may have the state_dict
    /// under one of a few names.</summary>
    public static IEnumerable<(string Name, TorchTensor Tensor)> StateDict(string path, object? root)
    {
        if (root is not Dictionary<object, object?> dictionary)
            throw new InvalidDataException($"{path} holds no dictionary of tensors; save the model's state_dict.");
        List<(string, TorchTensor)> tensors = Tensors(dictionary);
        foreach (string name in s_namesOfStateDicts)
        {
            if (tensors.Count == 0 && dictionary.GetValueOrDefault(name) is Dictionary<object, object?> inner)
                tensors = Tensors(inner);
        }
        if (tensors.Count == 0 && dictionary.Count > 0)
        {
            throw new InvalidDataException($"{path} holds no tensors at its top (but '{dictionary.Keys.First()}' and the like); "
                + "save the model's state_dict by itself.");
        }
        return tensors;
    }

    private static List<(string Name, TorchTensor Tensor)> Tensors(Dictionary<object, object?> dictionary) =>
        [.. dictionary.Where(item => item.Key is string && item.Value is TorchTensor).Select(item => ((string)item.Key, (TorchTensor)item.Value!))];

    private static TorchTensor Tensor(string path, TorchStorage storage, long offset, object?[] shape, object?[] strides)
    {
        long[] sizes = [.. shape.OfType<long>()], steps = [.. strides.OfType<long>()];
        bool areNumbers = sizes.Length == shape.Length && steps.Length == strides.Length;
        if (!areNumbers || sizes.Length != steps.Length || offset < 0 || steps.Any(step => step < 0))
            throw Damaged(path, "a tensor's shape or strides are not whole numbers from 0, or differ in their count");
        string text = $"a tensor of shape [{string.Join(", ", sizes)}] at element {offset} "
            + $"of the storage '{storage.Key}' ({storage.Count} elements)";
        if (TensorEntry.CountOf(sizes) is not long count)
            throw Damaged(path, $"{text} overflows");
        // A view that repeats elements could be far larger than the file.
        if (count > storage.Count)
            throw Damaged(path, $"{text} is larger than its storage");
        long last = offset;
        for (int i = 0; i < sizes.Length && count > 0; i++)
        {
            if (sizes[i] > 1 && steps[i] > (storage.Count - last) / (sizes[i] - 1))
                throw Damaged(path, $"{text} reaches beyond its storage");
            last += (sizes[i] - 1) * steps[i];
        }
        if (count > 0 ? last >= storage.Count : offset > storage.Count)
            throw Damaged(path, $"{text} reaches beyond its storage");
        return new TorchTensor(storage, offset, sizes, steps);
    }

    private static InvalidDataException Damaged(string path, string what) =>
        new($"{path} is not a usable PyTorch file: {what}. Download or copy it again.");
}
