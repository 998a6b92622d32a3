// Question answering as an app uses it: it learns, predicts in views and engines, is saved, searched, resumed and trained beside other tasks.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class QuestionAnsweringTests : IDisposable
{
    private static readonly string[] Outputs = ["PredictedAnswer", "Score", "AnswerStart", "AnswerEnd", "NoAnswerProbability"];

    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void Answers_are_found_in_contexts_that_training_did_not_have()
    {
        using var model = Questions.Train(Questions.Options(_backbone), Questions.Rows(60));
        var test = Questions.Rows(30, seed: 2);
        var answers = Questions.Predict(model, test);
        Assert.InRange(Questions.Evaluate(model, test).All.ExactMatch, 0.9, 1);
        Assert.All(answers, row =>
        {
            Assert.Equal(3, row.PredictedAnswer.Length);
            Assert.Equal(row.PredictedAnswer, row.AnswerStart.Zip(row.AnswerEnd, (start, end) => row.Context![start..end]));
            Assert.Equal(row.Score.OrderDescending(), row.Score);
            Assert.InRange(row.Score.Sum(), 0.5, 1.00001);
            Assert.Equal(0, row.NoAnswerProbability);
        });
        Assert.Null(model.NullThreshold);
    }

    [Fact]
    public void Questions_without_an_answer_are_learned_and_the_threshold_decides_between()
    {
        var options = Questions.Options(_backbone);
        options.Epochs = 20;
        using var model = Questions.Train(options, Questions.Rows(90, unanswerable: true));
        var test = Questions.Rows(30, unanswerable: true, seed: 2);
        var metrics = Questions.Evaluate(model, test);
        Assert.Equal(0, model.NullThreshold);
        Assert.Equal((30, 20, 10), (metrics.All.Questions, metrics.WithAnswers.Questions, metrics.WithoutAnswers.Questions));
        Assert.InRange(metrics.WithAnswers.ExactMatch, 0.8, 1);
        Assert.InRange(metrics.WithoutAnswers.ExactMatch, 0.8, 1);
        Assert.True(metrics.BestExactMatch!.Score >= metrics.All.ExactMatch);

        model.NullThreshold = metrics.BestExactMatch.NullThreshold;
        Assert.Equal(metrics.BestExactMatch.Score, Questions.Evaluate(model, test).All.ExactMatch, 1e-9);
        model.NullThreshold = -1000;
        Assert.All(Questions.Predict(model, test), row => Assert.Equal(("", 0, 0, row.NoAnswerProbability), (row.PredictedAnswer[0], row.AnswerStart[0], row.AnswerEnd[0], row.Score[0])));
        model.NullThreshold = null;
        Assert.All(Questions.Predict(model, test), row => Assert.All(row.PredictedAnswer, answer => Assert.NotEqual("", answer)));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.NullThreshold = double.NaN);
    }

    [Fact]
    public void A_probability_of_no_answer_that_is_too_small_for_a_number_still_counts_in_the_best_threshold()
    {
        var rows = new[]
        {
            new { TrainingAnswer = "x", PredictedAnswer = new[] { "x" }, Score = new[] { 1f }, NoAnswerProbability = 0f },
            new { TrainingAnswer = "", PredictedAnswer = new[] { "y" }, Score = new[] { 0.5f }, NoAnswerProbability = 0.25f },
        };
        var metrics = _ml.MulticlassClassification.EvaluateAnswers(_ml.Data.LoadFromEnumerable(rows));
        Assert.Equal((0.5, 1), (metrics.All.ExactMatch, metrics.BestExactMatch!.Score));
        Assert.InRange(metrics.BestExactMatch.NullThreshold, -100, Math.Log(0.5) - 0.1);
    }

    [Fact]
    public void A_context_much_longer_than_a_window_is_answered_wherever_the_answer_is()
    {
        using var model = Questions.Train(Questions.Options(_backbone), Questions.Rows(60));
        var random = new Random(3);
        var rows = Enumerable.Range(0, 20).Select(i =>
        {
            var words = random.GetItems(["the", "a", "film", "was", "so"], 150);
            words[i * 7] = "great";
            return Questions.Of(string.Join(' ', words), "is it so", "great", words.Take(i * 7).Sum(w => w.Length + 1));
        }).ToList();
        var answers = Questions.Predict(model, rows);
        Assert.All(answers.Zip(rows), pair => Assert.Equal((pair.Second.AnswerIndex, "great"), (pair.First.AnswerStart[0], pair.First.PredictedAnswer[0])));
    }

    [Theory]
    [InlineData("TrainingAnswer", "AnswerIndex")]
    [InlineData("Answers", "Indices")]
    [InlineData("TrainingAnswer", "Index")]
    [InlineData("Answers", "Numbers")]
    public void Answers_of_every_form_train_the_same_model(string answers, string indices)
    {
        var rows = Questions.Rows(20, unanswerable: true);
        var options = Questions.BriefOptions(_backbone);
        using var expected = Questions.Train(options, rows);
        (options.TrainingAnswerColumnName, options.AnswerIndexColumnName) = (answers, indices);
        using var model = Questions.Train(options, rows);
        Assert.Equal(SavedWeights.Of(expected), SavedWeights.Of(model));
    }

    [Fact]
    public void Of_several_answers_the_first_that_is_in_the_context_is_learned()
    {
        var options = Questions.BriefOptions(_backbone);
        (options.TrainingAnswerColumnName, options.AnswerIndexColumnName) = ("Answers", "Indices");
        var rows = Questions.Rows(12);
        using var expected = Questions.Train(options, rows);
        foreach (var row in rows) (row.Answers, row.Indices) = (["elsewhere", .. row.Answers, "so"], [0, .. row.Indices, 0]);
        using var model = Questions.Train(options, rows);
        Assert.Equal(SavedWeights.Of(expected), SavedWeights.Of(model));
    }

    [Fact]
    public void An_engine_predicts_what_a_view_does_and_needs_no_answers()
    {
        using var model = Questions.Train(Questions.BriefOptions(_backbone), Questions.Rows(20, unanswerable: true));
        var rows = Questions.Rows(9, unanswerable: true, seed: 5, words: 60);
        var engine = _ml.Model.CreatePredictionEngine<Asked, AnsweredQuestion>(model);
        foreach (var (row, expected) in rows.Zip(Questions.Predict(model, rows)))
        {
            var answer = engine.Predict(new Asked { Context = row.Context, Question = row.Question });
            Assert.Equal(expected.PredictedAnswer, answer.PredictedAnswer);
            Assert.Equal(expected.AnswerStart, answer.AnswerStart);
            Assert.Equal(expected.Score, answer.Score);
            Assert.Equal(expected.NoAnswerProbability, answer.NoAnswerProbability);
        }
    }

    private sealed class Asked
    {
        public string? Context { get; set; }
        public string? Question { get; set; }
    }

    [Fact]
    public void A_loaded_model_gives_the_same_answers_with_all_settings()
    {
        var options = Questions.BriefOptions(_backbone);
        (options.TopK, options.MaxAnswerLength, options.DocumentStride, options.MaxSequenceLength, options.OffsetUnit, options.ScoreColumnName, options.PredictedAnswerColumnName) =
            (5, 4, 3, 16, OffsetUnit.CodePoints, "Probabilities", "Found");
        var rows = Questions.Rows(20, unanswerable: true, words: 30);
        foreach (var row in rows) row.Context = "😀 " + row.Context;
        var data = _ml.Data.LoadFromEnumerable(rows);
        using var model = _ml.Transforms.PTuningV2AnswerQuestions(options).Fit(data);
        model.NullThreshold = 0.25;
        _ml.Model.Save(model, data.Schema, _folder.At("model.zip"));
        using var loaded = (PTuningQuestionAnsweringTransformer)new MLContext().Model.Load(_folder.At("model.zip"), out _);
        string[] columns = ["Found", "Probabilities", "AnswerStart", "AnswerEnd", "NoAnswerProbability"];
        Assert.Equal(Values.Rows(model.Transform(data), columns), Values.Rows(loaded.Transform(data), columns));
        Assert.Equal((0.25, 3), (loaded.NullThreshold, Assert.IsType<DeepPrompt>(loaded.Method).Length));
        Assert.Equal(model.Report!.Epochs, loaded.Report!.Epochs);
        Assert.Equal(["start", "end"], loaded.ClassNames);
    }

    [Fact]
    public void Offsets_are_counted_in_the_unit_of_the_options()
    {
        var rows = Questions.Rows(12);
        foreach (var row in rows) (row.Context, row.AnswerIndex) = ("😀😀 " + row.Context, row.AnswerIndex + 3);
        var options = Questions.BriefOptions(_backbone);
        using var utf16 = Questions.Train(options, rows.Select(r => Questions.Of(r.Context!, r.Question!, r.TrainingAnswer, r.AnswerIndex + 2)));
        options.OffsetUnit = OffsetUnit.CodePoints;
        using var points = Questions.Train(options, rows);
        Assert.Equal(SavedWeights.Of(utf16), SavedWeights.Of(points));
        Assert.All(Questions.Predict(utf16, rows).Zip(Questions.Predict(points, rows)), pair =>
            Assert.Equal(pair.First.AnswerStart.Select(at => at > 2 ? at - 2 : at == 0 ? 0 : 1), pair.Second.AnswerStart));
    }

    [Fact]
    public void The_promised_schema_is_the_one_that_the_model_gives()
    {
        var data = _ml.Data.LoadFromEnumerable(Questions.Rows(12));
        var promised = new ShapeSpy();
        using var chain = _ml.Transforms.PTuningV2AnswerQuestions(Questions.BriefOptions(_backbone)).Append(promised).Fit(data);
        var model = ((IEnumerable<ITransformer>)chain).OfType<PTuningQuestionAnsweringTransformer>().Single();
        Assert.Equal(ShapeSpy.Described(ShapeSpy.ShapeOf(_ml, model.Transform(data))), ShapeSpy.Described(promised.Seen!));
        Assert.Equal(Outputs, model.GetOutputSchema(data.Schema).Skip(data.Schema.Count).Select(c => c.Name));
    }

    [Fact]
    public void Validation_scores_epochs_by_the_answers_F1_and_the_best_epoch_is_kept()
    {
        var options = Questions.Options(_backbone);
        var heldOut = Questions.Rows(20, unanswerable: true, seed: 4);
        options.ValidationSet = _ml.Data.LoadFromEnumerable(heldOut);
        using var model = Questions.Train(options, Questions.Rows(60, unanswerable: true));
        var best = model.Report!.Epochs[model.Report.BestEpoch - 1];
        Assert.Equal(Questions.Evaluate(model, heldOut).All.F1, best.ValidationScore!.Value, 1e-9);
        Assert.Equal(model.Report.Epochs.Max(e => e.ValidationScore), best.ValidationScore);
        Assert.True(model.Report.Epochs[^1].ValidationLoss < model.Report.Epochs[0].ValidationLoss);
    }

    [Fact]
    public void The_same_seed_gives_the_same_model_and_a_resumed_run_ends_where_an_unbroken_one_does()
    {
        var rows = Questions.Rows(20, unanswerable: true);
        var options = Questions.BriefOptions(_backbone);
        options.Epochs = 4;
        using var whole = Questions.Train(options, rows);
        using var again = Questions.Train(options, rows);
        Assert.Equal(SavedWeights.Of(whole), SavedWeights.Of(again));

        using var stop = new CancellationTokenSource();
        (options.CheckpointPath, options.CheckpointEverySteps, options.CancellationToken) = (_folder.At("run.checkpoint"), 1, stop.Token);
        options.Progress = new StopAt(stop);
        Assert.Throws<OperationCanceledException>(() => Questions.Train(options, rows));
        (options.ResumeFrom, options.CancellationToken, options.Progress) = (options.CheckpointPath, default, null);
        using var resumed = Questions.Train(options, rows);
        Assert.Equal(SavedWeights.Of(whole), SavedWeights.Of(resumed));

        options.DocumentStride = 5;
        Assert.Contains("DocumentStride: 128 there, 5 here", Assert.Throws<ArgumentException>(() => Questions.Train(options, rows)).Message);
    }

    private sealed class StopAt(CancellationTokenSource stop) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value is { Epoch: 2, Step: 2 }) stop.Cancel();
        }
    }

    [Fact]
    public void A_search_returns_the_best_trial()
    {
        var options = Questions.BriefOptions(_backbone);
        (options.Epochs, options.ValidationShare) = (2, 0.3);
        var search = new PromptSearchOptions { Lengths = [2, 4], LearningRates = [1e-3, 3e-2], Dropouts = [0.1], Reparameterize = [false], Trials = 3, Reduction = 3 };
        using var model = _ml.Transforms.PTuningV2Search(options, search).Fit(_ml.Data.LoadFromEnumerable(Questions.Rows(30, unanswerable: true)));
        Assert.Equal(4, model.SearchReport!.Trials.Count);
        Assert.NotNull(model.Report!.Epochs[^1].ValidationScore);
    }

    [Fact]
    public void Questions_are_trained_together_with_texts_and_words()
    {
        var questions = new QuestionAnsweringOptions(_backbone.Path) { ValidationSet = _ml.Data.LoadFromEnumerable(Questions.Rows(10, unanswerable: true, seed: 3)) };
        var options = new MultiTaskOptions(_backbone.Path)
        {
            Method = new DeepPrompt { Length = 4 },
            Epochs = 6,
            BatchSize = 8,
            LearningRate = 0.05,
            Tasks =
            [
                new("texts", new TextClassificationOptions(_backbone.Path), Keys(Reviews.Rows(24))),
                new("words", new TokenLabelingOptions(_backbone.Path), Keys(Sentences.Rows(24))),
                new("questions", questions, _ml.Data.LoadFromEnumerable(Questions.Rows(24, unanswerable: true))),
            ],
        };
        using var model = _ml.Transforms.PTuningV2MultiTask(options).Fit();
        var answering = Assert.IsType<PTuningQuestionAnsweringTransformer>(model.Transformers["questions"]);
        var curve = answering.Report!.Epochs;
        Assert.True(curve[^1].TrainingLoss < curve[0].TrainingLoss, string.Join(' ', curve.Select(e => e.TrainingLoss)));
        Assert.Equal(Questions.Evaluate(answering, Questions.Rows(10, unanswerable: true, seed: 3)).All.F1, curve.Single(e => e.Number == answering.Report.BestEpoch).ValidationScore!.Value, 1e-9);
        Assert.Equal(0, answering.NullThreshold);
        // A single task goes on from the shared prompt.
        var single = new QuestionAnsweringOptions(_backbone.Path) { StartFrom = model.Prompt, Epochs = 1, LearningRate = 1e-3 };
        using var alone = Questions.Train(single, Questions.Rows(12));
        Assert.Equal(4, Assert.IsType<DeepPrompt>(alone.Method).Length);

        IDataView Keys<T>(IEnumerable<T> rows) where T : class
        {
            var data = _ml.Data.LoadFromEnumerable(rows);
            return _ml.Transforms.Conversion.MapValueToKey("Label").Fit(data).Transform(data);
        }
    }

    public static TheoryData<TuningMethod> Methods =>
        [new DeepPrompt { Length = 3, Reparameterize = true, EncoderHiddenSize = 8 }, new PrefixTuning { Length = 3 }, new SoftPrompt { Length = 3 }, new PTuningV1(), new HeadOnly(), new BitFit(), new BottleneckAdapter { Size = 4 }];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Every_tuning_method_trains_and_saves_it(TuningMethod method)
    {
        var options = Questions.BriefOptions(_backbone);
        options.Method = method;
        var data = _ml.Data.LoadFromEnumerable(Questions.Rows(12, unanswerable: true));
        using var model = _ml.Transforms.PTuningV2AnswerQuestions(options).Fit(data);
        _ml.Model.SaveSafely(model, data.Schema, _folder.At("model.zip"));
        using var loaded = (PTuningQuestionAnsweringTransformer)new MLContext().Model.Load(_folder.At("model.zip"), out _);
        Assert.Equal(Values.Rows(model.Transform(data), Outputs), Values.Rows(loaded.Transform(data), Outputs));
    }

    [Fact]
    public void A_disposed_model_is_reloaded_with_its_answers()
    {
        var model = Questions.Train(Questions.BriefOptions(_backbone), Questions.Rows(12));
        var rows = Questions.Rows(6, seed: 9);
        var before = Questions.Predict(model, rows).SelectMany(r => r.Score).ToList();
        model.Dispose();
        Assert.Equal(before, Questions.Predict(model, rows).SelectMany(r => r.Score));
        model.Dispose();
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }
}
