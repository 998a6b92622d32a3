// Multiple choice as an app uses it: it learns, predicts in views and engines, is saved, searched and trained beside other tasks.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class ChoosingTests : IDisposable
{
    private static readonly string[] Right = ["good", "great", "fine"], Wrong = ["bad", "dull", "awful", "odd", "strange", "weird"], Subjects = ["the film", "a book", "the meal", "it", "the day"];

    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new(seed: 1);

    public static TheoryData<TuningMethod, Pooling> Methods => new()
    {
        { new DeepPrompt { Length = 4 }, Pooling.FirstToken },
        { new DeepPrompt { Length = 4 }, Pooling.Mean },
        { new DeepPrompt { Length = 4, Reparameterize = true, EncoderHiddenSize = 8 }, Pooling.FirstToken },
        { new SoftPrompt { Length = 4 }, Pooling.Mean },
        { new PTuningV1 { Template = "{prompt:2} {text} {prompt:1} {pair}" }, Pooling.FirstToken },
        { new BottleneckAdapter { Size = 4 }, Pooling.FirstToken },
        { new FullFineTuning(), Pooling.FirstToken },
    };

    [Theory]
    [MemberData(nameof(Methods))]
    public void The_right_one_of_any_number_of_choices_is_learned_and_a_loaded_model_chooses_alike(TuningMethod method, Pooling pooling)
    {
        var options = Options();
        (options.Method, options.Pooling) = (method, pooling);
        var data = _ml.Data.LoadFromEnumerable(Rows(60));
        using var model = _ml.Transforms.PTuningV2Choose(options).Fit(data);
        Assert.True(model.Report!.Epochs[^1].TrainingLoss < model.Report.Epochs[0].TrainingLoss);
        var test = _ml.Data.LoadFromEnumerable(Rows(40, seed: 2));
        var metrics = _ml.MulticlassClassification.EvaluateChoices(model.Transform(test));
        Assert.InRange(metrics.Accuracy, 0.8, 1);
        Assert.InRange(metrics.ChanceAccuracy, 0.2, 0.5);

        _ml.Model.SaveSafely(model, data.Schema, _folder.At("model.zip"));
        using var loaded = (PTuningMultipleChoiceTransformer)new MLContext().Model.Load(_folder.At("model.zip"), out _);
        Assert.Equal(Values.Rows(model.Transform(test), ["PredictedLabel", "Score"]), Values.Rows(loaded.Transform(test), ["PredictedLabel", "Score"]));
    }

    [Fact]
    public void An_engine_predicts_what_a_view_does_and_needs_no_label()
    {
        using var model = _ml.Transforms.PTuningV2Choose(Brief()).Fit(_ml.Data.LoadFromEnumerable(Rows(12)));
        var rows = Rows(9, seed: 3);
        var engine = _ml.Model.CreatePredictionEngine<Asked, Chosen>(model);
        foreach (var (row, expected) in rows.Zip(Predict(model, rows)))
        {
            var chosen = engine.Predict(new Asked { Premise = row.Premise, Choices = row.Choices });
            Assert.Equal(expected.Score, chosen.Score);
            Assert.Equal(expected.PredictedLabel, chosen.PredictedLabel);
            Assert.Equal(row.Choices.Length, chosen.Score.Length);
            Assert.Equal(1, chosen.Score.Sum(), 1e-5);
            Assert.Equal(chosen.Score.Max(), chosen.Score[chosen.PredictedLabel]);
        }
    }

    [Fact]
    public void The_order_of_the_choices_does_not_change_their_probabilities()
    {
        using var model = _ml.Transforms.PTuningV2Choose(Brief()).Fit(_ml.Data.LoadFromEnumerable(Rows(12)));
        var rows = Rows(20, seed: 4);
        var reversed = rows.Select(row => new ChoiceData { Premise = row.Premise, Choices = [.. row.Choices.Reverse()] });
        foreach (var (one, other) in Predict(model, rows).Zip(Predict(model, reversed)))
            Assert.All(one.Score.Zip(other.Score.Reverse()), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    [Fact]
    public void A_question_is_read_after_its_premise()
    {
        var options = Brief();
        options.QuestionColumnName = "Question";
        var rows = Rows(12);
        using var apart = _ml.Transforms.PTuningV2Choose(options).Fit(_ml.Data.LoadFromEnumerable(rows));
        options = Brief();
        using var together = _ml.Transforms.PTuningV2Choose(options).Fit(_ml.Data.LoadFromEnumerable(rows.Select(row => new ChoiceData { Premise = $"{row.Premise} {row.Question}", Choices = row.Choices, Label = row.Label })));
        Assert.Equal(SavedWeights.Of(together), SavedWeights.Of(apart));
        Assert.Contains("Question", Assert.Throws<ArgumentException>(() => apart.Transform(_ml.Data.LoadFromEnumerable(new[] { new Asked() }))).Message);
    }

    [Fact]
    public void None_and_one_choice_are_answered_without_an_error()
    {
        using var model = _ml.Transforms.PTuningV2Choose(Brief()).Fit(_ml.Data.LoadFromEnumerable(Rows(12)));
        var predicted = Predict(model, [new() { Premise = "it was" }, new() { Premise = "it was", Choices = ["good"] }, new() { Choices = ["", "good"] }]);
        Assert.Equal((-1, 0), (predicted[0].PredictedLabel, predicted[0].Score.Length));
        Assert.Equal((0, 1f), (predicted[1].PredictedLabel, Assert.Single(predicted[1].Score)));
        Assert.Equal(2, predicted[2].Score.Length);
        Assert.Empty(Predict(model, [new() { Premise = "it" }])[0].Score);
    }

    [Fact]
    public void Rows_without_a_label_or_with_one_choice_are_left_out_and_counted()
    {
        var warnings = new List<string>();
        _ml.Log += (_, e) => warnings.Add(e.Message);
        var rows = Rows(12);
        using var expected = _ml.Transforms.PTuningV2Choose(Brief()).Fit(_ml.Data.LoadFromEnumerable(rows));
        using var model = _ml.Transforms.PTuningV2Choose(Brief()).Fit(_ml.Data.LoadFromEnumerable(
            rows.Append(new() { Choices = ["good", "bad"], Label = -1 }).Append(new() { Choices = ["good", "bad"], Label = float.NaN }).Append(new() { Choices = ["good"], Label = 0 })));
        Assert.Equal(SavedWeights.Of(expected), SavedWeights.Of(model));
        Assert.Equal((12, 3), (model.Report!.Rows, model.Report.SkippedRows));
        Assert.Contains(warnings, w => w.Contains("2 of 15 rows have no label"));
        Assert.Contains(warnings, w => w.Contains("1 of 15 rows have a single choice"));
    }

    [Fact]
    public void Unknown_word_pieces_are_counted_without_the_special_tokens_of_each_choices_row()
    {
        var warnings = new List<string>();
        _ml.Log += (_, e) => warnings.Add(e.Message);
        ChoiceData[] rows = [new() { Premise = "xylem", Choices = ["quartz", "good"] }, new() { Premise = "it", Choices = ["good", "bad", "dull"], Label = 1 }];
        using var model = _ml.Transforms.PTuningV2Choose(Brief()).Fit(_ml.Data.LoadFromEnumerable(rows));
        Assert.Contains(warnings, w => w.Contains("3 of 10 word pieces"));
    }

    [Theory]
    [InlineData(2, "Row 3 has the label 2 in 'Label', but 2 choices in 'Choices'")]
    [InlineData(-2, "Row 3 has the label -2")]
    [InlineData(0.5f, "Row 3 has the label 0.5")]
    [InlineData(float.PositiveInfinity, "counted from 0")]
    public void A_label_that_is_no_index_of_the_choices_is_an_error_that_names_the_row(float label, string message)
    {
        var rows = Rows(4);
        (rows[2].Choices, rows[2].Label) = (["good", "bad"], label);
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2Choose(Brief()).Fit(_ml.Data.LoadFromEnumerable(rows))).Message);
    }

    [Fact]
    public void Columns_of_other_types_and_settings_without_effect_are_refused()
    {
        var data = _ml.Data.LoadFromEnumerable(Rows(4));
        Refused("choices are a vector of text", Brief(), o => o.ChoicesColumnName = "Premise");
        Refused("not text", Brief(), o => o.PremiseColumnName = "Label");
        Refused("leave MapValueToKey out", Brief(), o => o.LabelColumnName = "Key");
        Refused("ClassWeights", Brief(), o => o.ClassWeights = [1]);
        Refused("Verbalizer", Brief(), o => o.Verbalizer = new Verbalizer());
        Refused("has no column 'Missing'", Brief(), o => o.QuestionColumnName = "Missing");

        void Refused(string message, MultipleChoiceOptions options, Action<MultipleChoiceOptions> set)
        {
            set(options);
            Assert.Contains(message, Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2Choose(options).Fit(_ml.Transforms.Conversion.MapValueToKey("Key", "Label").Fit(data).Transform(data))).Message);
            if (message.Contains("Weights") || message.Contains("Verbalizer")) return;
            Assert.Contains(message.Replace("has no column", "no column"), Assert.Throws<ArgumentException>(() => _ml.Transforms.Conversion.MapValueToKey("Key", "Label").Append(_ml.Transforms.PTuningV2Choose(options)).Append(new ShapeSpy()).Fit(data)).Message);
        }
    }

    [Fact]
    public void The_promised_schema_is_the_one_that_the_model_gives()
    {
        var data = _ml.Data.LoadFromEnumerable(Rows(12));
        var promised = new ShapeSpy();
        using var chain = _ml.Transforms.PTuningV2Choose(Brief()).Append(promised).Fit(data);
        var model = ((IEnumerable<ITransformer>)chain).OfType<PTuningMultipleChoiceTransformer>().Single();
        Assert.Equal(ShapeSpy.Described(ShapeSpy.ShapeOf(_ml, model.Transform(data))), ShapeSpy.Described(promised.Seen!));
    }

    [Fact]
    public void Validation_scores_epochs_by_accuracy_and_a_search_returns_the_best_trial()
    {
        var options = Options();
        var heldOut = _ml.Data.LoadFromEnumerable(Rows(20, seed: 5));
        options.ValidationSet = heldOut;
        using var model = _ml.Transforms.PTuningV2Choose(options).Fit(_ml.Data.LoadFromEnumerable(Rows(40)));
        var best = model.Report!.Epochs[model.Report.BestEpoch - 1];
        Assert.Equal(_ml.MulticlassClassification.EvaluateChoices(model.Transform(heldOut)).Accuracy, best.ValidationScore!.Value, 1e-9);

        var search = new PromptSearchOptions { Lengths = [2, 4], LearningRates = [1e-3, 3e-2], Dropouts = [0.1], Reparameterize = [false], Trials = 3, Reduction = 3 };
        using var found = _ml.Transforms.PTuningV2Search(new MultipleChoiceOptions(_backbone.Path) { Epochs = 2, ValidationShare = 0.3 }, search).Fit(_ml.Data.LoadFromEnumerable(Rows(30)));
        Assert.Equal(4, found.SearchReport!.Trials.Count);
    }

    [Fact]
    public void Choices_are_trained_together_with_texts()
    {
        var texts = _ml.Data.LoadFromEnumerable(Reviews.Rows(24));
        var options = new MultiTaskOptions(_backbone.Path)
        {
            Method = new DeepPrompt { Length = 4 }, Epochs = 6, BatchSize = 8, LearningRate = 0.05,
            Tasks =
            [
                new("texts", new TextClassificationOptions(_backbone.Path), _ml.Transforms.Conversion.MapValueToKey("Label").Fit(texts).Transform(texts)),
                new("choices", new MultipleChoiceOptions(_backbone.Path), _ml.Data.LoadFromEnumerable(Rows(24))),
            ],
        };
        using var model = _ml.Transforms.PTuningV2MultiTask(options).Fit();
        var curve = Assert.IsType<PTuningMultipleChoiceTransformer>(model.Transformers["choices"]).Report!.Epochs;
        Assert.True(curve[^1].TrainingLoss < curve[0].TrainingLoss);
        using var alone = _ml.Transforms.PTuningV2Choose(new MultipleChoiceOptions(_backbone.Path) { StartFrom = model.Prompt, Epochs = 1 }).Fit(_ml.Data.LoadFromEnumerable(Rows(12)));
        Assert.Equal(4, Assert.IsType<DeepPrompt>(alone.Method).Length);
    }

    [Fact]
    public void A_model_is_loaded_from_its_PEFT_folder_bit_for_bit_and_other_heads_are_refused()
    {
        var rows = Rows(12);
        using var trained = _ml.Transforms.PTuningV2Choose(Brief()).Fit(_ml.Data.LoadFromEnumerable(rows));
        PeftFolder.Save(trained, _folder.At("peft"));
        using var loaded = _ml.Transforms.PTuningV2ChooseFromPeft(_backbone.Path, _folder.At("peft")).Model;
        Assert.Contains("PTuningV2ChooseFromPeft", Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2ClassifyFromPeft(_backbone.Path, _folder.At("peft"))).Message);
        Assert.Equal(Predict(trained, rows).Select(r => r.Score), Predict(loaded, rows).Select(r => r.Score));

        var options = Reviews.Options(_backbone);
        options.Epochs = 1;
        using var classifier = Reviews.Train(options, Reviews.Rows(16));
        PeftFolder.Save(classifier, _folder.At("classes"));
        Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2ChooseFromPeft(new MultipleChoiceOptions(_backbone.Path) { StartFrom = PeftFolder.Load(_folder.At("classes")) }));
        var warnings = new List<string>();
        _ml.Log += (_, e) => warnings.Add(e.Message);
        using var started = _ml.Transforms.PTuningV2Choose(new MultipleChoiceOptions(_backbone.Path) { StartFrom = PeftFolder.Load(_folder.At("classes")), Epochs = 1 }).Fit(_ml.Data.LoadFromEnumerable(rows));
        Assert.Contains(warnings, w => w.Contains("was not trained to choose"));
    }

    [Fact]
    public void Labels_that_do_not_fit_the_probabilities_and_no_rows_are_refused_in_evaluation()
    {
        var catalog = _ml.MulticlassClassification;
        var rows = new[] { new { Label = 1, Score = new[] { 0.25f, 0.75f } }, new { Label = 0, Score = new[] { 0.25f, 0.5f, 0.25f } }, new { Label = -1, Score = Array.Empty<float>() } };
        var metrics = catalog.EvaluateChoices(_ml.Data.LoadFromEnumerable(rows));
        Assert.Equal((2, 0.5), (metrics.Rows, metrics.Accuracy));
        Assert.Equal(-(Math.Log(0.75) + Math.Log(0.25)) / 2, metrics.LogLoss, 1e-6);
        Assert.Equal((1 / 2.0 + 1 / 3.0) / 2, metrics.ChanceAccuracy, 1e-9);
        Assert.Contains("Row 1 has the label 2", Assert.Throws<ArgumentException>(() => catalog.EvaluateChoices(_ml.Data.LoadFromEnumerable([rows[0] with { Label = 2 }]))).Message);
        Assert.Contains("no rows", Assert.Throws<ArgumentException>(() => catalog.EvaluateChoices(_ml.Data.LoadFromEnumerable(rows[2..]))).Message);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    private MultipleChoiceOptions Options() => new(_backbone.Path) { Epochs = 12, LearningRate = 0.03, BatchSize = 8, PredictionBatchSize = 3, HeadDropout = 0, BackboneDropout = false };

    private MultipleChoiceOptions Brief() => new(_backbone.Path) { Method = new DeepPrompt { Length = 3 }, Epochs = 1, BatchSize = 8, PredictionBatchSize = 3 };

    private List<Chosen> Predict(ITransformer model, IEnumerable<ChoiceData> rows) =>
        [.. _ml.Data.CreateEnumerable<Chosen>(model.Transform(_ml.Data.LoadFromEnumerable(rows)), reuseRowObject: false)];

    // Two to five choices, one of which is good.
    private static List<ChoiceData> Rows(int count, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var choices = random.GetItems(Wrong, 1 + random.Next(4)).ToList();
            int at = random.Next(choices.Count + 1);
            choices.Insert(at, random.GetItems(Right, 1)[0]);
            return new ChoiceData { Premise = random.GetItems(Subjects, 1)[0], Choices = [.. choices], Label = at };
        })];
    }

    private sealed class ChoiceData
    {
        public string Premise { get; set; } = "";
        public string Question { get; set; } = "was it";
        public string[] Choices { get; set; } = [];
        public float Label { get; set; }
    }

    private sealed class Asked
    {
        public string Premise { get; set; } = "";
        public string[] Choices { get; set; } = [];
    }

    private sealed class Chosen
    {
        public int PredictedLabel { get; set; }
        public float[] Score { get; set; } = [];
    }
}
