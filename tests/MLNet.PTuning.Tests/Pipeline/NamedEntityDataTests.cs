// Data for ML.NET's own NamedEntityRecognition, as its samples and Model Builder have them, are trained on, saved, loaded and predicted without a change.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using Microsoft.ML.Transforms.Text;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class NamedEntityDataTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<string> _log = [];

    public NamedEntityDataTests() => _ml.Log += (_, e) => _log.Add(e.Message);

    private sealed class Named
    {
        public string Sentence { get; set; } = "";
        public string[] Label { get; set; } = [];
    }

    // What Model Builder generates: columns after the sentence are labels, as many as the longest row has.
    private sealed class NamedLine
    {
        [LoadColumn(0)]
        public string Sentence { get; set; } = "";

        [LoadColumn(1, 7), VectorType(7)]
        public string[] Label { get; set; } = [];
    }

    private sealed class Key
    {
        [LoadColumn(0)]
        public string Label { get; set; } = "";
    }

    private sealed class Found
    {
        public string[] PredictedLabel { get; set; } = [];
    }


    private static readonly Named[] Rows =
    [
        .. Enumerable.Range(0, 8).SelectMany(i => new Named[]
        {
            new() { Sentence = "we saw good and bad", Label = ["0", "0", "PERSON", "0", "CITY"] },
            new() { Sentence = "bad day", Label = ["CITY", "0"] },
            new() { Sentence = "the film was good.", Label = ["0", "0", "0", "PERSON"] },
            new() { Sentence = "it is", Label = ["0", "0"] },
        }),
    ];

    // The labels of the samples: words outside entities have one that the key file lacks.
    private static readonly string[] Keys = ["PERSON", "CITY", "COUNTRY"];

    [Fact]
    public void Labels_that_the_key_file_lacks_are_outside_entities_from_training_to_a_loaded_engine()
    {
        var data = _ml.Data.LoadFromEnumerable(Rows);
        var model = Pipeline(Options()).Fit(data);
        Assert.Equal("PERSON CITY COUNTRY O", string.Join(' ', Labeler(model).ClassNames));
        Assert.Contains(_log, m => m.Contains("72 of 104 words have no label") && m.Contains("labeled O") && m.Contains("NamedEntityRecognition"));
        Assert.DoesNotContain(_log, m => m.Contains("left out"));

        _ml.Model.SaveSafely(model, data.Schema, _folder.At("model.zip"));
        var loaded = new MLContext().Model.Load(_folder.At("model.zip"), out _);
        using var engine = _ml.Model.CreatePredictionEngine<Named, Found>(loaded);
        Assert.Equal("O O PERSON O CITY", Predict("we saw good and bad"));
        // Split as in training: a mark is no word of its own.
        Assert.Equal(4, Predict("the film was good.").Split(' ').Length);
        Assert.Equal("O O", Predict("it is"));
        Assert.All(Rows.Zip(_ml.Data.CreateEnumerable<Found>(loaded.Transform(data), reuseRowObject: false)), pair => Assert.Equal(pair.First.Label.Length, pair.Second.PredictedLabel.Length));

        string Predict(string sentence) => string.Join(' ', engine.Predict(new Named { Sentence = sentence }).PredictedLabel);
    }

    [Fact]
    public void Words_that_are_outside_count_in_the_scores()
    {
        var data = _ml.Data.LoadFromEnumerable(Rows);
        using var labeler = Labeler(Pipeline(Options()).Fit(data));
        var keyed = _ml.Transforms.Conversion.MapValueToKey("Label", keyData: KeyData()).Fit(data).Transform(data);
        var metrics = _ml.MulticlassClassification.EvaluateTokenLabels(labeler.Transform(keyed));
        Assert.Equal(0, metrics.WordsLeftOut);
        Assert.Equal(104, _ml.MulticlassClassification.EvaluateCalibration(labeler.Transform(keyed)).Predictions);
    }

    [Fact]
    public void A_file_whose_rows_have_fewer_labels_than_columns_is_read_as_it_is()
    {
        File.WriteAllLines(_folder.At("train.tsv"), Rows.Select(row => string.Join('\t', [row.Sentence, .. row.Label])));
        File.WriteAllLines(_folder.At("keys.txt"), Keys);
        var data = _ml.Data.LoadFromTextFile<NamedLine>(_folder.At("train.tsv"));
        using var model = _ml.Transforms.Conversion.MapValueToKey("Label", keyData: _ml.Data.LoadFromTextFile<Key>(_folder.At("keys.txt"))).Append(_ml.Transforms.PTuningV2LabelTokens(Options())).Fit(data);
        using var alone = Labeler(Pipeline(Options()).Fit(_ml.Data.LoadFromEnumerable(Rows)));
        Assert.Equal(SavedWeights.Of(alone), SavedWeights.Of(model.LastTransformer));
        Assert.Equal(0, _ml.MulticlassClassification.EvaluateTokenLabels(model.Transform(data)).WordsLeftOut);
    }

    // Model Builder's pipeline removes punctuation: of a word that is nothing else a blank is left, and its label.
    [Fact]
    public void Labels_of_words_that_NormalizeText_removed_are_left_out()
    {
        Named[] rows = [new() { Sentence = "good , and bad .", Label = ["PERSON", "0", "0", "CITY", "0"] }, .. Rows];
        var data = _ml.Data.LoadFromEnumerable(rows);
        var options = Options();
        using var model = _ml.Transforms.Text.NormalizeText("Sentence", "Sentence", TextNormalizingEstimator.CaseMode.None, keepDiacritics: false, keepPunctuations: false, keepNumbers: true).Append(Pipeline(options)).Fit(data);
        var found = _ml.Data.CreateEnumerable<Found>(model.Transform(data), reuseRowObject: false).First();
        Assert.Equal(["PERSON", "O", "CITY"], found.PredictedLabel);
    }

    [Fact]
    public void Too_few_labels_are_an_error_and_so_are_too_many()
    {
        Assert.Contains("Row 1 has 3 words, but 2 labels", Error(["PERSON", "0"]));
        Assert.Contains("Row 1 has 3 words, but 4 labels", Error(["PERSON", "0", "0", "CITY"]));

        string Error(string[] labels) => Assert.Throws<ArgumentException>(() => Pipeline(Options()).Fit(_ml.Data.LoadFromEnumerable([new Named { Sentence = "good and bad", Label = labels }, .. Rows]))).Message;
    }

    [Fact]
    public void Keys_with_an_outside_label_stay_as_they_are_and_further_missing_labels_are_left_out()
    {
        using var labeler = Labeler(Pipeline(Options(), [.. Keys, "0"]).Fit(_ml.Data.LoadFromEnumerable([new Named { Sentence = "so good", Label = ["", "PERSON"] }, .. Rows])));
        Assert.Equal("PERSON CITY COUNTRY 0", string.Join(' ', labeler.ClassNames));
    }

    [Fact]
    public void Keys_that_are_numbers_have_0_for_words_outside()
    {
        var data = _ml.Data.LoadFromEnumerable(Rows.Select(row => new { row.Sentence, Label = Array.ConvertAll(row.Label, label => label == "PERSON" ? 7 : label == "CITY" ? 9 : -1) }));
        var keys = _ml.Data.LoadFromEnumerable(new[] { 7, 9 }.Select(number => new { Number = number }));
        var options = Options();
        options.PredictedLabelColumnName = "Predictions";
        using var labeler = _ml.Transforms.Conversion.MapValueToKey("Label", keyData: keys).Append(_ml.Transforms.PTuningV2LabelTokens(options)).Fit(data).LastTransformer;
        Assert.Equal(["7", "9", "0"], labeler.ClassNames);
    }

    [Fact]
    public void A_validation_set_with_missing_keys_is_scored_on_all_words()
    {
        var data = _ml.Data.LoadFromEnumerable(Rows);
        var keyed = _ml.Transforms.Conversion.MapValueToKey("Label", keyData: KeyData()).Fit(data).Transform(data);
        var options = Options();
        (options.ValidationSet, options.CalibrateOn) = (keyed, CalibrationRows.Validation);
        using var labeler = _ml.Transforms.PTuningV2LabelTokens(options).Fit(keyed);
        Assert.Equal(104, labeler.Report!.Calibration!.After.Predictions);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    private TokenLabelingOptions Options()
    {
        var options = Sentences.Options(_backbone);
        options.WordsColumnName = "Sentence";
        return options;
    }

    private IDataView KeyData(string[]? keys = null) => _ml.Data.LoadFromEnumerable((keys ?? Keys).Select(key => new Key { Label = key }));

    private EstimatorChain<KeyToValueMappingTransformer> Pipeline(TokenLabelingOptions options, string[]? keys = null) =>
        _ml.Transforms.Conversion.MapValueToKey("Label", keyData: KeyData(keys)).Append(_ml.Transforms.PTuningV2LabelTokens(options)).Append(_ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));

    private static PTuningTokenLabelingTransformer Labeler(IEnumerable<ITransformer> chain) => chain.OfType<PTuningTokenLabelingTransformer>().Single();
}
