// Text files: which columns are read, options, headers and files.
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using static StandIns.Tests.Observe;

namespace StandIns.Tests;

public static partial class TextFileScenarios
{
    public static object? VectorByRange()
    {
        using var folder = new TempFolder();
        string path = folder.Write("data.txt", "a\t1\t2\t3\nb\t4\t5\nc\t\t\t6\n");
        IDataView view = Ml.Data.LoadFromTextFile<Vectors>(path);
        return new { schema = Show.Schema(view.Schema), rows = Show.Rows(view) };
    }

    private sealed class VectorOfGuessedSize
    {
        [LoadColumn(1, 2)]
        public float[] Features { get; set; } = [];
    }

    private sealed class ScalarOverRange
    {
        [LoadColumn(0, 1)]
        public float Value { get; set; }
    }

    private sealed class ColumnSet
    {
        [LoadColumn([2, 0])]
        [VectorType(2)]
        public string[] Words { get; set; } = [];
    }

    public static object? VectorDeclarations()
    {
        using var folder = new TempFolder();
        string path = folder.Write("data.txt", "1\t2\t3\n");
        object? Load<T>() => folder.Try(() =>
        {
            IDataView view = Ml.Data.LoadFromTextFile<T>(path);
            return new { schema = Show.Schema(view.Schema), rows = Show.Rows(view) };
        });
        return new { sizeFromRange = Load<VectorOfGuessedSize>(), scalarOverRange = Load<ScalarOverRange>(), set = Load<ColumnSet>() };
    }

    public static object? RangesInOptions()
    {
        using var folder = new TempFolder();
        string path = folder.Write("data.txt", "1\t2\t3\t4\n");
        object? Both(params Func<TextLoader.Column>[] columns) => folder.Try(() =>
        {
            IDataView view = Ml.Data.LoadFromTextFile(path, columns.Select(c => c()).ToArray(), separatorChar: '\t');
            return new { schema = Show.Schema(view.Schema), rows = Show.Rows(view) };
        });
        return new
        {
            single = Both(() => new TextLoader.Column("A", DataKind.Single, 1)),
            range = Both(() => new TextLoader.Column("A", DataKind.Single, 1, 2)),
            rangeOfOne = Both(() => new TextLoader.Column("A", DataKind.Single, 1, 1)),
            several = Both(() => new TextLoader.Column("A", DataKind.Single, [new TextLoader.Range(3), new TextLoader.Range(0, 1)])),
            rest = Both(() => new TextLoader.Column("A", DataKind.Single, [new TextLoader.Range(1, null)])),
            key = Both(() => new TextLoader.Column("A", DataKind.UInt32, [new TextLoader.Range(0)], new KeyCount(3))),
            keyOutside = Both(() => new TextLoader.Column("A", DataKind.UInt32, [new TextLoader.Range(3)], new KeyCount(3))),
            backwards = Both(() => new TextLoader.Column("A", DataKind.Single, 2, 1)),
            negative = Both(() => new TextLoader.Column("A", DataKind.Single, -1)),
            sameName = Both(() => new TextLoader.Column("A", DataKind.Single, 0), () => new TextLoader.Column("A", DataKind.Single, 1)),
            none = Both(),
        };
    }

    public static object? SlotNamesFromHeader()
    {
        using var folder = new TempFolder();
        string path = folder.Write("data.txt", "Label\tx\ty\tz\na\t1\t2\t3\n");
        IDataView view = Ml.Data.LoadFromTextFile<Vectors>(path, hasHeader: true);
        TextLoader sampled = Ml.Data.CreateTextLoader<Vectors>(new TextLoader.Options { HasHeader = true }, new MultiFileSource(path));
        DataViewSchema.Column features = sampled.Load(path).Schema["Features"];
        return new { byFile = Show.Schema(view.Schema), bySample = Show.Column(features), slots = Show.Annotation(features, "SlotNames") };
    }

    private sealed class LoadByName
    {
        [LoadColumnName("Score")]
        public float Points { get; set; }

        [LoadColumnName("Text")]
        public string Words { get; set; } = "";
    }

    public static object? ColumnsByName() => Read<LoadByName>("Text\tScore\nfine\t1\n", header: true);

    private sealed class NoAttributes
    {
        public string Text { get; set; } = "";
    }

    private sealed class PartlyAttributed
    {
        [LoadColumn(0)]
        public string Text { get; set; } = "";

        public float Other { get; set; }
    }

    public static object? AttributesMissing() => new { all = Read<NoAttributes>("a\n"), some = Read<PartlyAttributed>("a\t1\n") };

    private sealed class Renamed
    {
        [LoadColumn(1)]
        [ColumnName("Label")]
        public string Category { get; set; } = "";

        [LoadColumn(0)]
        [KeyType(3)]
        public uint Key { get; set; }
    }

    public static object? AttributesCombine()
    {
        using var folder = new TempFolder();
        string path = folder.Write("data.txt", "0\ta\n2\tb\n3\tc\nx\td\n\te\n");
        IDataView view = Ml.Data.LoadFromTextFile<Renamed>(path);
        return new { schema = Show.Schema(view.Schema), rows = Show.Rows(view) };
    }

    public static object? SparseFormat() => new
    {
        on = Read("a\t5\t0:1\t3:2\n", new TextLoader.Options { AllowSparse = true, Columns = [new("L", DataKind.String, 0), new("F", DataKind.Single, 1, 5)] }),
        off = Read("a\t0:1\t2\n", new TextLoader.Options { Columns = [new("L", DataKind.String, 0), new("F", DataKind.String, 1)] }),
    };

    public static object? SeveralFiles()
    {
        using var folder = new TempFolder();
        string first = folder.Write("first.txt", "H\tH\na\t1\nb\t2\n");
        string second = folder.Write("second.txt", "H\tH\nc\t3\n");
        TextLoader loader = Ml.Data.CreateTextLoader<Review>(hasHeader: true);
        return new
        {
            both = Show.Rows(loader.Load(first, second)),
            swapped = Show.Rows(loader.Load(new MultiFileSource(second, first))),
            wildcard = Show.Values(loader.Load(folder["*.txt"]), "Text").Select(t => (string)t!).Order(StringComparer.Ordinal),
        };
    }

    public static object? MissingFiles()
    {
        using var folder = new TempFolder();
        string path = folder["nope.txt"];
        TextLoader loader = Ml.Data.CreateTextLoader<Review>();
        return new
        {
            atLoad = folder.Try(() => Ml.Data.LoadFromTextFile<Review>(path).Schema.Count),
            byLoader = folder.Try(() => Show.Rows(loader.Load(path))),
            noPath = Try(() => Ml.Data.LoadFromTextFile<Review>(null!).Schema.Count),
            emptyPath = Try(() => Ml.Data.LoadFromTextFile<Review>("").Schema.Count),
            noFiles = Try(() => Show.Rows(loader.Load(Array.Empty<string>()))),
        };
    }

    public static object? LoaderAndOptions()
    {
        using var folder = new TempFolder();
        string path = folder.Write("data.txt", "a;1\nb;2\nc;3\n");
        TextLoader loader = Ml.Data.CreateTextLoader([new("T", DataKind.String, 0), new("N", DataKind.Int64, 1)], separatorChar: ';');
        TextLoader byOptions = Ml.Data.CreateTextLoader<Two>(new TextLoader.Options { Separators = [';'], MaxRows = 2 });
        return new
        {
            schema = Show.Schema(loader.GetOutputSchema()),
            rows = Show.Rows(loader.Load(path)),
            firstTwo = Show.Rows(byOptions.Load(path)),
            count = loader.Load(path).GetRowCount(),
            canShuffle = loader.Load(path).CanShuffle,
        };
    }

    public static object? FileIsReadWhenRowsAre()
    {
        using var folder = new TempFolder();
        string path = folder.Write("data.txt", "a\t1\n");
        IDataView view = Ml.Data.LoadFromTextFile<Review>(path);
        File.WriteAllText(path, "b\t2\nc\t3\n");
        object? changed = Show.Rows(view);
        File.Delete(path);
        return new { changed, deleted = folder.Try(() => Show.Rows(view)) };
    }

    public static object? ManyRowsKeepTheirOrder()
    {
        using var folder = new TempFolder();
        string path = folder.Write("data.txt", string.Concat(Enumerable.Range(0, 5000).Select(i => $"row {i}\t{i}\n")));
        float[] scores = Ml.Data.LoadFromTextFile<Review>(path).GetColumn<float>("Score").ToArray();
        return new { scores.Length, inOrder = scores.SequenceEqual(Enumerable.Range(0, 5000).Select(i => (float)i)) };
    }
}
