// Questions, contexts and answers that cannot be learned from: refused with an error, or left out with a warning, that names the row, its fault and what to do.
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class AnswerBadDataTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<string> _log = [];

    public AnswerBadDataTests() => _ml.Log += (_, e) =>
    {
        if (e.Source.Contains("PTuning")) _log.Add(e.RawMessage);
    };

    [Fact]
    public void An_answer_that_is_not_where_its_index_says_is_taken_at_the_nearest_place_with_a_warning()
    {
        var rows = Questions.Rows(12);
        rows[3] = Questions.Of("so it was good and it is good and we saw it", "is it so", "good", 10);
        rows[4] = Questions.Of("so it was good and it is good and we saw it", "is it so", "good", 25);
        using var exact = Train(rows);
        (rows[3].AnswerIndex, rows[4].AnswerIndex) = (-5, 2000);
        using var moved = Train(rows);
        Assert.Equal(SavedWeights.Of(exact), SavedWeights.Of(moved));
        Assert.Contains("2 of 12 answers are not where 'AnswerIndex' says", Warned("nearest place"));
        Assert.Contains("row 4, 'good' at -5", Warned("nearest place"));
    }

    [Fact]
    public void Questions_whose_answer_is_not_in_the_context_are_left_out_of_training_with_a_warning()
    {
        var rows = Questions.Rows(12);
        using var without = Train([.. rows.Where((_, i) => i is not (2 or 7))]);
        (rows[2].TrainingAnswer, rows[7].TrainingAnswer) = ("weird", "Good it is not");
        using var model = Train(rows);
        Assert.Equal(SavedWeights.Of(without), SavedWeights.Of(model));
        Assert.Equal((10, 2), (model.Report!.Rows, model.Report.SkippedRows));
        Assert.Contains("2 of 12 answers are not in their context; their questions are left out of training, first row 3, 'weird'", Warned("left out"));
    }

    [Fact]
    public void Contexts_that_are_missing_empty_or_blank_train_and_predict_no_answer()
    {
        var rows = Questions.Rows(12, unanswerable: true);
        foreach (string? context in new[] { null, "", " \t\u3000\n" }) rows.Add(Questions.Of(context!, "is it so", "", 0));
        using var model = Train(rows);
        Assert.Contains("3 of 15 rows have no text in 'Context'", Warned("no text"));
        Assert.All(Questions.Predict(model, rows.TakeLast(3)), row => Assert.Equal(("", 0, 0, 1f, 1f), (row.PredictedAnswer.Single(), row.AnswerStart[0], row.AnswerEnd[0], row.Score[0], row.NoAnswerProbability)));
    }

    [Fact]
    public void A_question_longer_than_the_row_is_cut_with_a_warning()
    {
        var rows = Questions.Rows(12);
        rows[0].Question = string.Concat(Enumerable.Repeat("it was so ", 100));
        using var model = Train(rows);
        Assert.Contains("1 of 12 questions are longer than 17 word pieces", Warned("cut at their end"));
        Assert.Equal(3, Questions.Predict(model, rows)[0].PredictedAnswer.Length);
    }

    [Fact]
    public void Answers_longer_than_a_predicted_one_may_be_are_warned_of()
    {
        var rows = Questions.Rows(12);
        rows[0] = Questions.Of("so it was good and it is", "is it so", "it was good and it", 3);
        Train(rows, options => options.MaxAnswerLength = 3).Dispose();
        Assert.Contains("1 of 12 answers have more than 3 word pieces", Warned("word pieces, more"));
    }

    [Fact]
    public void An_index_between_two_surrogates_is_moved()
    {
        var rows = Questions.Rows(12);
        rows[0] = Questions.Of("😀 good", "is it so", "good", 1);
        using var model = Train(rows);
        Assert.Contains("1 of 12 answers are not where", Warned("nearest place"));
    }

    [Fact]
    public void Rows_that_teach_nothing_are_refused()
    {
        Mentions(() => Train([]), "no rows");
        Mentions(() => Train([.. Enumerable.Range(0, 4).Select(_ => Questions.Of("so it was", "is it so", "", 0))]), "None of the 4 training questions has an answer");
        Mentions(() => Train([.. Enumerable.Range(0, 4).Select(_ => Questions.Of("so it was", "is it so", "weird", 0))]), "None of the 4 answers in 'TrainingAnswer'", "row 1", "'weird'");
        Mentions(() => Train(Questions.Rows(8), options => options.ValidationSet = _ml.Data.LoadFromEnumerable(new List<QuestionRow>())), "validation set has no rows");
    }

    [Fact]
    public void A_row_with_more_answers_than_indices_is_named()
    {
        var rows = Questions.Rows(4);
        rows[2].Indices = [1, 2];
        Mentions(() => Train(rows, options => (options.TrainingAnswerColumnName, options.AnswerIndexColumnName) = ("Answers", "Indices")), "Row 3 has 1 answers in 'Answers', but 2 indices in 'Indices'");
    }

    [Theory]
    [InlineData("Absent", "Question", "TrainingAnswer", "AnswerIndex", "no column 'Absent'")]
    [InlineData("Context", "Numbers", "TrainingAnswer", "AnswerIndex", "'Numbers'")]
    [InlineData("Context", "Question", "Index", "AnswerIndex", "'Index'")]
    [InlineData("Context", "Question", "TrainingAnswer", "Question2", "'Question2'")]
    [InlineData("Context", "Question", "TrainingAnswer", "Context2", "must be a number")]
    [InlineData("Context", "Question", "Answers", "AnswerIndex", "'Answers' and 'AnswerIndex'")]
    public void A_column_that_is_absent_or_of_another_type_is_named_by_the_pipeline_and_by_Fit(string context, string question, string answer, string index, string named)
    {
        var options = Questions.BriefOptions(_backbone);
        (options.ContextColumnName, options.QuestionColumnName, options.TrainingAnswerColumnName, options.AnswerIndexColumnName) = (context, question, answer, index);
        var data = _ml.Transforms.CopyColumns("Context2", "Context").Fit(_ml.Data.LoadFromEnumerable(Questions.Rows(4))).Transform(_ml.Data.LoadFromEnumerable(Questions.Rows(4)));
        var estimator = _ml.Transforms.PTuningV2AnswerQuestions(options);
        Mentions(() => estimator.Fit(data), named);
        Mentions(() => _ml.Transforms.CopyColumns("Copy", "Context").Append(estimator).Fit(data), named);
    }

    [Theory]
    [MemberData(nameof(BadOptions))]
    public void Options_out_of_range_are_named(Action<QuestionAnsweringOptions> set, string named)
    {
        var options = Questions.BriefOptions(_backbone);
        set(options);
        Assert.Contains(named, Assert.ThrowsAny<ArgumentException>(() => _ml.Transforms.PTuningV2AnswerQuestions(options)).Message);
    }

    public static TheoryData<Action<QuestionAnsweringOptions>, string> BadOptions => new()
    {
        { o => o.TopK = 0, "TopK must be at least 1" },
        { o => o.DocumentStride = -1, "DocumentStride must be at least 0" },
        { o => o.MaxAnswerLength = 0, "MaxAnswerLength must be at least 1" },
        { o => o.NullThreshold = double.PositiveInfinity, "NullThreshold must be a finite number" },
        { o => o.OffsetUnit = (OffsetUnit)7, "OffsetUnit must be one of Utf16, CodePoints" },
        { o => o.LabelColumnName = "Answer", "LabelColumnName has no effect" },
        { o => o.PredictedLabelColumnName = "Answer", "PredictedLabelColumnName has no effect" },
        { o => o.ClassWeights = [1, 2], "ClassWeights has no effect" },
        { o => o.Verbalizer = new Verbalizer(), "no classes that words could represent" },
        { o => o.PredictedAnswerColumnName = "Context", "would hide the input column" },
        { o => o.ScoreColumnName = "AnswerStart", "Two output columns are called 'AnswerStart'" },
        { o => o.QuestionColumnName = " ", "name of a column is empty" },
    };

    [Fact]
    public void A_window_without_room_for_question_and_context_is_refused() =>
        Mentions(() => Train(Questions.Rows(4), options => options.MaxSequenceLength = 4), "raise MaxSequenceLength");

    [Fact]
    public void Evaluation_names_what_it_misses()
    {
        using var model = Train(Questions.Rows(8));
        var data = model.Transform(_ml.Data.LoadFromEnumerable(Questions.Rows(8)));
        var catalog = _ml.MulticlassClassification;
        Mentions(() => catalog.EvaluateAnswers(data, "Absent"), "no column 'Absent'");
        Mentions(() => catalog.EvaluateAnswers(data, "AnswerIndex"), "'AnswerIndex'", "answers are text");
        Mentions(() => catalog.EvaluateAnswers(model.Transform(_ml.Data.LoadFromEnumerable(new List<QuestionRow>()))), "no rows");
        Assert.Null(catalog.EvaluateAnswers(data, scoreColumnName: "Absent").BestF1);
    }

    private string Warned(string about) => _log.Find(line => line.Contains(about)) ?? string.Join('\n', _log);

    private PTuningQuestionAnsweringTransformer Train(List<QuestionRow> rows, Action<QuestionAnsweringOptions>? set = null)
    {
        var options = Questions.BriefOptions(_backbone);
        set?.Invoke(options);
        return _ml.Transforms.PTuningV2AnswerQuestions(options).Fit(_ml.Data.LoadFromEnumerable(rows));
    }

    private static void Mentions(Func<object> refused, params string[] parts)
    {
        string message = Assert.Throws<ArgumentException>(refused).Message;
        Assert.All(parts, part => Assert.Contains(part, message));
    }

    public void Dispose() => _backbone.Dispose();
}
