// Rows and pipelines that several areas share.
using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using static StandIns.Tests.Observe;

namespace StandIns.Tests;

/// <summary>Rows and pipelines that the scenarios of this file share.</summary>
internal static class ChainExamples
{
    internal sealed class Review
    {
        public string Text { get; set; } = "";
        public string Label { get; set; } = "";
        public float Weight { get; set; }
    }

    internal static readonly Review[] Reviews =
    [
        new() { Text = "Fine film", Label = "good", Weight = 1f },
        new() { Text = "BAD film", Label = "bad", Weight = 2f },
        new() { Text = "so so", Label = "good", Weight = 3f },
    ];

    internal static IDataView Data(MLContext ml) => ml.Data.LoadFromEnumerable(Reviews);

    /// <summary>Label to key, normalised text, and the key back to a value.</summary>
    internal static EstimatorChain<KeyToValueMappingTransformer> Pipeline(MLContext ml) =>
        ml.Transforms.Conversion.MapValueToKey("Key", "Label")
            .Append(ml.Transforms.Text.NormalizeText("Clean", "Text"))
            .Append(ml.Transforms.Conversion.MapKeyToValue("Value", "Key"));
}
