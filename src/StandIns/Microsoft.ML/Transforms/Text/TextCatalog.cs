// The catalog's transforms of texts.
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Text;

namespace Microsoft.ML;

public static class TextCatalog
{
    public static TextNormalizingEstimator NormalizeText(
        this TransformsCatalog.TextTransforms catalog,
        string outputColumnName,
        string inputColumnName = null,
        TextNormalizingEstimator.CaseMode caseMode = TextNormalizingEstimator.Defaults.Mode,
        bool keepDiacritics = TextNormalizingEstimator.Defaults.KeepDiacritics,
        bool keepPunctuations = TextNormalizingEstimator.Defaults.KeepPunctuations,
        bool keepNumbers = TextNormalizingEstimator.Defaults.KeepNumbers) =>
        new(catalog.GetEnvironment(), caseMode, keepDiacritics, keepPunctuations, keepNumbers, (outputColumnName, inputColumnName ?? outputColumnName));
}
