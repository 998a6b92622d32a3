// Predictions are the same by every way in which ML.NET makes them, and its evaluators understand them.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tests.Backbones;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class PredictionTests(TrainedModel model) : IClassFixture<TrainedModel>
{
    private const double Rounding = 1e-5;

    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    public void Batches_of_any_size_give_the_same_predictions(int batchSize)
    {
        using var backbone = new TinyBackbone();
        var options = Reviews.Options(backbone);
        options.PredictionBatchSize = batchSize;
        using var other = Reviews.Train(options, model.Rows);
        AssertClose(Reviews.Scores(model.Classifier, model.Rows), Reviews.Scores(other, model.Rows));
    }

    [Fact]
    public void A_prediction_engine_gives_what_a_data_view_gives()
    {
        var expected = Reviews.Predict(model.Classifier, model.Rows);
        using var engine = model.Context.Model.CreatePredictionEngine<Review, Predicted>(model.Classifier, new PredictionEngineOptions { OwnsTransformer = false });
        Assert.All(model.Rows.Zip(expected), pair =>
        {
            var predicted = engine.Predict(pair.First);
            Assert.Equal(pair.Second.PredictedLabel, predicted.PredictedLabel);
            Assert.Equal(pair.First.Text, predicted.Text);
            AssertClose(pair.Second.Score, predicted.Score);
        });
    }

    [Fact]
    public async Task Engines_on_many_threads_and_a_data_view_give_what_one_alone_gives()
    {
        var expected = Reviews.Scores(model.Classifier, model.Rows);
        var all = await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() => thread == 0 ? Reviews.Scores(model.Classifier, model.Rows) : OneByOne())));
        Assert.All(all, scores => AssertClose(expected, scores));

        float[] OneByOne()
        {
            using var engine = model.Context.Model.CreatePredictionEngine<Review, Predicted>(model.Classifier, new PredictionEngineOptions { OwnsTransformer = false });
            return [.. model.Rows.SelectMany(row => engine.Predict(row).Score)];
        }
    }

    [Fact]
    public void A_prediction_engine_reads_null_as_an_empty_text()
    {
        using var engine = model.Context.Model.CreatePredictionEngine<Review, Predicted>(model.Classifier, new PredictionEngineOptions { OwnsTransformer = false });
        AssertClose(engine.Predict(new Review { Text = "" }).Score, engine.Predict(new Review { Text = null }).Score);
    }

    [Fact]
    public void The_mapper_needs_the_text_for_predictions_and_nothing_else()
    {
        var mapper = ((ITransformer)model.Classifier).GetRowToRowMapper(model.Data.Schema);
        Assert.Equal(["Text"], mapper.GetDependencies([mapper.OutputSchema["Score"]]).Select(c => c.Name));
        Assert.Equal(["Three"], mapper.GetDependencies([mapper.OutputSchema["Three"]]).Select(c => c.Name));
        Assert.Equal(["Number", "Text"], mapper.GetDependencies([mapper.OutputSchema["Number"], mapper.OutputSchema["PredictedLabel"]]).Select(c => c.Name).Order());
        Assert.True(((ITransformer)model.Classifier).IsRowToRowMapper);
    }

    [Fact]
    public void It_learns_what_it_is_shown() => Learned(0.85, model.Classifier, Reviews.Rows(60, seed: 2));

    [Fact]
    public void The_evaluator_counts_as_the_test_does_and_names_the_classes()
    {
        var rows = Reviews.Rows(30, seed: 2);
        var metrics = model.Context.MulticlassClassification.Evaluate(model.Chain.Transform(model.Context.Data.LoadFromEnumerable(rows)));
        Assert.Equal(Accuracy(model.Classifier, rows), metrics.MicroAccuracy, 1e-9);
        Assert.Equal(30, metrics.ConfusionMatrix.Counts.Sum(row => row.Sum()));
        Assert.Contains("positive", metrics.ConfusionMatrix.GetFormattedConfusionTable());
    }

    [Fact]
    public void MapKeyToValue_returns_the_labels()
    {
        var rows = Reviews.Rows(10, seed: 3);
        var predictions = model.Classifier.Transform(model.Context.Data.LoadFromEnumerable(rows));
        var back = model.Context.Transforms.Conversion.MapKeyToValue("Answer", "PredictedLabel").Fit(predictions).Transform(predictions);
        var keys = Reviews.Predict(model.Classifier, rows).Select(p => model.Classifier.ClassNames[(int)p.PredictedLabel - 1]);
        Assert.Equal(keys, Values.Rows(back, "Answer").Select(r => r[0]));
    }

    [Fact]
    public void Cross_validation_trains_and_scores_every_fold()
    {
        using var backbone = new TinyBackbone();
        var ml = new MLContext(seed: 1);
        var folds = ml.MulticlassClassification.CrossValidate(ml.Data.LoadFromEnumerable(Reviews.Rows(60)), Reviews.Pipeline(ml, Reviews.Options(backbone)), numberOfFolds: 3);
        Assert.Equal(3, folds.Count);
        Assert.All(folds, fold => Assert.True(fold.Metrics.MicroAccuracy > 0.7, $"fold {fold.Fold}: {fold.Metrics.MicroAccuracy}"));
        foreach (var fold in folds) (fold.Model as IDisposable)?.Dispose();
    }

    [Fact]
    public void More_than_two_classes_are_learned()
    {
        using var backbone = new TinyBackbone();
        var options = Reviews.Options(backbone);
        options.Epochs = 15;
        using var three = Reviews.Train(options, Reviews.Rows(60, classes: 3));
        Learned(0.7, three, Reviews.Rows(60, classes: 3, seed: 2));
    }

    [Fact]
    public void The_second_text_of_a_pair_is_read()
    {
        using var backbone = new TinyBackbone();
        var options = Reviews.Options(backbone);
        options.TextPairColumnName = "Other";
        // Only the second text says which class a row is of.
        var rows = Reviews.Rows(60).Select(r => new Review { Text = r.Other, Other = r.Text, Label = r.Label }).ToList();
        using var pairs = Reviews.Train(options, rows);
        Learned(0.75, pairs, rows);
        using var engine = model.Context.Model.CreatePredictionEngine<Review, Predicted>(pairs, new PredictionEngineOptions { OwnsTransformer = false });
        AssertClose(Reviews.Predict(pairs, rows)[5].Score, engine.Predict(rows[5]).Score);
    }

    [Theory]
    [InlineData(null, null, TinyBackbone.Positions - 4 - 2)]
    [InlineData(12, null, 10)]
    [InlineData(null, 15, 13)]
    public void Longer_texts_are_cut_to_the_chosen_length_the_tokenizers_or_the_backbones(int? maxSequenceLength, int? modelMaxLength, int words)
    {
        using var backbone = new TinyBackbone();
        if (modelMaxLength is not null) File.WriteAllText(backbone.At("tokenizer_config.json"), $$"""{"model_max_length": {{modelMaxLength}}}""");
        var options = Reviews.Options(backbone);
        (options.MaxSequenceLength, options.Epochs) = (maxSequenceLength, 1);
        using var limited = Reviews.Train(options, Reviews.Rows(16));
        float[] Scores(int first, string rest) => Reviews.Scores(limited, [new Review { Text = string.Concat(Enumerable.Repeat("good ", first)) + rest }]);
        Assert.Equal(Scores(words, ""), Scores(words, "bad"));
        Assert.NotEqual(Scores(words - 1, ""), Scores(words - 1, "bad"));
    }

    [Fact]
    public void A_trainer_appended_after_a_cache_has_each_row_predicted_once()
    {
        using var backbone = new TinyBackbone();
        var options = Reviews.Options(backbone);
        options.Epochs = 1;
        var ml = new MLContext(seed: 1);
        int read = 0;
        var rows = Reviews.Rows(20);
        var data = ml.Data.LoadFromEnumerable(rows.Select(row => { read++; return row; }));
        var trainer = ml.MulticlassClassification.Trainers.SdcaMaximumEntropy("Label", "Score");
        int lazy = ReadBy(Reviews.Pipeline(ml, options).Append(trainer)), cached = ReadBy(Reviews.Pipeline(ml, options).AppendCacheCheckpoint(ml).Append(trainer));
        int alone = ReadBy(Reviews.Pipeline(ml, options));
        Assert.Equal(alone + rows.Count, cached);
        Assert.True(lazy > cached + 10 * rows.Count, $"{lazy} rows were read without a cache, {cached} with one");

        int ReadBy(IEstimator<ITransformer> pipeline)
        {
            read = 0;
            ((IDisposable)pipeline.Fit(data)).Dispose();
            return read;
        }
    }

    private static void Learned(double accuracy, PTuningClassificationTransformer classifier, IReadOnlyList<Review> rows) =>
        Assert.True(Accuracy(classifier, rows) >= accuracy, $"accuracy {Accuracy(classifier, rows):f3}, expected {accuracy} at least");

    private static double Accuracy(PTuningClassificationTransformer classifier, IReadOnlyList<Review> rows) =>
        rows.Zip(Reviews.Predict(classifier, rows)).Average(p => p.First.Label == classifier.ClassNames[(int)p.Second.PredictedLabel - 1] ? 1.0 : 0.0);

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, Rounding));
    }
}
