// Labels of words from training to prediction: one for every word, by every way in which ML.NET predicts.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class TokenLabelingTests(TrainedLabeler model) : IClassFixture<TrainedLabeler>
{
    [Fact]
    public void It_learns_what_it_is_shown()
    {
        var fresh = Sentences.Rows(60, seed: 2);
        var data = model.Context.Data.LoadFromEnumerable(fresh);
        var metrics = model.Context.MulticlassClassification.EvaluateTokenLabels(model.Chain.Transform(data));
        Assert.True(metrics.TokenAccuracy >= 0.9, metrics.GetFormattedTable());
        Assert.True(metrics.Micro.F1 >= 0.8, metrics.GetFormattedTable());
    }

    [Fact]
    public void Every_word_has_a_label_and_probabilities_that_sum_to_one()
    {
        int classes = model.Labeler.ClassNames.Count;
        var predicted = Sentences.Predict<LabeledSentence>(model.Labeler, model.Rows);
        Assert.All(model.Rows.Zip(predicted), pair =>
        {
            Assert.Equal(pair.First.Words.Length, pair.Second.PredictedLabel.Length);
            Assert.Equal(pair.First.Words.Length * classes, pair.Second.Score.Length);
            Assert.All(pair.Second.Score.Chunk(classes), word => Assert.Equal(1, word.Sum(), 1e-5));
            Assert.All(pair.Second.PredictedLabel.Zip(pair.Second.Score.Chunk(classes)), word => Assert.Equal(word.Second.Max(), word.Second[(int)word.First - 1]));
        });
    }

    [Fact]
    public void A_row_of_ten_thousand_words_keeps_all_its_labels()
    {
        string[] words = [.. Enumerable.Repeat(model.Rows, 100).SelectMany(rows => rows).SelectMany(r => r.Words).Take(10_000)];
        string[] gold = [.. Enumerable.Repeat(model.Rows, 100).SelectMany(rows => rows).SelectMany(r => r.Label).Take(10_000)];
        string[] labels = Sentences.Labels(model.Labeler, [Sentences.Of(words, gold)])[0];
        Assert.Equal(10_000, labels.Length);
        Assert.True(labels.Zip(gold).Average(p => p.First == p.Second ? 1.0 : 0) > 0.9);
    }

    [Fact]
    public void Rows_without_words_have_no_labels()
    {
        var predicted = Sentences.Predict<LabeledSentence>(model.Labeler, [new Sentence(), model.Rows[0], new Sentence()]);
        Assert.Equal([0, model.Rows[0].Words.Length, 0], predicted.Select(p => p.PredictedLabel.Length));
        Assert.Empty(predicted[0].Score);
    }

    [Fact]
    public void Words_without_word_pieces_are_outside_and_shift_no_other()
    {
        string[] words = ["", "good", "\u0001", "\u200b", "bad", ""];
        string[] labels = Sentences.Labels(model.Labeler, [new Sentence { Words = words }])[0];
        string[] without = Sentences.Labels(model.Labeler, [new Sentence { Words = ["good", "bad"] }])[0];
        Assert.Equal(["O", without[0], "O", "O", without[1], "O"], labels);
        Assert.DoesNotContain("O", without);
    }

    [Fact]
    public void A_prediction_engine_gives_what_a_data_view_gives()
    {
        using var engine = model.Context.Model.CreatePredictionEngine<Sentence, LabeledSentence>(model.Labeler, new PredictionEngineOptions { OwnsTransformer = false });
        Assert.All(model.Rows.Zip(Sentences.Predict<LabeledSentence>(model.Labeler, model.Rows)), pair =>
        {
            var predicted = engine.Predict(pair.First);
            Assert.Equal(pair.Second.PredictedLabel, predicted.PredictedLabel);
            Assert.All(pair.Second.Score.Zip(predicted.Score), p => Assert.Equal(p.First, p.Second, 1e-5));
        });
    }

    [Fact]
    public void Plain_text_is_labeled_as_its_words_are_and_its_entities_have_offsets_in_it()
    {
        using var backbone = new TinyBackbone();
        var options = Sentences.Options(backbone);
        (options.WordsColumnName, options.LabelColumnName, options.Entities, options.WordOffsets, options.Epochs) = ("Text", "Spans", true, true, 25);
        var ml = new MLContext(seed: 1);
        using var bySpans = ml.Transforms.PTuningV2LabelTokens(options).Fit(ml.Data.LoadFromEnumerable(model.Rows));
        using var engine = ml.Model.CreatePredictionEngine<Sentence, SentenceWithEntities>(bySpans, new PredictionEngineOptions { OwnsTransformer = false });

        int right = 0, all = 0;
        foreach (var row in Sentences.Rows(40, seed: 3))
        {
            var found = engine.Predict(new Sentence { Text = row.Text });
            Assert.Equal(found.EntityText, found.EntityStart.Zip(found.EntityEnd, (start, end) => row.Text[start..end]));
            Assert.Equal(row.Words, found.WordStart.Zip(found.WordEnd, (start, end) => row.Text[start..end]));
            Assert.All(found.EntityProbability, p => Assert.InRange(p, 0, 1.00001f));
            string[] spans = [.. found.EntityType.Select((type, i) => $"{found.EntityStart[i]} {found.EntityEnd[i]} {type}")];
            right += spans.Intersect(row.Spans).Count();
            all += row.Spans.Length;
        }
        Assert.True(right >= 0.8 * all, $"{right} of {all} entities");
        Assert.Equal(["O", "B-MINUS", "I-MINUS", "B-PLUS", "I-PLUS"], bySpans.ClassNames);
    }

    [Theory]
    [InlineData(TagScheme.Iobes, "O B-MINUS I-MINUS E-MINUS S-MINUS B-PLUS I-PLUS E-PLUS S-PLUS")]
    [InlineData(TagScheme.Plain, "O MINUS PLUS")]
    public void Entities_by_offsets_are_learned_in_the_scheme_that_is_chosen(TagScheme scheme, string tags)
    {
        using var backbone = new TinyBackbone();
        var options = Sentences.Options(backbone);
        (options.WordsColumnName, options.LabelColumnName, options.Scheme, options.Epochs) = ("Text", "Spans", scheme, 1);
        using var trained = model.Context.Transforms.PTuningV2LabelTokens(options).Fit(model.Data);
        Assert.Equal(tags.Split(' '), trained.ClassNames);
        Assert.Equal(scheme, trained.Scheme);
    }

    [Fact]
    public void Entities_of_rows_of_words_have_offsets_in_the_words_joined_by_spaces()
    {
        var found = Sentences.Predict<SentenceWithEntities>(model.Labeler, model.Rows);
        Assert.NotEmpty(found.SelectMany(f => f.EntityType));
        Assert.All(model.Rows.Zip(found), pair => Assert.Equal(pair.Second.EntityText,
            pair.Second.EntityStart.Zip(pair.Second.EntityEnd, (start, end) => string.Join(' ', pair.First.Words)[start..end])));
        Assert.All(model.Rows.Zip(found), pair => Assert.Equal(pair.First.Words,
            pair.Second.WordStart.Zip(pair.Second.WordEnd, (start, end) => string.Join(' ', pair.First.Words)[start..end])));
        Assert.All(model.Rows.Zip(found, Sentences.Labels(model.Labeler, model.Rows)), row =>
            Assert.Equal(Tags.ToSpans(row.Third, TagScheme.Iob2).Select(s => s.Type), row.Second.EntityType));
    }

    [Fact]
    public void A_predicate_by_index_is_the_same_as_its_text()
    {
        using var backbone = new TinyBackbone();
        var options = Sentences.Options(backbone);
        (options.PredicateColumnName, options.Epochs) = ("Predicate", 2);
        using var byIndex = Sentences.Train(options, model.Rows);
        options.PredicateColumnName = "PredicateText";
        using var byText = Sentences.Train(options, model.Rows);
        options.PredicateColumnName = null;
        using var without = Sentences.Train(options, model.Rows);

        float[] Scores(PTuningTokenLabelingTransformer trained) => [.. Sentences.Predict<LabeledSentence>(trained, model.Rows).SelectMany(p => p.Score)];
        Assert.Equal(Scores(byIndex), Scores(byText));
        Assert.NotEqual(Scores(byIndex), Scores(without));
    }

    [Fact]
    public void Constrained_decoding_gives_valid_sequences_only()
    {
        using var backbone = new TinyBackbone();
        var options = Sentences.Options(backbone);
        (options.Constrained, options.Scheme, options.Epochs) = (true, TagScheme.Iob2, 1);
        using var constrained = Sentences.Train(options, model.Rows);
        Assert.All(Sentences.Labels(constrained, model.Rows), labels =>
            Assert.Equal(labels, Tags.FromSpans(Tags.ToSpans(labels, TagScheme.Iob2), labels.Length, TagScheme.Iob2)));
    }

    [Fact]
    public void A_validation_set_may_number_its_labels_otherwise()
    {
        using var backbone = new TinyBackbone();
        var options = Sentences.Options(backbone);
        var ml = new MLContext(seed: 1);
        var reversed = ml.Data.LoadFromEnumerable(model.Rows.AsEnumerable().Reverse());
        options.ValidationSet = ml.Transforms.Conversion.MapValueToKey("Label", keyOrdinality: Microsoft.ML.Transforms.ValueToKeyMappingEstimator.KeyOrdinality.ByValue).Fit(reversed).Transform(reversed);
        using var trained = Sentences.Train(options, model.Rows);
        Assert.True(trained.Report!.Epochs.Max(e => e.ValidationScore) >= 0.8);
        Assert.Equal(trained.Report.Epochs.MaxBy(e => e.ValidationScore)!.ValidationScore, trained.Report.Epochs[trained.Report.BestEpoch - 1].ValidationScore);
    }

    [Fact]
    public void Roles_from_a_column_file_are_learned_and_predicted_a_predicate_a_row()
    {
        using var backbone = new TinyBackbone();
        using var folder = new TempFolder();
        string filler = string.Concat(Enumerable.Repeat("_\t", 8));
        string path = folder.Write("roles.conllu", System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(
            $"1\twe\t{filler}_\tARG0\t_\n2\tsaw\t{filler}see.01\tV\t_\n3\tit\t{filler}_\tARG1\tARG1\n4\twas\t{filler}be.01\t_\tV\n5\tgood\t{filler}_\t_\tARG2\n\n", 20))));
        var ml = new MLContext(seed: 1);
        var data = ml.Data.LoadFromConll(path, ConllOptions.UniversalPropBank());
        var options = Sentences.Options(backbone);
        (options.PredicateColumnName, options.Epochs) = ("Predicate", 20);
        using var chain = Sentences.Pipeline(ml, options).Fit(data);
        Assert.Equal(TagScheme.Plain, chain.LastTransformer.Scheme);
        // The two rows of a sentence differ in nothing but the predicate.
        Assert.Equal(1, ml.MulticlassClassification.EvaluateTokenLabels(chain.Transform(data), scheme: TagScheme.Plain).TokenAccuracy, 0.05);
    }

    [Theory]
    [InlineData(false, "Words", "Label")]
    [InlineData(true, "Text", "Spans")]
    public void The_promised_schema_is_the_one_that_the_transformer_gives(bool spans, string words, string label)
    {
        using var backbone = new TinyBackbone();
        var options = Sentences.Options(backbone);
        (options.WordsColumnName, options.LabelColumnName, options.Entities, options.WordOffsets, options.Epochs) = (words, label, spans, true, 1);
        var ml = new MLContext(seed: 1);
        var data = ml.Data.LoadFromEnumerable(model.Rows);
        var promised = new ShapeSpy();
        IEstimator<ITransformer> labeler = ml.Transforms.PTuningV2LabelTokens(options);
        if (!spans) labeler = ml.Transforms.Conversion.MapValueToKey("Label").Append(labeler);
        var chain = labeler.Append(promised).Fit(data);
        Assert.Equal(ShapeSpy.Described(ShapeSpy.ShapeOf(ml, chain.Transform(data))), ShapeSpy.Described(promised.Seen!));
        Assert.Equal(chain.Transform(data).Schema.Select(c => (c.Name, c.Type)), chain.GetOutputSchema(data.Schema).Select(c => (c.Name, c.Type)));
        chain.Dispose();
    }

    [Fact]
    public void Score_has_the_class_count_in_its_type_and_the_class_names_in_its_annotations()
    {
        var score = model.Labeler.Transform(model.Data).Schema["Score"];
        Assert.Equal(new VectorDataViewType(NumberDataViewType.Single, 0, model.Labeler.ClassNames.Count), score.Type);
        VBuffer<ReadOnlyMemory<char>> names = default;
        score.Annotations.GetValue("TrainingLabelValues", ref names);
        Assert.Equal(model.Labeler.ClassNames, names.DenseValues().Select(n => n.ToString()));
    }}
