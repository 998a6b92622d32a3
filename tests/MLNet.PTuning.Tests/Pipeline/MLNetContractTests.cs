// Behavior of ML.NET that this library depends on and that is not documented: internals, the model file's layout, annotations, evaluation by column name.
using System.IO.Compression;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class MLNetContractTests(TrainedModel model) : IClassFixture<TrainedModel>
{
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void A_catalogs_environment_has_the_contexts_seed_and_device_settings()
    {
        var ml = new MLContext(seed: 7) { GpuDeviceId = 99, FallbackToCpu = true };
        Assert.Equal(7, MLNetInternals.SeedOf(MLNetInternals.EnvironmentOf(ml.Transforms)));
        Assert.Equal(TorchSharp.DeviceType.CPU, MLNetInternals.DeviceOf(MLNetInternals.EnvironmentOf(ml.Data)).type);
        ml.FallbackToCpu = false;
        Assert.Throws<InvalidOperationException>(() => MLNetInternals.DeviceOf(MLNetInternals.EnvironmentOf(ml.Data)));
        Assert.Null(MLNetInternals.SeedOf(new MLContext()));
    }

    [Fact]
    public void Each_step_of_a_saved_chain_has_a_folder_whose_model_key_names_the_assembly_of_its_loader()
    {
        using var zip = new ZipArchive(Saved(model.Chain));
        var key = zip.Entries.Single(e => e.FullName.Replace('\\', '/') == "TransformerChain/Transform_001/Model.key");
        using var reader = new StreamReader(key.Open(), Encoding.Latin1);
        string header = reader.ReadToEnd();
        Assert.Contains("PTUNINGM", header);
        Assert.Contains(PTuningClassificationTransformer.LoaderSignature, header);
        Assert.Contains(Encoding.Latin1.GetString(Encoding.Unicode.GetBytes(typeof(PTuningClassificationTransformer).Assembly.FullName!)), header);
    }

    [Fact]
    public void A_model_of_a_later_version_is_refused_and_not_misread()
    {
        var file = Saved(model.Classifier);
        using (var zip = new ZipArchive(file, ZipArchiveMode.Update, leaveOpen: true))
        {
            var entry = zip.Entries.Single(e => e.Name == "Model.key");
            var bytes = new MemoryStream();
            using (var stream = entry.Open()) stream.CopyTo(bytes);
            byte[] header = bytes.ToArray();
            int at = header.AsSpan().IndexOf("PTUNINGM"u8);
            // The header's versions (written by, readable by) follow the signature.
            BitConverter.GetBytes(0x00020001).CopyTo(header, at + 8);
            BitConverter.GetBytes(0x00020001).CopyTo(header, at + 12);
            using var changed = entry.Open();
            changed.Write(header);
        }
        file.Position = 0;
        Assert.ThrowsAny<Exception>(() => _ml.Model.Load(file, out _));
    }

    public static TheoryData<string> KeyTypes => ["Text", "Number", "Flag", "Day"];

    [Theory]
    [MemberData(nameof(KeyTypes))]
    public void Key_values_of_every_type_are_read_from_their_binary_form(string column)
    {
        var data = _ml.Data.LoadFromEnumerable([new Row { Text = "a", Number = 1.5f, Flag = true, Day = new DateTime(2020, 2, 29) }, new Row { Text = "ü b", Number = -2 }]);
        var keyed = _ml.Transforms.Conversion.MapValueToKey(column).Fit(data).Transform(data);
        var annotation = keyed.Schema[column].Annotations.Schema["KeyValues"];
        object[] expected = [.. Values((VectorDataViewType)annotation.Type, keyed.Schema[column])];
        Assert.NotEmpty(expected);
        var (type, values) = RoundTrip(column, keyed.Schema[column]);
        Assert.Equal(annotation.Type.ToString(), type.ToString());
        Assert.Equal(expected, values);
    }

    [Fact]
    public void MapValueToKey_makes_empty_and_missing_texts_missing_keys()
    {
        var data = _ml.Data.LoadFromEnumerable([new Row { Text = "a" }, new Row { Text = "" }, new Row { Text = null }]);
        var keyed = _ml.Transforms.Conversion.MapValueToKey("Text").Fit(data).Transform(data);
        Assert.Equal([1u, 0u, 0u], keyed.GetColumn<uint>("Text"));
    }

    [Fact]
    public void Evaluate_finds_columns_by_name_and_takes_class_names_from_the_scores_slots()
    {
        var predictions = model.Chain.Transform(model.Data);
        var metrics = _ml.MulticlassClassification.Evaluate(predictions);
        Assert.Equal(2, metrics.ConfusionMatrix.NumberOfClasses);
        foreach (string name in model.Classifier.ClassNames) Assert.Contains(name, metrics.ConfusionMatrix.GetFormattedConfusionTable());
    }

    [Fact]
    public void A_transformer_is_disposed_with_its_chain_and_with_an_engine_that_owns_it()
    {
        var spy = new DisposeSpy(_ml.Transforms.CopyColumns("Copy", "Text").Fit(_ml.Data.LoadFromEnumerable<Row>([])));
        new TransformerChain<ITransformer>(spy).Dispose();
        Assert.Equal(1, spy.Disposals);
        _ml.Model.CreatePredictionEngine<Row, Copied>(spy).Dispose();
        Assert.Equal(2, spy.Disposals);
        _ml.Model.CreatePredictionEngine<Row, Copied>(spy, new PredictionEngineOptions { OwnsTransformer = false }).Dispose();
        Assert.Equal(2, spy.Disposals);
    }

    private MemoryStream Saved(ITransformer transformer)
    {
        var file = new MemoryStream();
        _ml.Model.Save(transformer, model.Data.Schema, file);
        file.Position = 0;
        return file;
    }

    private (VectorDataViewType Type, object[] Values) RoundTrip(string column, DataViewSchema.Column keyed)
    {
        var stream = new MemoryStream();
        var type = (VectorDataViewType)keyed.Annotations.Schema["KeyValues"].Type;
        switch (column)
        {
            case "Text": Write<ReadOnlyMemory<char>>(); break;
            case "Number": Write<float>(); break;
            case "Flag": Write<bool>(); break;
            default: Write<DateTime>(); break;
        }
        stream.Position = 0;
        var (readType, values) = MLNetInternals.ReadVector(_ml, stream);
        return (readType, column switch
        {
            "Text" => Boxed((VBuffer<ReadOnlyMemory<char>>)values),
            "Number" => Boxed((VBuffer<float>)values),
            "Flag" => Boxed((VBuffer<bool>)values),
            _ => Boxed((VBuffer<DateTime>)values),
        });

        void Write<T>()
        {
            VBuffer<T> values = default;
            keyed.Annotations.GetValue("KeyValues", ref values);
            MLNetInternals.WriteVector(_ml, stream, type, values);
        }
    }

    private static object[] Values(VectorDataViewType type, DataViewSchema.Column keyed)
    {
        return type.ItemType switch
        {
            TextDataViewType => Read<ReadOnlyMemory<char>>(),
            BooleanDataViewType => Read<bool>(),
            DateTimeDataViewType => Read<DateTime>(),
            _ => Read<float>(),
        };

        object[] Read<T>()
        {
            VBuffer<T> values = default;
            keyed.Annotations.GetValue("KeyValues", ref values);
            return Boxed(values);
        }
    }

    private static object[] Boxed<T>(VBuffer<T> values) => [.. values.DenseValues().Select(v => v is ReadOnlyMemory<char> text ? text.ToString() : (object)v!)];

    private sealed class Row
    {
        public string? Text { get; set; }

        public float Number { get; set; }

        public bool Flag { get; set; }

        public DateTime Day { get; set; }
    }

    private sealed class Copied
    {
        public string? Copy { get; set; }
    }

    private sealed class DisposeSpy(ITransformer inner) : ITransformer, IDisposable
    {
        public int Disposals { get; private set; }

        public bool IsRowToRowMapper => inner.IsRowToRowMapper;

        public void Dispose() => Disposals++;

        public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => inner.GetOutputSchema(inputSchema);

        public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => inner.GetRowToRowMapper(inputSchema);

        public IDataView Transform(IDataView input) => inner.Transform(input);

        void ICanSaveModel.Save(ModelSaveContext context) => inner.Save(context);
    }
}
