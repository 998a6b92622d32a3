// Forms in which choices come from ML.NET's columns and from apps, and what a model that chooses promises as a step of a pipeline.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tests.Backbones;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class ChoiceFormTests : IDisposable
{
    private static readonly string[] Words = ["good", "bad", "dull", "fine", "odd", "great"];

    private readonly TinyBackbone _backbone = new();
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void Vectors_of_a_fixed_length_and_concatenated_columns_train_the_model_of_vectors_of_any_length()
    {
        var rows = Rows(12);
        byte[] expected = Weights(_ml.Data.LoadFromEnumerable(rows), "Choices");
        Assert.Equal(expected, Weights(_ml.Data.LoadFromEnumerable(rows), "Two"));
        var columns = _ml.Data.LoadFromEnumerable(rows);
        Assert.Equal(expected, Weights(_ml.Transforms.Concatenate("Both", "First", "Second").Fit(columns).Transform(columns), "Both"));
        Assert.Equal(expected, Weights(_ml.Data.Cache(columns), "Two"));
    }

    [Fact]
    public void Labels_of_every_type_of_number_train_the_same_model()
    {
        var rows = Rows(12);
        foreach (string label in new[] { "Long", "Byte", "Double", "UShort" })
            Assert.Equal(Weights(_ml.Data.LoadFromEnumerable(rows), "Choices"), Weights(_ml.Data.LoadFromEnumerable(rows), "Choices", label));
        rows[1].Long = long.MaxValue;
        Assert.Contains("Row 2 has the label", Assert.Throws<ArgumentException>(() => Weights(_ml.Data.LoadFromEnumerable(rows), "Choices", "Long")).Message);
    }

    [Fact]
    public void Null_and_sparse_choices_are_empty_texts()
    {
        using var model = Train();
        var predicted = Predict(model, [new() { Premise = null, Choices = [null, "good"] }, new() { Premise = "", Choices = ["", "good"] }, new() { Premise = null, Choices = null }]);
        Assert.Equal(predicted[1].Score, predicted[0].Score);
        Assert.Empty(predicted[2].Score);
        var sparse = new VBuffer<ReadOnlyMemory<char>>(2, 1, ["good".AsMemory()], [1]);
        var data = _ml.Data.LoadFromEnumerable([new SparseRow { Premise = "", Choices = sparse }], SchemaDefinition.Create(typeof(SparseRow)));
        Assert.Equal(predicted[1].Score, _ml.Data.CreateEnumerable<Chosen>(model.Transform(data), reuseRowObject: false).Single().Score);
    }

    [Fact]
    public void Very_long_premises_and_choices_are_cut_and_learned_from()
    {
        string premise = string.Concat(Enumerable.Repeat("the film was ", 200)), choice = string.Concat(Enumerable.Repeat("so odd ", 300));
        var rows = Rows(8);
        (rows[0].Premise, rows[1].Choices) = (premise, [choice, "good"]);
        (rows[2].Premise, rows[2].Choices) = (premise, [choice, choice + "good", " \t\u00a0"]);
        using var model = Train(rows);
        Assert.All(Predict(model, rows).SelectMany(row => row.Score), p => Assert.True(float.IsFinite(p)));
    }

    [Theory]
    [InlineData(Pooling.FirstToken)]
    [InlineData(Pooling.Mean)]
    public void Two_hundred_choices_are_chosen_among_as_a_few_are(Pooling pooling)
    {
        var options = Options();
        options.Pooling = pooling;
        using var model = _ml.Transforms.PTuningV2Choose(options).Fit(_ml.Data.LoadFromEnumerable(Rows(8).Append(Many(200)).Append(Many(3))));
        var all = Predict(model, [Many(200), Many(3), Rows(1)[0]]);
        var few = Predict(model, [Many(3)])[0];
        Assert.Equal(200, all[0].Score.Length);
        Assert.Equal(1, all[0].Score.Sum(), 1e-4);
        Assert.All(few.Score.Zip(all[1].Score), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        // The ratio of two choices' probabilities does not depend on the others.
        Assert.Equal(few.Score[1] / few.Score[0], all[0].Score[1] / all[0].Score[0], 1e-3);

        // 200 rows of 30 word pieces: more than one pass takes.
        static Row Many(int count) => new() { Premise = string.Join(' ', Enumerable.Repeat("the film was so", 6)), Choices = [.. Enumerable.Range(0, count).Select(i => $"{Words[i % 6]} {Words[i / 6 % 6]} day")], Label = 1 };
    }

    [Fact]
    public void Any_subset_of_active_columns_gives_the_same_values_and_source_columns_are_unchanged()
    {
        using var model = Train();
        var data = _ml.Data.LoadFromEnumerable(Rows(10));
        var view = model.Transform(data);
        string[] columns = ["Premise", "Choices", "Two", "Label", "PredictedLabel", "Score"];
        var all = Values.Rows(view, columns);
        Assert.Equal(Values.Rows(data, columns[..4]), all.Select(row => row[..4]));
        for (int subset = 1; subset < 1 << columns.Length; subset++)
        {
            int[] active = [.. Enumerable.Range(0, columns.Length).Where(c => (subset >> c & 1) != 0)];
            Assert.Equal(all.Select(row => active.Select(c => row[c]).ToArray()), Values.Rows(view, active.Select(c => columns[c])));
        }
    }

    [Fact]
    public void The_mapper_needs_the_texts_for_predictions_and_nothing_else_and_the_schema_is_known_without_data()
    {
        var options = Options();
        options.QuestionColumnName = "First";
        var data = _ml.Data.LoadFromEnumerable(Rows(8));
        using var model = _ml.Transforms.PTuningV2Choose(options).Fit(data);
        var mapper = ((ITransformer)model).GetRowToRowMapper(data.Schema);
        Assert.Equal(["Choices", "First", "Premise"], mapper.GetDependencies([mapper.OutputSchema["Score"]]).Select(c => c.Name).Order());
        Assert.Equal(["Label"], mapper.GetDependencies([mapper.OutputSchema["Label"]]).Select(c => c.Name));
        Assert.Equal(model.Transform(data).Schema.Select(c => (c.Name, c.Type)), model.GetOutputSchema(data.Schema).Select(c => (c.Name, c.Type)));
        Assert.Equal(NumberDataViewType.Int32, model.GetOutputSchema(data.Schema)["PredictedLabel"].Type);
        var once = model.Transform(data);
        Assert.Equal(Values.Rows(once, "PredictedLabel", "Score"), Values.Rows(model.Transform(once), "PredictedLabel", "Score"));
    }

    [Fact]
    public async Task Engines_on_many_threads_and_views_give_what_one_alone_gives_also_after_the_model_was_disposed()
    {
        var options = Options();
        options.Pooling = Pooling.Mean;
        var rows = Rows(20);
        using var model = _ml.Transforms.PTuningV2Choose(options).Fit(_ml.Data.LoadFromEnumerable(rows));
        float[][] expected = [.. Predict(model, rows).Select(row => row.Score)];
        var all = await Task.WhenAll(Enumerable.Range(0, 6).Select(thread => Task.Run(() =>
        {
            if (thread % 3 == 0) return [.. Predict(model, rows).Select(row => row.Score)];
            if (thread == 4) model.Dispose();
            using var engine = _ml.Model.CreatePredictionEngine<Row, Chosen>(model);
            return rows.Select(row => engine.Predict(row).Score).ToArray();
        })));
        Assert.All(all, scores => Assert.All(scores.Zip(expected), pair => Assert.All(pair.First.Zip(pair.Second), p => Assert.Equal(p.First, p.Second, 1e-6))));
    }

    [Fact]
    public void Folds_of_cross_validation_are_trained_on_and_scored()
    {
        var data = _ml.Data.LoadFromEnumerable(Rows(24));
        foreach (var fold in _ml.Data.CrossValidationSplit(data, numberOfFolds: 3))
        {
            using var model = _ml.Transforms.PTuningV2Choose(Options()).Fit(fold.TrainSet);
            Assert.InRange(_ml.MulticlassClassification.EvaluateChoices(model.Transform(fold.TestSet)).Accuracy, 0, 1);
        }
    }

    public void Dispose() => _backbone.Dispose();

    private MultipleChoiceOptions Options() => new(_backbone.Path) { Method = new DeepPrompt { Length = 3 }, Epochs = 1, BatchSize = 8, PredictionBatchSize = 3 };

    private PTuningMultipleChoiceTransformer Train(IEnumerable<Row>? rows = null) => _ml.Transforms.PTuningV2Choose(Options()).Fit(_ml.Data.LoadFromEnumerable(rows ?? Rows(12)));

    private byte[] Weights(IDataView data, string choices, string label = "Label")
    {
        var options = Options();
        (options.ChoicesColumnName, options.LabelColumnName) = (choices, label);
        using var model = _ml.Transforms.PTuningV2Choose(options).Fit(data);
        return SavedWeights.Of(model);
    }

    private List<Chosen> Predict(ITransformer model, IEnumerable<Row> rows) =>
        [.. _ml.Data.CreateEnumerable<Chosen>(model.Transform(_ml.Data.LoadFromEnumerable(rows)), reuseRowObject: false)];

    private static List<Row> Rows(int count) => [.. Enumerable.Range(0, count).Select(i =>
    {
        string first = Words[i % 6], second = Words[(i + 1 + i % 5) % 6];
        return new Row { Premise = i % 2 == 0 ? "the film was" : "it is", First = first, Second = second, Choices = [first, second], Two = [first, second], Label = i % 2, Long = i % 2, Byte = (byte)(i % 2), Double = i % 2, UShort = (ushort)(i % 2) };
    })];

    private sealed class Row
    {
        public string? Premise { get; set; }
        public string?[]? Choices { get; set; }
        [VectorType(2)]
        public string[] Two { get; set; } = ["", ""];
        public string First { get; set; } = "";
        public string Second { get; set; } = "";
        public int Label { get; set; }
        public long Long { get; set; }
        public byte Byte { get; set; }
        public double Double { get; set; }
        public ushort UShort { get; set; }
    }

    private sealed class SparseRow
    {
        public string Premise { get; set; } = "";
        public VBuffer<ReadOnlyMemory<char>> Choices { get; set; }
    }

    private sealed class Chosen
    {
        public int PredictedLabel { get; set; }
        public float[] Score { get; set; } = [];
    }
}
