// Transforms of columns: copy, drop, select, concatenate, convert, normalise text.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Text;
using static StandIns.Tests.Observe;

namespace StandIns.Tests;

public static class ColumnScenarios
{
    private static readonly MLContext Ml = new(seed: 1);

    private sealed class Row
    {
        public string Text { get; set; } = "";
        public float A { get; set; }

        [VectorType(2)]
        public float[] B { get; set; } = [1f, 2f];

        public int Whole { get; set; }
        public string[] Words { get; set; } = [];
    }

    private static readonly IDataView Data = Ml.Data.LoadFromEnumerable([new Row { Text = "one", A = 0.5f, Whole = 3, Words = ["x", "y"] }, new Row { Text = "two", A = float.NaN, Whole = -1 }]);

    private static object? Apply(IEstimator<ITransformer> estimator, IDataView? data = null) => Try(() =>
    {
        IDataView view = estimator.Fit(data ?? Data).Transform(data ?? Data);
        return new { schema = Show.Schema(view.Schema), rows = Show.Rows(view) };
    });

    public static object? CopyColumns() => new
    {
        added = Apply(Ml.Transforms.CopyColumns("Copy", "Text")),
        replaced = Apply(Ml.Transforms.CopyColumns("Text", "A")),
        missing = Apply(Ml.Transforms.CopyColumns("Copy", "Nope")),
        several = Try(() => Show.Schema(Ml.Transforms.CopyColumns("C", "Text").Append(Ml.Transforms.CopyColumns("C", "A")).Fit(Data).Transform(Data).Schema)),
    };

    public static object? CopyKeepsAnnotations()
    {
        var estimator = Ml.Transforms.Conversion.MapValueToKey("Key", "Text").Append(Ml.Transforms.CopyColumns("Copy", "Key"));
        IDataView view = estimator.Fit(Data).Transform(Data);
        return new { column = Show.Column(view.Schema["Copy"]), keyValues = Show.Annotation(view.Schema["Copy"], "KeyValues") };
    }

    public static object? DropColumns() => new
    {
        one = Apply(Ml.Transforms.DropColumns("Text")),
        several = Apply(Ml.Transforms.DropColumns("Text", "B", "Words")),
        missing = Apply(Ml.Transforms.DropColumns("Nope")),
        all = Apply(Ml.Transforms.DropColumns("Text", "A", "B", "Whole", "Words")),
    };

    public static object? SelectColumns() => new
    {
        order = Apply(Ml.Transforms.SelectColumns("Whole", "Text")),
        missing = Apply(Ml.Transforms.SelectColumns("Text", "Nope")),
        repeated = Apply(Ml.Transforms.SelectColumns("Text", "Text")),
    };

    public static object? SelectAndDropWithHiddenColumns()
    {
        IDataView hidden = Ml.Transforms.CopyColumns("Text", "A").Fit(Data).Transform(Data);
        object? Schema(IEstimator<ITransformer> estimator) => Try(() => Show.Schema(estimator.Fit(hidden).Transform(hidden).Schema));
        return new
        {
            select = Schema(Ml.Transforms.SelectColumns("Text")),
            selectKeepHidden = Schema(Ml.Transforms.SelectColumns(["Text"], keepHidden: true)),
            drop = Schema(Ml.Transforms.DropColumns("Text")),
        };
    }

    public static object? Concatenate() => new
    {
        scalarAndVector = Apply(Ml.Transforms.Concatenate("F", "A", "B")),
        one = Apply(Ml.Transforms.Concatenate("F", "A")),
        replacesInput = Apply(Ml.Transforms.Concatenate("B", "B", "A")),
        texts = Apply(Ml.Transforms.Concatenate("F", "Text", "Words")),
        mixedTypes = Apply(Ml.Transforms.Concatenate("F", "A", "Text")),
        missing = Apply(Ml.Transforms.Concatenate("F", "A", "Nope")),
    };

    public static object? ConcatenateSlotNames()
    {
        IDataView view = Ml.Transforms.Concatenate("F", "A", "B").Fit(Data).Transform(Data);
        return Show.Annotation(view.Schema["F"], "SlotNames");
    }

    private sealed class TextRow
    {
        public string? Text { get; set; }
    }

    private static readonly string?[] Sentences = ["Hello, WORLD!", "Ünïcödé 123", "  spaces\tand\nlines ", "e\u0301 combining", "", null, "Straße", "don't stop—now", "12.5 €"];

    private static object? Normalized(TextNormalizingEstimator.CaseMode mode = TextNormalizingEstimator.CaseMode.Lower, bool diacritics = false, bool punctuation = true, bool numbers = true)
    {
        IDataView view = Ml.Data.LoadFromEnumerable(Sentences.Select(s => new TextRow { Text = s }));
        return Show.Values(Ml.Transforms.Text.NormalizeText("Text", null, mode, diacritics, punctuation, numbers).Fit(view).Transform(view), "Text");
    }

    public static object? NormalizeText()
    {
        IDataView view = Ml.Data.LoadFromEnumerable(Sentences.Select(s => new TextRow { Text = s }));
        return new
        {
            defaults = Show.Values(Ml.Transforms.Text.NormalizeText("Text").Fit(view).Transform(view), "Text"),
            none = Normalized(TextNormalizingEstimator.CaseMode.None),
            upper = Normalized(TextNormalizingEstimator.CaseMode.Upper),
            noDiacritics = Normalized(diacritics: false),
            keepDiacritics = Normalized(diacritics: true),
            noPunctuation = Normalized(punctuation: false),
            noNumbers = Normalized(numbers: false),
            nothingKept = Normalized(punctuation: false, numbers: false),
        };
    }

    public static object? NormalizeTextVectors() => new
    {
        words = Apply(Ml.Transforms.Text.NormalizeText("N", "Words").Append(Ml.Transforms.SelectColumns("N"))),
        notText = Apply(Ml.Transforms.Text.NormalizeText("A")),
        missing = Apply(Ml.Transforms.Text.NormalizeText("Nope")),
    };
}
