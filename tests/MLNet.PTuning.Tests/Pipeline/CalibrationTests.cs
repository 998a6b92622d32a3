// Calibration on validation rows: labels stay, probabilities are the same in every way of prediction, and every way of training either calibrates or says why not.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class CalibrationTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<Review> _rows = Reviews.Rows(40), _heldOut = Unsure(Reviews.Rows(25, seed: 2)), _test = Reviews.Rows(12, seed: 3);
    private readonly List<string> _log = [];

    public CalibrationTests() => _ml.Log += (_, e) => _log.Add(e.Message);

    [Fact]
    public void Held_out_labels_become_more_likely_and_predicted_labels_stay()
    {
        using var plain = Reviews.Train(Options(CalibrationRows.None), _rows);
        using var calibrated = Reviews.Train(Options(CalibrationRows.Validation), _rows);
        Assert.Null(plain.Report!.Calibration);
        var calibration = calibrated.Report!.Calibration!;
        Assert.NotEqual(1, calibration.Temperature);
        Assert.True(calibration.After.LogLoss < calibration.Before.LogLoss);
        Assert.Equal(calibration.Before.Accuracy, calibration.After.Accuracy);
        Assert.Contains("temperature", calibrated.Report.ToString());
        Assert.Equal(Reviews.Predict(plain, _test).Select(p => p.PredictedLabel), Reviews.Predict(calibrated, _test).Select(p => p.PredictedLabel));
        Assert.All(Reviews.Predict(plain, _test).Zip(Reviews.Predict(calibrated, _test)), pair =>
            Assert.Equal(LogOdds(pair.First.Score) / calibration.Temperature, LogOdds(pair.Second.Score), 1e-3));
        AssertReported(plain, calibration.Before);
        AssertReported(calibrated, calibration.After);
    }

    [Fact]
    public void A_finished_run_is_calibrated_from_its_checkpoint_without_a_step()
    {
        using var alone = Reviews.Train(Options(CalibrationRows.Validation), _rows);
        using var plain = Reviews.Train(Options(CalibrationRows.None, o => o.CheckpointPath = _folder.At("run.ckpt")), _rows);
        int steps = 0;
        using var resumed = Reviews.Train(Options(CalibrationRows.Validation, o => (o.ResumeFrom, o.Progress) = (_folder.At("run.ckpt"), new Each(() => steps++))), _rows);
        Assert.Equal(0, steps);
        Assert.Equal(SavedWeights.Of(alone), SavedWeights.Of(resumed));
        Assert.Equal(alone.Report!.Calibration!.Temperature, resumed.Report!.Calibration!.Temperature);
        Assert.NotEqual(SavedWeights.Of(plain), SavedWeights.Of(resumed));
    }

    [Fact]
    public async Task Every_way_of_prediction_gives_the_same_probabilities_to_the_bit()
    {
        using var model = Reviews.Train(Options(CalibrationRows.Validation), _rows);
        var expected = Reviews.Predict(model, _test).Select(p => p.Score).ToList();

        _ml.Model.Save(model, null, _folder.At("model.zip"));
        using var loaded = (PTuningClassificationTransformer)_ml.Model.Load(_folder.At("model.zip"), out _);
        Assert.Equal(expected, Reviews.Predict(loaded, _test).Select(p => p.Score));
        Assert.Equal(model.Report!.Calibration!.Temperature, loaded.Report!.Calibration!.Temperature);
        Assert.Equal(model.Report.Calibration.After.Bins, loaded.Report.Calibration.After.Bins);

        var engine = _ml.Model.CreatePredictionEngine<Review, Predicted>(loaded, new PredictionEngineOptions { OwnsTransformer = false });
        Assert.Equal(expected, _test.Select(row => engine.Predict(row).Score));

        // Beside a task of words, in the same passes.
        using var labeler = _ml.Transforms.Conversion.MapValueToKey("Label").Append(_ml.Transforms.PTuningV2LabelTokens(new TokenLabelingOptions(_backbone.Path) { Method = new DeepPrompt { Length = 3 }, Epochs = 1 }))
            .Fit(_ml.Data.LoadFromEnumerable(Sentences.Rows(8))).LastTransformer;
        var rows = _ml.Data.LoadFromEnumerable(_test.SelectMany(row => new[] { new TaskText { Task = "reviews", Text = row.Text }, new TaskText { Task = "words", Words = ["a", "good", "film"] } }));
        using var byTask = _ml.Transforms.PTuningV2ByTask("Task", new Dictionary<string, ITransformer> { ["reviews"] = model, ["words"] = labeler }).Fit(rows);
        var scored = byTask.Transform(rows);
        string score = Assert.Single(scored.Schema, column => column.Name.Contains("reviews", StringComparison.Ordinal) && column.Name.Contains("Score", StringComparison.Ordinal)).Name;
        Assert.Equal(expected, scored.GetColumn<float[]>(score).Where((_, i) => i % 2 == 0));

        await using var server = new PromptServer();
        server.Add("reviews", model);
        server.Add("words", labeler);
        var answers = await Task.WhenAll(_test.Select(row => server.PredictAsync("reviews", row.Text!)));
        Assert.Equal(expected, answers.Select(answer => answer.Scores.Select(s => s.Probability).ToArray()));
    }

    [Fact]
    public void A_PEFT_folder_has_the_temperature_in_its_head()
    {
        using var model = Reviews.Train(Options(CalibrationRows.Validation), _rows);
        PeftFolder.Save(model, _folder.Path);
        using var loaded = _ml.Transforms.PTuningV2ClassifyFromPeft(_backbone.Path, _folder.Path).Model;
        Assert.Equal(Reviews.Scores(model, _test), Reviews.Scores(loaded, _test));
    }

    [Fact]
    public void In_binary_form_probability_and_log_odds_change_together()
    {
        using var plain = Reviews.Train(Options(CalibrationRows.None, o => o.ProbabilityColumnName = "Probability"), _rows);
        using var calibrated = Reviews.Train(Options(CalibrationRows.Validation, o => o.ProbabilityColumnName = "Probability"), _rows);
        double temperature = calibrated.Report!.Calibration!.Temperature;
        Assert.All(Judge(plain).Zip(Judge(calibrated)), pair =>
        {
            Assert.Equal(pair.First.Score / temperature, pair.Second.Score, 1e-3);
            Assert.Equal(1 / (1 + Math.Exp(-pair.Second.Score)), pair.Second.Probability, 1e-5);
        });
        var data = Keys(_heldOut, calibrated);
        Assert.Equal(calibrated.Report.Calibration.After.ExpectedCalibrationError, _ml.MulticlassClassification.EvaluateCalibration(data, probabilityColumnName: "Probability").ExpectedCalibrationError, 1e-4);
        Assert.Contains("give Probability", Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.EvaluateCalibration(data)).Message);

        List<Judged> Judge(ITransformer model) => [.. _ml.Data.CreateEnumerable<Judged>(model.Transform(_ml.Data.LoadFromEnumerable(_test)), reuseRowObject: false)];
    }

    [Fact]
    public void A_verbalizer_is_divided_by_the_temperature_that_its_file_says()
    {
        using var decoder = new TinyDecoder();
        var options = new TextClassificationOptions(decoder.Path)
        {
            Method = new DeepPrompt { Length = 4 }, Epochs = 6, LearningRate = 0.05, BatchSize = 8, CalibrateOn = CalibrationRows.Validation, ValidationSet = _ml.Data.LoadFromEnumerable(_heldOut),
            Verbalizer = new Verbalizer { Words = { ["positive"] = ["good"], ["negative"] = ["bad"] }, Template = "{text} it was {mask}" },
        };
        using var calibrated = Reviews.Train(options, _rows);
        options.CalibrateOn = CalibrationRows.None;
        using var plain = Reviews.Train(options, _rows);
        float[] expected = Reviews.Scores(calibrated, _test);
        Assert.NotEqual(Reviews.Scores(plain, _test), expected);
        Assert.Equal(SavedWeights.Of(plain), SavedWeights.Of(calibrated));
        AssertReported(calibrated, calibrated.Report!.Calibration!.After);

        _ml.Model.Save(calibrated, null, _folder.At("model.zip"));
        using var loaded = _ml.Model.Load(_folder.At("model.zip"), out _) as IDisposable;
        Assert.Equal(expected, Reviews.Scores((ITransformer)loaded!, _test));
        calibrated.Dispose();
        Assert.Equal(expected, Reviews.Scores(calibrated, _test));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Words_get_the_same_labels(bool constrained)
    {
        using var plain = Sentences.Train(Label(CalibrationRows.None), Sentences.Rows(32));
        using var calibrated = Sentences.Train(Label(CalibrationRows.Validation), Sentences.Rows(32));
        var calibration = calibrated.Report!.Calibration!;
        Assert.NotEqual(1, calibration.Temperature);
        var test = Sentences.Rows(20, seed: 3);
        Assert.Equal(Sentences.Labels(plain, test), Sentences.Labels(calibrated, test));
        var measured = _ml.MulticlassClassification.EvaluateCalibration(calibrated.Transform(_ml.Data.LoadFromEnumerable(Mislabeled())));
        Assert.Equal(calibration.After.Predictions, measured.Predictions);
        Assert.Equal(calibration.After.ExpectedCalibrationError, measured.ExpectedCalibrationError, 1e-3);
        Assert.Equal(calibration.After.LogLoss, measured.LogLoss, 1e-3);

        TokenLabelingOptions Label(CalibrationRows rows)
        {
            var options = Sentences.Options(_backbone);
            (options.Epochs, options.CalibrateOn, options.Constrained, options.ValidationSet) = (4, rows, constrained, _ml.Data.LoadFromEnumerable(Mislabeled()));
            return options;
        }
    }

    [Fact]
    public void Choices_are_calibrated_among_each_other()
    {
        Asked[] asked = [.. Enumerable.Range(0, 30).Select(i => new Asked { Premise = i % 2 == 0 ? "the film" : "it", Choices = i % 3 == 0 ? ["good", "bad"] : ["dull", "awful", "great"], Label = i % 3 == 0 ? 0 : 2 })];
        Asked[] unsure = [.. asked.Select((row, i) => new Asked { Premise = row.Premise, Choices = row.Choices, Label = i % 4 == 0 ? 1 : row.Label })];
        var options = new MultipleChoiceOptions(_backbone.Path) { Method = new DeepPrompt { Length = 4 }, Epochs = 12, LearningRate = 0.05, BatchSize = 8, CalibrateOn = CalibrationRows.Validation, ValidationSet = _ml.Data.LoadFromEnumerable(unsure) };
        using var model = _ml.Transforms.PTuningV2Choose(options).Fit(_ml.Data.LoadFromEnumerable(asked));
        var calibration = model.Report!.Calibration!;
        Assert.True(calibration.After.LogLoss < calibration.Before.LogLoss);
        var scored = model.Transform(_ml.Data.LoadFromEnumerable(unsure));
        var measured = _ml.MulticlassClassification.EvaluateCalibration(scored);
        Assert.Equal(calibration.After.LogLoss, measured.LogLoss, 1e-3);
        Assert.Equal(_ml.MulticlassClassification.EvaluateChoices(scored).LogLoss, measured.LogLoss, 1e-6);
    }

    [Fact]
    public void Tasks_that_are_trained_together_are_calibrated_each_on_its_own_rows()
    {
        var keys = _ml.Transforms.Conversion.MapValueToKey("Label");
        var (rows, sentences) = (_ml.Data.LoadFromEnumerable(_rows), _ml.Data.LoadFromEnumerable(Sentences.Rows(16)));
        var options = new MultiTaskOptions(_backbone.Path)
        {
            Method = new DeepPrompt { Length = 4 }, Epochs = 4, LearningRate = 0.05, BatchSize = 8,
            Tasks =
            [
                new("calibrated", new TextClassificationOptions(_backbone.Path) { CalibrateOn = CalibrationRows.Validation, ValidationSet = _ml.Data.LoadFromEnumerable(_heldOut) }, keys.Fit(rows).Transform(rows)),
                new("plain", new TokenLabelingOptions(_backbone.Path), keys.Fit(sentences).Transform(sentences)),
            ],
        };
        using var model = _ml.Transforms.PTuningV2MultiTask(options).Fit();
        var calibrated = (PTuningClassificationTransformer)model.Transformers["calibrated"];
        AssertReported(calibrated, calibrated.Report!.Calibration!.After);
        Assert.NotEqual(1, calibrated.Report.Calibration.Temperature);
        Assert.Null(((PTuningTransformer)model.Transformers["plain"]).Report!.Calibration);
        options.CalibrateOn = CalibrationRows.Validation;
        Assert.Contains("set it in the options of the tasks", Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2MultiTask(options)).Message);
    }

    [Fact]
    public void The_model_of_a_search_is_calibrated_as_a_single_training_is()
    {
        var search = new PromptSearchOptions { Lengths = [2, 4], LearningRates = [0.05], Dropouts = [0], Reparameterize = [false], Trials = 2, Reduction = 2 };
        var found = _ml.Transforms.Conversion.MapValueToKey("Label").Append(_ml.Transforms.PTuningV2Search(Options(CalibrationRows.Validation), search)).Fit(_ml.Data.LoadFromEnumerable(_rows)).LastTransformer;
        using (found)
        {
            var best = found.SearchReport!.Best;
            using var alone = Reviews.Train(Options(CalibrationRows.Validation, o => (o.Method, o.Epochs, o.Seed) = (found.Method, best.Epochs, best.Setting.Seed)), _rows);
            Assert.Equal(SavedWeights.Of(alone), SavedWeights.Of(found));
            AssertReported(found, found.Report!.Calibration!.After);
        }
    }

    [Fact]
    public void A_share_of_the_rows_is_held_out_and_calibrated_on()
    {
        using var model = Reviews.Train(Options(CalibrationRows.Validation, o => (o.ValidationSet, o.ValidationShare) = (null, 0.25)), Unsure(_rows));
        Assert.Equal(30, model.Report!.Rows);
        Assert.Equal(10, model.Report.Calibration!.After.Predictions);
    }

    [Fact]
    public void Rows_that_are_all_right_change_nothing_and_are_warned_of()
    {
        var options = Options(CalibrationRows.Validation, o => (o.Epochs, o.ValidationSet) = (30, _ml.Data.LoadFromEnumerable(Reviews.Rows(1))));
        using var model = Reviews.Pipeline(_ml, options).Fit(_ml.Data.LoadFromEnumerable(_rows)).LastTransformer;
        Assert.Equal(1, model.Report!.Calibration!.After.Accuracy);
        Assert.Equal(1, model.Report.Calibration.Temperature);
        Assert.Contains(_log, m => m.Contains("All 1 predictions") && m.Contains("temperature 1"));
    }

    [Fact]
    public void Calibration_without_held_out_rows_or_for_a_task_without_classes_is_refused()
    {
        Assert.Contains("set ValidationShare or ValidationSet", Refused(() => _ml.Transforms.PTuningV2Classify(Options(CalibrationRows.Validation, o => o.ValidationSet = null))));
        Assert.Contains("CalibrateOn must be one of None, Validation", Refused(() => _ml.Transforms.PTuningV2Classify(Options((CalibrationRows)7))));
        Assert.Contains("among the answers of all windows", Refused(() => _ml.Transforms.PTuningV2AnswerQuestions(new QuestionAnsweringOptions(_backbone.Path) { CalibrateOn = CalibrationRows.Validation, ValidationShare = 0.1 })));
        Assert.Contains("CalibrateOn has no effect for writing", Refused(() => _ml.Transforms.PTuningV2Generate(new TextGenerationOptions(_backbone.Path) { CalibrateOn = CalibrationRows.Validation, ValidationShare = 0.1 })));

        static string Refused(Action create) => Assert.ThrowsAny<ArgumentException>(create).Message;
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    // Every fifth label is the other one's, so that no model that has learned the others may be sure.
    private static List<Review> Unsure(List<Review> rows) => [.. rows.Select((row, i) => new Review { Text = row.Text, Other = row.Other, Label = i % 5 > 0 ? row.Label : row.Label == "positive" ? "negative" : "positive" })];

    private static List<Sentence> Mislabeled() => [.. Sentences.Rows(16, seed: 2).Select((row, i) => Sentences.Of(row.Words, i % 3 > 0 ? row.Label : [.. row.Label.Select(_ => "O")]))];

    private TextClassificationOptions Options(CalibrationRows rows, Action<TextClassificationOptions>? set = null)
    {
        var options = Reviews.QuickOptions(_backbone);
        (options.CalibrateOn, options.ValidationSet) = (rows, _ml.Data.LoadFromEnumerable(_heldOut));
        set?.Invoke(options);
        return options;
    }

    // Predictions of the held-out rows have the scores that the report says.
    private void AssertReported(PTuningClassificationTransformer model, CalibrationMetrics reported)
    {
        var measured = _ml.MulticlassClassification.EvaluateCalibration(Keys(_heldOut, model));
        Assert.Equal(reported.Predictions, measured.Predictions);
        Assert.Equal(reported.Accuracy, measured.Accuracy, 1e-9);
        Assert.Equal(reported.LogLoss, measured.LogLoss, 1e-4);
        Assert.Equal(reported.ExpectedCalibrationError, measured.ExpectedCalibrationError, 1e-4);
    }

    // Labels as keys in the model's order.
    private IDataView Keys(IEnumerable<Review> rows, PTuningClassificationTransformer model)
    {
        var data = model.Transform(_ml.Data.LoadFromEnumerable(rows));
        return _ml.Transforms.Conversion.MapValueToKey("Label", keyData: _ml.Data.LoadFromEnumerable(model.ClassNames.Select(name => new { Name = name }))).Fit(data).Transform(data);
    }

    private static double LogOdds(float[] probabilities) => Math.Log(probabilities[1]) - Math.Log(probabilities[0]);

    private sealed class Judged
    {
        public float Score { get; set; }
        public float Probability { get; set; }
    }

    private sealed class Asked
    {
        public string Premise { get; set; } = "";
        public string[] Choices { get; set; } = [];
        public float Label { get; set; }
    }

    private sealed class Each(Action report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report();
    }
}
