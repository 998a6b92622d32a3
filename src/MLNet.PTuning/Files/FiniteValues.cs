// Finds values in a tensor that are no finite numbers: one of them makes every result NaN, far from the file that it came from.
using System.Numerics;
using System.Runtime.InteropServices;

namespace MLNet.PTuning.Files;

internal static class FiniteValues
{
    /// <summary>What to say of a tensor without elements whose shape is another.</summary>
    public const string WhyEmpty = "It is empty, as weights are that were saved by one process of a training under DeepSpeed's ZeRO-3: gather them with the checkpoint's zero_to_fp32.py, or set "
        + "stage3_gather_16bit_weights_on_model_save, and save the model again.";

    /// <param name="path">The file, for the message.</param>
    /// <param name="name">The tensor's name in it.</param>
    /// <param name="values">Its values.</param>
    /// <exception cref="InvalidDataException">Some are NaN or infinite.</exception>
    public static void Check(string path, string name, ReadOnlySpan<float> values)
    {
        if (AreFinite(values)) return;
        int count = 0;
        foreach (float value in values)
            if (!float.IsFinite(value)) count++;
        throw new InvalidDataException($"{path}: tensor '{name}' has NaN or infinity in {count} of {values.Length} values, so that every result would be NaN. It was saved after training had diverged, "
            + "or in half precision, whose range its values exceed; take an earlier checkpoint, or save it in float32 or bfloat16.");
    }

    // A value that is not finite is NaN times zero.
    private static bool AreFinite(ReadOnlySpan<float> values)
    {
        var sum = Vector<float>.Zero;
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        foreach (ref readonly Vector<float> vector in vectors) sum += vector * Vector<float>.Zero;
        float rest = Vector.Sum(sum);
        foreach (float value in values[(vectors.Length * Vector<float>.Count)..]) rest += value * 0;
        return rest == 0;
    }
}
