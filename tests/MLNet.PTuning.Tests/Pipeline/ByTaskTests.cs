// Rows of several tasks through one step: every row has the values that its own task's transformer gives it, to the bit.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tests.Backbones;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class ByTaskTests(TrainedTasks tasks) : IClassFixture<TrainedTasks>
{
    private readonly MLContext _ml = tasks.Context;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Rows_in_any_order_have_the_values_that_their_own_transformers_give(int seed)
    {
        var rows = TrainedTasks.Mixed(seed);
        var together = tasks.Model.Transform(_ml.Data.LoadFromEnumerable(rows));
        foreach (string task in tasks.Models.Keys)
        {
            var alone = tasks.Own(task).Transform(_ml.Data.LoadFromEnumerable(rows.Where(r => r.Task == task)));
            string[] columns = [.. alone.Schema.Skip(tasks.Data.Schema.Count).Select(c => c.Name)];
            Assert.Equal(Values.Rows(alone, columns), Values.Rows(together, columns.Select(c => $"{task}.{c}")).Where((_, i) => rows[i].Task == task));
            foreach (string column in columns)
            {
                Assert.Equal(alone.Schema[column].Type, together.Schema[$"{task}.{column}"].Type);
                Assert.Equal(alone.Schema[column].Annotations.ToString(), together.Schema[$"{task}.{column}"].Annotations.ToString());
            }
        }
    }

    [Fact]
    public void PredictedLabel_is_the_class_or_the_labels_of_the_words_and_Score_their_probabilities()
    {
        var predicted = _ml.Data.CreateEnumerable<Predictions>(tasks.Model.Transform(tasks.Data), reuseRowObject: false).ToList();
        Assert.All(tasks.Rows.Zip(predicted), pair =>
        {
            var (row, p) = pair;
            var classes = tasks.Own(row.Task!).ClassNames;
            if (row.Task == "NER")
            {
                Assert.Equal(string.Join(' ', p.Labels.Select(key => classes[(int)key - 1])), p.PredictedLabel);
                Assert.Equal(p.Labels.Select((key, word) => p.LabelScores[word * classes.Count + (int)key - 1]), p.Score);
                return;
            }
            Assert.Equal(classes[Array.IndexOf(p.Score, p.Score.Max())], p.PredictedLabel);
            Assert.Equal(classes.Count, p.Score.Length);
            if (row.Task == "SST-2") Assert.Equal(p.TextScores, p.Score);
            if (row.Task == "MRPC") Assert.Equal(p.Probability, p.Score[1]);
        });
        Assert.True(predicted.Select(p => p.PredictedLabel).Distinct().Count() > 3);
    }

    [Fact]
    public void Columns_of_other_tasks_have_missing_values()
    {
        var view = tasks.Model.Transform(tasks.Data);
        AssertMissing("SST-2", ("PredictedLabel", "0"), ("Score", "2: NaN, NaN"));
        AssertMissing("MRPC", ("PredictedLabel", "0"), ("Score", "NaN"), ("Probability", "NaN"));
        AssertMissing("NER", ("PredictedLabel", "0: "), ("Score", "0: "), ("EntityText", "0: "), ("EntityStart", "0: "), ("WordEnd", "0: "));

        void AssertMissing(string task, params (string Column, string Missing)[] columns)
        {
            var rows = Values.Rows(view, columns.Select(c => $"{task}.{c.Column}"));
            Assert.All(rows.Where((_, i) => tasks.Rows[i].Task != task), row => Assert.Equal(columns.Select(c => c.Missing), row));
        }
    }

    [Fact]
    public void Missing_values_of_other_types_are_false_no_text_and_no_index()
    {
        Assert.False(Missing<bool>(BooleanDataViewType.Instance, true));
        Assert.Equal("", Missing(TextDataViewType.Instance, "text".AsMemory()).ToString());
        Assert.Equal(-1, Missing(NumberDataViewType.Int32, 3));

        static T Missing<T>(DataViewType type, T other)
        {
            bool isMissing = false;
            var getter = (ValueGetter<T>)MLNet.PTuning.Pipeline.MissingValue.Or((ValueGetter<T>)((ref T value) => value = other), type, () => isMissing);
            T value = default!;
            getter(ref value);
            Assert.Equal(other, value);
            isMissing = true;
            getter(ref value);
            return value;
        }
    }

    [Theory]
    [InlineData("MNLI", "the task 'MNLI'")]
    [InlineData("", "no task")]
    [InlineData(null, "no task")]
    [InlineData("sst-2", "the task 'sst-2'")]
    public void An_unknown_task_is_an_error_that_names_the_row_and_lists_the_tasks(string? task, string named)
    {
        List<TaskText> rows = [tasks.Rows[0], tasks.Rows[1], new() { Task = task, Text = "good" }];
        string message = Assert.Throws<ArgumentException>(() => Values.Rows(tasks.Model.Transform(_ml.Data.LoadFromEnumerable(rows)), "Score")).Message;
        Assert.Contains($"Row 3 has {named} in 'Task'", message);
        Assert.Contains("SST-2, MRPC, WiC, NER", message);
    }

    [Fact]
    public void An_unknown_task_has_missing_values_where_the_app_says_so()
    {
        List<TaskText> rows = [tasks.Rows[0], new() { Task = "MNLI" }, tasks.Rows[1], new() { Task = null }];
        using var model = _ml.Transforms.PTuningV2ByTask("Task", tasks.Models, unknownTask: UnknownTask.Missing).Fit(tasks.Data);
        string[] columns = ["PredictedLabel", "Score", "SST-2.Score", "NER.EntityText"];
        var predicted = Values.Rows(model.Transform(_ml.Data.LoadFromEnumerable(rows)), columns);
        Assert.Equal(["", "0: ", "2: NaN, NaN", "0: "], predicted[1]);
        Assert.Equal(predicted[1], predicted[3]);
        Assert.Equal(Values.Rows(tasks.Model.Transform(tasks.Data), columns)[..2], [predicted[0], predicted[2]]);
        Assert.Equal(predicted[1], Assert.Single(Values.Rows(model.Transform(_ml.Data.LoadFromEnumerable(rows[1..2])), columns)));
    }

    [Fact]
    public void An_engine_gives_each_row_what_its_tasks_engine_gives()
    {
        using var engine = _ml.Model.CreatePredictionEngine<TaskText, Predictions>(tasks.Model, new PredictionEngineOptions { OwnsTransformer = false });
        using var reviews = _ml.Model.CreatePredictionEngine<TaskText, ReviewScore>(tasks.Own("SST-2"), new PredictionEngineOptions { OwnsTransformer = false });
        using var sentences = _ml.Model.CreatePredictionEngine<TaskText, LabeledSentence>(tasks.Own("NER"), new PredictionEngineOptions { OwnsTransformer = false });
        foreach (var row in tasks.Rows)
        {
            var predicted = engine.Predict(row);
            Assert.NotEmpty(predicted.PredictedLabel);
            if (row.Task == "SST-2") Assert.Equal(reviews.Predict(row).Score, predicted.Score);
            if (row.Task == "NER") Assert.Equal(sentences.Predict(row).Score, predicted.LabelScores);
        }
        Assert.Contains("'MNLI'", Assert.Throws<ArgumentException>(() => engine.Predict(new TaskText { Task = "MNLI" })).Message);
    }

    [Fact]
    public void Answers_and_choices_are_tasks_too()
    {
        using var backbone = new TinyBackbone();
        var questions = Questions.Rows(8);
        using var answers = Questions.Train(Questions.BriefOptions(backbone), questions);
        var data = _ml.Data.LoadFromEnumerable(questions.Select((q, i) => new Either { Task = i % 2 == 0 ? "QA" : "COPA", Context = q.Context!, Question = q.Question!, Choices = [.. q.Context!.Split(' ').Take(i)], Label = i > 0 ? 0 : -1 }));
        using var choices = _ml.Transforms.PTuningV2Choose(new MultipleChoiceOptions(backbone.Path) { Method = new DeepPrompt { Length = 3 }, Epochs = 1, BatchSize = 4, PremiseColumnName = "Context" }).Fit(data);
        using var model = _ml.Transforms.PTuningV2ByTask("Task", new Dictionary<string, ITransformer> { ["QA"] = answers, ["COPA"] = choices }).Fit(data);
        var together = model.Transform(data);
        Assert.Equal(Values.Rows(answers.Transform(data), "PredictedAnswer", "Score", "AnswerStart", "NoAnswerProbability").Where((_, i) => i % 2 == 0),
            Values.Rows(together, "QA.PredictedAnswer", "QA.Score", "QA.AnswerStart", "QA.NoAnswerProbability").Where((_, i) => i % 2 == 0));
        var own = Values.Rows(choices.Transform(data), "PredictedLabel", "Score").Where((_, i) => i % 2 == 1).ToList();
        Assert.Equal(own, Values.Rows(together, "COPA.PredictedLabel", "COPA.Score").Where((_, i) => i % 2 == 1));
        Assert.Equal(own, Values.Rows(together, "PredictedLabel", "Score").Where((_, i) => i % 2 == 1));
        Assert.Equal("-1", Values.Rows(together, "COPA.PredictedLabel")[0][0]);
        Assert.Equal("NaN", Values.Rows(together, "QA.NoAnswerProbability")[1][0]);
    }

    private sealed class Predictions
    {
        public string PredictedLabel { get; set; } = "";
        public float[] Score { get; set; } = [];
        [ColumnName("SST-2.Score")]
        public float[] TextScores { get; set; } = [];
        [ColumnName("MRPC.Probability")]
        public float Probability { get; set; }
        [ColumnName("NER.PredictedLabel")]
        public uint[] Labels { get; set; } = [];
        [ColumnName("NER.Score")]
        public float[] LabelScores { get; set; } = [];
    }

    private sealed class ReviewScore
    {
        public float[] Score { get; set; } = [];
    }

    private sealed class Either
    {
        public string Task { get; set; } = "";
        public string Context { get; set; } = "";
        public string Question { get; set; } = "";
        public string[] Choices { get; set; } = [];
        public int Label { get; set; }
    }
}
