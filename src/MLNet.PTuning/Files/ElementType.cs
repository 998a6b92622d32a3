// The element types that a weights file may hold, with their size in bytes and their name in safetensors headers.
namespace MLNet.PTuning.Files;

/// <summary>Element types, in the order in which the safetensors reference ranks them (it writes the highest first).</summary>
internal enum ElementType { Bool, U8, I8, I16, F16, BF16, I32, F32, F64, I64 }

internal static class ElementTypes
{
    public static int Size(this ElementType type) => type switch
    {
        ElementType.Bool or ElementType.U8 or ElementType.I8 => 1,
        ElementType.I16 or ElementType.F16 or ElementType.BF16 => 2,
        ElementType.I32 or ElementType.F32 => 4,
        _ => 8,
    };

    public static string SafetensorsName(this ElementType type) => type == ElementType.Bool ? "BOOL" : type.ToString();

    public static bool TryFromSafetensorsName(string name, out ElementType type)
    {
        foreach (ElementType candidate in Enum.GetValues<ElementType>())
        {
            type = candidate;
            if (type.SafetensorsName() == name)
                return true;
        }
        type = default;
        return false;
    }

    /// <summary>The names that a safetensors header may use here, for error messages.</summary>
    public static string Supported => string.Join(", ", Enum.GetValues<ElementType>().Select(SafetensorsName));
}
