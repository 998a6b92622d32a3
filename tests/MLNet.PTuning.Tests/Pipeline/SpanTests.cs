// Spans that the classification head reads in addition to the first token: the forms of their places, what is learned from them, and what is refused.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class SpanTests : IDisposable
{
    private static readonly string[] Good = ["good", "great", "fine"], Bad = ["bad", "dull", "awful"];

    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new(seed: 1);

    [Theory]
    [InlineData(Pooling.FirstToken)]
    [InlineData(Pooling.Mean)]
    public void The_word_in_the_span_decides_and_a_loaded_model_predicts_alike(Pooling pooling)
    {
        var options = Options();
        (options.Method, options.Pooling, options.LearningRate, options.Epochs) = (new FullFineTuning(), pooling, 0.01, 12);
        var data = Data(Rows(80));
        using var chain = Pipeline(options).Fit(data);
        var test = Data(Rows(40, seed: 2));
        Assert.InRange(_ml.MulticlassClassification.Evaluate(chain.Transform(test)).MicroAccuracy, 0.9, 1);
        var scores = Values.Rows(chain.Transform(test), ["PredictedLabel", "Score"]);
        _ml.Model.SaveSafely(chain, data.Schema, _folder.At("model.zip"));
        var loaded = new MLContext().Model.Load(_folder.At("model.zip"), out _);
        using var disposable = (IDisposable)loaded;
        Assert.Equal(scores, Values.Rows(loaded.Transform(test), ["PredictedLabel", "Score"]));
        // Reloaded after it was disposed, too.
        chain.LastTransformer.Dispose();
        Assert.Equal(scores, Values.Rows(chain.Transform(test), ["PredictedLabel", "Score"]));
    }

    [Fact]
    public void Places_in_words_in_UTF_16_units_and_in_code_points_train_the_same_model()
    {
        var rows = Rows(20);
        foreach (var row in rows) (row.Text, row.Start, row.End, row.PointStart, row.PointEnd, row.WordStart, row.WordEnd) = ("😀 " + row.Text, row.Start + 3, row.End + 3, row.Start + 2, (long)row.End + 2, row.WordStart + 1, (byte)(row.WordEnd + 1));
        byte[] expected = Weights([new SpanColumns("Start", "End")], OffsetUnit.Utf16);
        Assert.Equal(expected, Weights([new SpanColumns("PointStart", "PointEnd")], OffsetUnit.CodePoints));
        Assert.Equal(expected, Weights([new SpanColumns("WordStart", "WordEnd") { CountsWords = true }], OffsetUnit.Utf16));
        Assert.NotEqual(expected, Weights([new SpanColumns("Zero", "WordEnd") { CountsWords = true }], OffsetUnit.Utf16));

        byte[] Weights(SpanColumns[] spans, OffsetUnit unit)
        {
            var options = Options();
            (options.Spans, options.OffsetUnit) = (spans, unit);
            using var model = Pipeline(options).Fit(Data(rows)).LastTransformer;
            return SavedWeights.Of(model);
        }
    }

    [Fact]
    public void A_span_of_the_second_text_is_found_there()
    {
        var pairs = Options();
        (pairs.TextPairColumnName, pairs.Spans) = ("Second", [new SpanColumns("Start", "End") { InPair = true }]);
        var rows = Rows(12);
        foreach (var row in rows) (row.Text, row.Second) = ("it was", row.Text);
        using var model = Pipeline(pairs).Fit(Data(rows)).LastTransformer;
        var form = new RowForm(model.Model.Backbone.Tokenizer, 37, pairs.Method, hasPairs: true);
        IReadOnlyList<MLNet.PTuning.Text.Piece> text = form.TextPieces(rows[0].Text), second = form.PairPieces(rows[0].Second);
        var row0 = form.Join(text, second);
        int position = Assert.Single(MLNet.PTuning.Pipeline.TextRows.SpanPositions(new(rows[0].Text, rows[0].Second, [new((int)rows[0].Start, (int)rows[0].End, InPair: true)]), row0, text, second)[0]);
        Assert.Equal(rows[0].Second[(int)rows[0].Start..(int)rows[0].End], TinyBackbone.Vocabulary[row0.Input.Ids[position]]);
    }

    [Fact]
    public void A_span_that_the_cut_takes_away_is_replaced_by_the_first_token_with_a_warning()
    {
        var warnings = new List<string>();
        _ml.Log += (_, e) => warnings.Add(e.Message);
        var rows = Rows(12);
        rows[3].Text = string.Concat(Enumerable.Repeat("the film ", 30)) + "good";
        (rows[3].Start, rows[3].End) = (rows[3].Text.Length - 4, rows[3].Text.Length);
        using var model = Pipeline(Options()).Fit(Data(rows)).LastTransformer;
        Assert.Contains(warnings, w => w.Contains("1 of 12 rows have a span of which nothing is left"));
        Assert.All(Scores(model, Data(rows)), p => Assert.True(float.IsFinite(p)));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(4, false)]
    [InlineData(4, true)]
    public void In_place_of_a_lost_span_a_row_with_vectors_in_front_has_what_the_head_reads_first(int length, bool poolsVector)
    {
        TuningMethod method = length == 0 ? new DeepPrompt { Length = 3 } : new SoftPrompt { Length = length, PoolsFirstVector = poolsVector };
        using var model = Pipeline(Options()).Fit(Data(Rows(4))).LastTransformer;
        var form = new RowForm(model.Model.Backbone.Tokenizer, 12, method, hasPairs: false);
        string text = string.Concat(Enumerable.Repeat("the film ", 30)) + "good";
        var pieces = form.TextPieces(text);
        var row = form.Join(pieces, null);
        int position = Assert.Single(MLNet.PTuning.Pipeline.TextRows.SpanPositions(new(text, null, [new(text.Length - 4, text.Length, InPair: false)]), row, pieces, null)[0]);
        Assert.Equal(poolsVector ? 0 : length, position);
        Assert.Equal(row.ReadPosition, position);
    }

    [Theory]
    [InlineData(Pooling.FirstToken)]
    [InlineData(Pooling.Mean)]
    public void A_checkpoint_is_not_continued_with_other_spans_of_the_same_texts(Pooling pooling)
    {
        var rows = Rows(12);
        foreach (var row in rows) (row.PointStart, row.PointEnd) = (0, 3);
        using (Train(o => o.CheckpointPath = _folder.At("run.ckpt"))) { }
        using (Train(o => o.ResumeFrom = _folder.At("run.ckpt"))) { }
        // Each has the other's place, so that the same positions are read.
        foreach (var row in rows) (row.Start, row.End, row.PointStart, row.PointEnd) = ((float)row.PointStart, row.PointEnd, row.Start, (long)row.End);
        Assert.Contains("training rows: 12 of content", Assert.Throws<ArgumentException>(() => Train(o => o.ResumeFrom = _folder.At("run.ckpt"))).Message);

        PTuningClassificationTransformer Train(Action<TextClassificationOptions> set)
        {
            var options = Options();
            (options.Pooling, options.Seed, options.Spans) = (pooling, 1, [new SpanColumns("Start", "End"), new SpanColumns("PointStart", "PointEnd")]);
            set(options);
            return Pipeline(options).Fit(Data(rows)).LastTransformer;
        }
    }

    [Fact]
    public void Words_are_what_any_white_space_separates_and_a_span_of_removed_characters_reads_the_first_token()
    {
        var rows = Rows(8);
        foreach (var row in rows) (row.Text, row.WordStart, row.WordEnd) = ("the\tfilm\u00a0was\u2003good\n", 3, 4);
        byte[] expected = Weights(rows);
        foreach (var row in rows) row.Text = "the film was good";
        Assert.Equal(expected, Weights(rows));
        var warnings = new List<string>();
        _ml.Log += (_, e) => warnings.Add(e.Message);
        // A control character is a word to the splitter and nothing to BERT's tokenizer.
        rows[2].Text = "the film was \u0001";
        Weights(rows);
        Assert.Contains(warnings, w => w.Contains("1 of 8 rows have a span of which nothing is left"));

        byte[] Weights(IEnumerable<SpanRow> of)
        {
            var options = Options();
            options.Spans = [new SpanColumns("WordStart", "WordEnd") { CountsWords = true }];
            using var model = Pipeline(options).Fit(Data(of)).LastTransformer;
            return SavedWeights.Of(model);
        }
    }

    [Fact]
    public void A_model_without_spans_has_none_in_its_settings()
    {
        var options = Options();
        options.Spans = [];
        using var model = Pipeline(options).Fit(Data(Rows(8))).LastTransformer;
        var file = new MemoryStream();
        _ml.Model.Save(model, null, file);
        using var zip = new System.IO.Compression.ZipArchive(file);
        using var settings = new StreamReader(zip.Entries.Single(e => e.Name == "Settings").Open());
        Assert.DoesNotContain("Span", settings.ReadToEnd());
    }

    [Fact]
    public void Tasks_with_and_without_spans_share_a_prompt()
    {
        var single = Options();
        var data = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(Data(Rows(16))).Transform(Data(Rows(16)));
        var options = new MultiTaskOptions(_backbone.Path)
        {
            Method = new DeepPrompt { Length = 3 }, Epochs = 2, BatchSize = 8,
            Tasks = [new("spans", new TextClassificationOptions(_backbone.Path) { Spans = single.Spans }, data), new("texts", new TextClassificationOptions(_backbone.Path), data)],
        };
        using var trained = _ml.Transforms.PTuningV2MultiTask(options).Fit();
        var model = trained.Transformers["spans"];
        float[] scores = Scores(model, data);
        _ml.Model.SaveSafely(model, data.Schema, _folder.At("task.zip"));
        var loaded = _ml.Model.Load(_folder.At("task.zip"), out _);
        using (loaded as IDisposable) Assert.Equal(scores, Scores(loaded, data));

        var search = new PromptSearchOptions { Lengths = [2, 3], LearningRates = [1e-3], Dropouts = [0.1], Reparameterize = [false], Trials = 2, Reduction = 2 };
        using var found = _ml.Transforms.PTuningV2Search(new TextClassificationOptions(_backbone.Path) { Spans = single.Spans, Epochs = 1, ValidationShare = 0.3 }, search).Fit(data);
        Assert.NotEmpty(Scores(found, data));
    }

    [Theory]
    [InlineData(2, 2, "Row 2 has a span from 2 to 2")]
    [InlineData(3, 2, "ends after its last")]
    [InlineData(-1, 2, "counted from 0")]
    [InlineData(0, 1000, "in a text of")]
    [InlineData(0.5f, 2, "from 0.5 to 2")]
    [InlineData(float.NaN, 2, "from NaN")]
    [InlineData(1, 2, "between the two UTF-16 units of a character")]
    public void Spans_outside_their_text_or_within_a_character_are_errors_that_name_the_row(float start, float end, string message)
    {
        var rows = Rows(4);
        (rows[1].Text, rows[1].Start, rows[1].End) = ("😀 the film", start, end);
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => Pipeline(Options()).Fit(Data(rows))).Message);
        using var model = Pipeline(Options()).Fit(Data(Rows(4))).LastTransformer;
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => Scores(model, Data(rows))).Message);
    }

    [Fact]
    public void What_has_no_effect_or_no_form_is_refused()
    {
        Assert.Throws<ArgumentNullException>(() => Options().Spans = null!);
        Refused("verbalizer", o => o.Verbalizer = new Verbalizer());
        Refused("second text", o => o.Spans = [new SpanColumns("Start", "End") { InPair = true }]);
        var data = Data(Rows(8));
        var missing = Options();
        missing.Spans = [new SpanColumns("Start", "Missing")];
        Assert.Contains("no column 'Missing'", Assert.Throws<ArgumentException>(() => Pipeline(missing).Fit(data)).Message);
        var text = Options();
        text.Spans = [new SpanColumns("Start", "Second")];
        Assert.Contains("must be a number", Assert.Throws<ArgumentException>(() => Pipeline(text).Fit(data)).Message);

        using var model = Pipeline(Options()).Fit(data).LastTransformer;
        Assert.Contains("reads spans", Assert.Throws<NotSupportedException>(() => PeftFolder.Save(model, _folder.At("peft"))).Message);

        void Refused(string message, Action<TextClassificationOptions> set)
        {
            var options = Options();
            set(options);
            Assert.Contains(message, Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2Classify(options)).Message);
        }
    }

    [Fact]
    public void A_head_that_read_no_spans_is_replaced_and_the_prompt_is_kept()
    {
        var plain = Options();
        plain.Spans = [];
        using var first = Pipeline(plain).Fit(Data(Rows(12))).LastTransformer;
        PeftFolder.Save(first, _folder.At("peft"));
        var warnings = new List<string>();
        _ml.Log += (_, e) => warnings.Add(e.Message);
        var options = Options();
        options.StartFrom = PeftFolder.Load(_folder.At("peft"));
        using var model = Pipeline(options).Fit(Data(Rows(12))).LastTransformer;
        Assert.Contains(warnings, w => w.Contains("was trained to read no spans"));
        Assert.Contains("Spans", Assert.Throws<ArgumentException>(() => _ml.Transforms.PTuningV2ClassifyFromPeft(options)).Message);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    private TextClassificationOptions Options() => new(_backbone.Path)
    {
        Method = new DeepPrompt { Length = 3 }, Epochs = 1, BatchSize = 8, PredictionBatchSize = 3, Spans = [new SpanColumns("Start", "End")],
    };

    private EstimatorChain<PTuningClassificationTransformer> Pipeline(TextClassificationOptions options) => _ml.Transforms.Conversion.MapValueToKey("Label").Append(_ml.Transforms.PTuningV2Classify(options));

    private IDataView Data(IEnumerable<SpanRow> rows) => _ml.Data.LoadFromEnumerable(rows);

    private float[] Scores(ITransformer model, IDataView data) => [.. _ml.Data.CreateEnumerable<Predicted>(model.Transform(data), reuseRowObject: false).SelectMany(row => row.Score)];

    // A good and a bad word in each text; the label is that of the one in the span.
    private static List<SpanRow> Rows(int count, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            string good = random.GetItems(Good, 1)[0], bad = random.GetItems(Bad, 1)[0];
            string[] words = i % 2 == 0 ? ["the", "film", "was", good, "and", "the", "book", bad] : ["the", "film", "was", bad, "and", "the", "book", good];
            int at = random.Next(2) == 0 ? 3 : 7, start = words.Take(at).Sum(word => word.Length + 1);
            return new SpanRow { Text = string.Join(' ', words), Start = start, End = start + words[at].Length, WordStart = at, WordEnd = (byte)(at + 1), Label = words[at] == good ? "good" : "bad" };
        })];
    }

    private sealed class SpanRow
    {
        public string Text { get; set; } = "";
        public string Second { get; set; } = "";
        public float Start { get; set; }
        public float End { get; set; }
        public double PointStart { get; set; }
        public long PointEnd { get; set; }
        public int WordStart { get; set; }
        public byte WordEnd { get; set; }
        public ushort Zero { get; set; }
        public string Label { get; set; } = "";
    }
}
