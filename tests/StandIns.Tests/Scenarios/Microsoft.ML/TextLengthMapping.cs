// A mapping of one's own that can be saved.
using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using static StandIns.Tests.Observe;

namespace StandIns.Tests;

public sealed class TextLengthInput
{
    public string Text { get; set; } = "";
}

public sealed class TextLengthOutput
{
    public int TextLength { get; set; }

    [VectorType(2)]
    public float[] Parts { get; set; } = [];

    public string Kind { get; set; } = "";
}

[CustomMappingFactoryAttribute(Contract)]
public sealed class TextLengthFactory : CustomMappingFactory<TextLengthInput, TextLengthOutput>
{
    public const string Contract = "conformance.text-length";

    public static void Map(TextLengthInput input, TextLengthOutput output)
    {
        output.TextLength = input.Text.Length;
        output.Parts = [input.Text.Length, 0.5f];
        output.Kind = input.Text.Length > 6 ? "long" : "short";
    }

    public override Action<TextLengthInput, TextLengthOutput> GetMapping() => Map;
}
