// Trained tensors as they were saved, by the names of their parameters, whatever file they come from.
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Tuning;

/// <summary>Named tensors with their shapes.</summary>
internal sealed class SavedTensors
{
    private readonly Func<string, long[]?> _shapeOf;
    private readonly Func<string, float[]> _read;

    private SavedTensors(string source, Func<string, long[]?> shapeOf, Func<string, float[]> read) => (Source, _shapeOf, _read) = (source, shapeOf, read);

    /// <summary>The file or folder, for error messages.</summary>
    public string Source { get; }

    /// <summary>Those of a file, read when asked for.</summary>
    public static SavedTensors Of(WeightFile file) =>
        new(file.Path, name => file.Entries.TryGetValue(name, out var entry) ? entry.Shape : null, file.ReadFloats);

    /// <summary>Those that are in memory.</summary>
    public static SavedTensors Of(string source, IReadOnlyDictionary<string, TensorData> tensors) =>
        new(source, name => tensors.TryGetValue(name, out var tensor) ? tensor.Shape : null, name => tensors[name].Floats.ToArray());

    public bool Has(string name) => _shapeOf(name) is not null;

    public bool Has(string name, params long[] shape) => _shapeOf(name) is { } saved && saved.AsSpan().SequenceEqual(shape);

    /// <summary>The values of a tensor of the given shape.</summary>
    /// <exception cref="InvalidDataException">It is missing or of another shape.</exception>
    public float[] Read(string name, long[] shape)
    {
        long[] saved = _shapeOf(name) ?? throw new InvalidDataException($"{Source} holds no tensor '{name}'; it is damaged or of another method.");
        return saved.AsSpan().SequenceEqual(shape)
            ? _read(name)
            : throw new InvalidDataException($"{Source}: tensor '{name}' has shape [{string.Join(", ", saved)}]; this model needs [{string.Join(", ", shape)}].");
    }
}
