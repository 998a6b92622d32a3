// Saving and loading models.
using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using static StandIns.Tests.Observe;

namespace StandIns.Tests;

public static class ModelFileScenarios
{
    public static object? RoundTripByPath()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        ITransformer model = ChainExamples.Pipeline(ml).Fit(data);
        using var folder = new TempFolder();
        ml.Model.Save(model, data.Schema, folder["model.zip"]);
        ITransformer loaded = new MLContext().Model.Load(folder["model.zip"], out DataViewSchema schema);
        return new
        {
            kind = loaded.GetType().Name,
            transformers = loaded is IEnumerable<ITransformer> chain ? chain.Select(t => t.GetType().Name) : null,
            schema = Show.Schema(schema),
            output = Show.Schema(loaded.Transform(data).Schema),
            rows = Show.Rows(loaded.Transform(data)),
            keyValues = Show.Annotation(loaded.Transform(data).Schema["Key"], "KeyValues"),
        };
    }

    public static object? RoundTripByStream()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        var stream = new MemoryStream();
        ml.Model.Save(ChainExamples.Pipeline(ml).Fit(data), data.Schema, stream);
        bool canRead = stream.CanRead;
        stream.Position = 0;
        ITransformer loaded = ml.Model.Load(stream, out DataViewSchema schema);
        return new { canRead, canReadAfterLoad = stream.CanRead, schema = Show.Schema(schema), values = Show.Values(loaded.Transform(data), "Value") };
    }

    public static object? SingleTransformer()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        var stream = new MemoryStream();
        ml.Model.Save(ml.Transforms.CopyColumns("Copy", "Text").Fit(data), data.Schema, stream);
        stream.Position = 0;
        ITransformer loaded = ml.Model.Load(stream, out DataViewSchema _);
        return new { kind = loaded.GetType().Name, values = Show.Values(loaded.Transform(data), "Copy") };
    }

    public static object? NullSchema()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        var stream = new MemoryStream();
        ml.Model.Save(ChainExamples.Pipeline(ml).Fit(data), null, stream);
        stream.Position = 0;
        ITransformer loaded = ml.Model.Load(stream, out DataViewSchema schema);
        return new { schemaIsNull = schema is null, values = Show.Values(loaded.Transform(data), "Value") };
    }

    private sealed class Annotated
    {
        public string Text { get; set; } = "a";

        [KeyType(5)]
        public uint Key { get; set; }

        [VectorType(2)]
        public float[] Two { get; set; } = [1, 2];

        public string[] Words { get; set; } = ["w"];
        public bool Flag { get; set; }
        public DateTime Date { get; set; }
    }

    public static object? SchemaKeepsTypesAndAnnotations()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ml.Data.LoadFromEnumerable([new Annotated { Key = 1 }]);
        IDataView keyed = ml.Transforms.Conversion.MapValueToKey("Text").Append(ml.Transforms.Concatenate("F", "Two")).Fit(data).Transform(data);
        var stream = new MemoryStream();
        ml.Model.Save(ml.Transforms.CopyColumns("Copy", "Text").Fit(keyed), keyed.Schema, stream);
        stream.Position = 0;
        ml.Model.Load(stream, out DataViewSchema schema);
        return new { saved = Show.Schema(keyed.Schema), loaded = Show.Schema(schema), keyValues = Show.Annotation(schema["Text"], "KeyValues") };
    }

    public static object? ZipEntries()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        var stream = new MemoryStream();
        ml.Model.Save(ChainExamples.Pipeline(ml).Fit(data), data.Schema, stream);
        stream.Position = 0;
        using var zip = new ZipArchive(stream);
        return zip.Entries.Select(e => e.FullName).Order(StringComparer.Ordinal);
    }

    public static object? VersionEntry()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        var stream = new MemoryStream();
        ml.Model.Save(ml.Transforms.CopyColumns("Copy", "Text").Fit(data), data.Schema, stream);
        stream.Position = 0;
        using var zip = new ZipArchive(stream);
        using var reader = new StreamReader(zip.Entries.Single(e => e.Name == "Version.txt").Open());
        return reader.ReadToEnd().Trim().Split('+', '-')[0];
    }

    public static object? SavingTwiceGivesTheSameEntries()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        ITransformer model = ChainExamples.Pipeline(ml).Fit(data);
        Dictionary<string, string> Entries()
        {
            var stream = new MemoryStream();
            ml.Model.Save(model, data.Schema, stream);
            stream.Position = 0;
            using var zip = new ZipArchive(stream);
            return zip.Entries.ToDictionary(e => e.FullName, e =>
            {
                using Stream entry = e.Open();
                var bytes = new MemoryStream();
                entry.CopyTo(bytes);
                return Convert.ToHexString(bytes.ToArray());
            });
        }
        return Entries().OrderBy(e => e.Key).SequenceEqual(Entries().OrderBy(e => e.Key));
    }

    public static object? SaveOverwrites()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        using var folder = new TempFolder();
        folder.Write("model.zip", new string('x', 100_000));
        ml.Model.Save(ml.Transforms.CopyColumns("Copy", "Text").Fit(data), data.Schema, folder["model.zip"]);
        return ml.Model.Load(folder["model.zip"], out DataViewSchema _).GetType().Name;
    }

    public static object? LoadErrors()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        using var folder = new TempFolder();
        ml.Model.Save(ChainExamples.Pipeline(ml).Fit(data), data.Schema, folder["model.zip"]);
        byte[] whole = File.ReadAllBytes(folder["model.zip"]);
        File.WriteAllBytes(folder["half.zip"], whole[..(whole.Length / 2)]);
        File.WriteAllText(folder["text.zip"], "this is no archive");
        File.WriteAllBytes(folder["nothing.zip"], []);
        using (ZipArchive zip = ZipFile.Open(folder["other.zip"], ZipArchiveMode.Create))
            zip.CreateEntry("readme.txt").Open().Dispose();
        object? Load(string name) => folder.Try(() => ml.Model.Load(folder[name], out DataViewSchema _).GetType().Name);
        return new
        {
            missing = Load("nope.zip"),
            missingFolder = Load("no/such/model.zip"),
            half = Load("half.zip"),
            text = Load("text.zip"),
            nothing = Load("nothing.zip"),
            otherArchive = Load("other.zip"),
            nullPath = Try(() => ml.Model.Load((string)null!, out DataViewSchema _).GetType().Name),
            nullStream = Try(() => ml.Model.Load((Stream)null!, out DataViewSchema _).GetType().Name),
        };
    }

    public static object? SaveErrors()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        ITransformer model = ml.Transforms.CopyColumns("Copy", "Text").Fit(data);
        using var folder = new TempFolder();
        return new
        {
            nullModel = Try(() => ml.Model.Save(null!, data.Schema, new MemoryStream())),
            nullStream = Try(() => ml.Model.Save(model, data.Schema, (Stream)null!)),
            readOnlyStream = Try(() => ml.Model.Save(model, data.Schema, new MemoryStream([], writable: false))),
            missingFolder = folder.Try(() =>
            {
                ml.Model.Save(model, data.Schema, folder["no/such/model.zip"]);
                return "no exception";
            }),
        };
    }

    public static object? DamagedEntry()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ChainExamples.Data(ml);
        var stream = new MemoryStream();
        ml.Model.Save(ChainExamples.Pipeline(ml).Fit(data), data.Schema, stream);
        string key;
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Update, leaveOpen: true))
        {
            ZipArchiveEntry entry = zip.Entries.First(e => e.FullName.EndsWith("Transform_000/Model.key", StringComparison.Ordinal));
            key = entry.FullName;
            entry.Delete();
            using Stream replacement = zip.CreateEntry(key).Open();
            replacement.Write(new byte[64]);
        }
        stream.Position = 0;
        return new { key, error = ErrorType(() => ml.Model.Load(stream, out DataViewSchema _)) };
    }
}
