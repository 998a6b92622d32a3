// Ranks that train together have one rank's model, whatever their number; they stop, fail and go on together.
using System.Runtime.InteropServices;
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tests.Pipeline;

namespace MLNet.PTuning.Tests.Training;

public sealed class RanksTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();
    private readonly List<Review> _rows = Reviews.Rows(80, classes: 3);

    public static TheoryData<string> Methods => ["prompt", "reparameterized", "head", "soft prompt"];

    [Theory]
    [MemberData(nameof(Methods))]
    public void The_model_is_the_same_on_1_2_and_4_ranks_after_a_hundred_steps(string name)
    {
        void Set(TextClassificationOptions o)
        {
            (o.Method, o.LearningRate) = name switch
            {
                "head" => (new HeadOnly(), 0.05),
                "soft prompt" => (new SoftPrompt { Length = 3 }, 0.01),
                _ => ((TuningMethod)new DeepPrompt { Length = 3, Reparameterize = name == "reparameterized", EncoderHiddenSize = 8, Dropout = 0.1 }, 0.01),
            };
            (o.Epochs, o.BatchSize, o.ValidationShare, o.ClassWeights) = (10, 7, 0.12, [1, 2, 0.5]);
        }
        var alone = Train(1, Set)[0];
        Assert.Equal(10, alone.Report.Epochs.Count);
        foreach (int size in (int[])[2, 4])
        {
            var ranks = Train(size, Set);
            Assert.All(ranks, rank => Assert.Equal(ranks[0].Weights, rank.Weights));
            Assert.All(ranks, rank => Assert.Equal(ranks[0].Report.BestEpoch, rank.Report.BestEpoch));
            float[] expected = Floats(alone.Weights), actual = Floats(ranks[^1].Weights);
            Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
            Assert.All(alone.Report.Epochs.Zip(ranks[0].Report.Epochs), pair =>
            {
                Assert.Equal(pair.First.TrainingLoss, pair.Second.TrainingLoss, 1e-5);
                Assert.Equal(pair.First.ValidationLoss!.Value, pair.Second.ValidationLoss!.Value, 1e-5);
                Assert.Equal(pair.First.ValidationScore, pair.Second.ValidationScore);
            });
        }
    }

    [Fact]
    public void Labels_of_words_and_choices_are_learned_by_ranks_as_by_one()
    {
        var sentences = Enumerable.Range(0, 24).Select(i => new Sentence
        {
            Words = [.. (i % 2 == 0 ? "the good film was so very" : "a very bad book").Split(' ').Take(3 + i % 4)],
            Label = [.. (i % 2 == 0 ? "O B-x O O O O" : "O O B-y O").Split(' ').Take(3 + i % 4)],
        }).ToList();
        Same(ranks =>
        {
            var ml = new MLContext(seed: 1);
            var options = new TokenLabelingOptions(_backbone.Path) { Method = new DeepPrompt { Length = 2 }, LearningRate = 0.01, Epochs = 3, BatchSize = 4, ValidationShare = 0.2, Communicator = ranks, Threads = 1 };
            using var model = ml.Transforms.Conversion.MapValueToKey("Label").Append(ml.Transforms.PTuningV2LabelTokens(options)).Fit(ml.Data.LoadFromEnumerable(sentences)).LastTransformer;
            return SavedWeights.Of(model);
        });
        var questions = Enumerable.Range(0, 16).Select(i => new Choosing { Premise = _rows[i].Text!, Choices = i % 2 == 0 ? ["good film", "bad book"] : ["a dull day", "great meal", "odd"], Label = i % 2 }).ToList();
        Same(ranks =>
        {
            var ml = new MLContext(seed: 1);
            var options = new MultipleChoiceOptions(_backbone.Path) { Method = new DeepPrompt { Length = 2 }, LearningRate = 0.01, Epochs = 3, BatchSize = 5, Communicator = ranks, Threads = 1 };
            using var model = ml.Transforms.PTuningV2Choose(options).Fit(ml.Data.LoadFromEnumerable(questions));
            return SavedWeights.Of(model);
            // The head's bias comes first. It adds the same to every choice, so its gradient is nothing but rounding, which AdamW makes steps of.
        }, first: 1);

        static void Same(Func<ICommunicator, byte[]> train, int first = 0)
        {
            float[] alone = Floats(LocalRanks.Run(1, train)[0]);
            Assert.All(LocalRanks.Run(3, train), rank => Assert.All(alone.Zip(Floats(rank)).Skip(first), pair => Assert.Equal(pair.First, pair.Second, 1e-5f)));
        }
    }

    [Theory]
    [InlineData("texts", false)]
    [InlineData("texts and words", false)]
    [InlineData("texts and words", true)]
    public void Several_tasks_are_learned_by_ranks_as_by_one(string of, bool haveFactors)
    {
        (byte[][] Weights, string Reports)[] Train(int size) => LocalRanks.Run(size, ranks =>
        {
            var ml = new MLContext(seed: 1);
            IDataView Rows<T>(IEnumerable<T> rows) where T : class => Keyed(ml, ml.Data.LoadFromEnumerable(rows));
            List<PromptTask> tasks =
            [
                new("two", new TextClassificationOptions(_backbone.Path) { ValidationShare = 0.3, CalibrateOn = CalibrationRows.Validation }, Rows(Unsure(Reviews.Rows(40)))),
                new("three", new TextClassificationOptions(_backbone.Path) { ClassWeights = [1, 2, 0.5] }, Rows(Reviews.Rows(30, classes: 3))),
            ];
            if (of == "texts and words") tasks.Add(new("words", new TokenLabelingOptions(_backbone.Path), Rows(Sentences.Rows(24))));
            using var model = ml.Transforms.PTuningV2MultiTask(new MultiTaskOptions(_backbone.Path)
            {
                Method = haveFactors ? new SoftPrompt { Length = 3 } : new DeepPrompt { Length = 3, Dropout = 0.1 }, TaskRank = haveFactors ? 1 : null,
                Epochs = 3, BatchSize = 7, LearningRate = 0.01, Threads = 1, Communicator = ranks, Tasks = tasks,
            }).Fit();
            var reports = tasks.Select(task => ((PTuningTransformer)model.Transformers[task.Name]).Report!).ToList();
            Assert.NotEqual(1, reports[0].Calibration!.Temperature);
            return (tasks.Select(task => SavedWeights.Of(model.Transformers[task.Name])).ToArray(),
                string.Join(' ', reports.Select(r => FormattableString.Invariant($"{r.BestEpoch} {r.Epochs[^1].TrainingLoss:f4} {r.Epochs[^1].ValidationScore:f4} {r.Calibration?.Temperature:f3}"))));
        });
        var (alone, report) = Train(1)[0];
        foreach (int size in (int[])[2, 4])
        {
            var ranks = Train(size);
            Assert.All(ranks, rank => Assert.Equal(ranks[0].Weights, rank.Weights));
            Assert.All(ranks, rank => Assert.Equal(report, rank.Reports));
            Assert.All(alone.SelectMany(Floats).Zip(ranks[^1].Weights.SelectMany(Floats)), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        }
    }

    [Fact]
    public void Ranks_calibrate_alike()
    {
        void Set(TextClassificationOptions o) => (o.Epochs, o.ValidationShare, o.CalibrateOn) = (4, 0.3, CalibrationRows.Validation);
        (byte[] Weights, TrainingReport Report)[] Run(int size) => LocalRanks.Run(size, ranks => Train(ranks, Set, rows: Unsure(_rows)));
        var alone = Run(1)[0];
        Assert.NotEqual(1, alone.Report.Calibration!.Temperature);
        var ranks = Run(3);
        Assert.All(ranks, rank => Assert.Equal(ranks[0].Weights, rank.Weights));
        Assert.All(ranks, rank => Assert.Equal(ranks[0].Report.Calibration!.Temperature, rank.Report.Calibration!.Temperature));
        Assert.Equal(alone.Report.Calibration.Temperature, ranks[0].Report.Calibration!.Temperature, 1e-3);
        Assert.Equal(alone.Report.Calibration.After.LogLoss, ranks[0].Report.Calibration!.After.LogLoss, 1e-5);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_model_of_a_search_is_calibrated_on_the_ranks_that_did_not_train_it_too(bool verbalizes)
    {
        using var decoder = new TinyDecoder();
        var rows = Unsure(Reviews.Rows(50));
        (float[] Scores, double Temperature)[] Run(int size) => LocalRanks.Run(size, ranks =>
        {
            var ml = new MLContext(seed: 1);
            var options = new TextClassificationOptions(verbalizes ? decoder.Path : _backbone.Path) { Epochs = 4, BatchSize = 8, ValidationShare = 0.4, CalibrateOn = CalibrationRows.Validation, Communicator = ranks, Threads = 1 };
            if (verbalizes) options.Verbalizer = new Verbalizer { Words = { ["positive"] = ["good"], ["negative"] = ["bad"] }, Template = "{text} it was {mask}" };
            var search = new PromptSearchOptions { Trials = 2, Lengths = [2], LearningRates = [0.01, 0.05], Dropouts = [0.1], Reparameterize = [false] };
            var data = Keyed(ml, ml.Data.LoadFromEnumerable(rows));
            using var model = ml.Transforms.PTuningV2Search(options, search).Fit(data);
            return (Reviews.Scores(model, rows), model.Report!.Calibration!.Temperature);
        });
        var (scores, temperature) = Run(1)[0];
        Assert.NotEqual(1, temperature);
        Assert.All(Run(2), rank =>
        {
            Assert.Equal(temperature, rank.Temperature);
            Assert.Equal(scores, rank.Scores);
        });
    }

    [Fact]
    public void A_search_s_labeler_has_the_scheme_that_the_rows_show_on_all_ranks()
    {
        // An entity begins with B- only after another one of its type: Iob1, which the tags alone do not tell from Iob2.
        var rows = Enumerable.Range(0, 24).Select(i => new Sentence { Words = ["the", "good", "film", "was", "bad"], Label = i % 2 == 0 ? ["O", "I-x", "B-x", "O", "I-x"] : ["I-x", "I-x", "O", "O", "O"] }).ToList();
        string[] labels = LocalRanks.Run(2, ranks =>
        {
            var ml = new MLContext(seed: 1);
            var options = new TokenLabelingOptions(_backbone.Path) { Epochs = 2, BatchSize = 8, ValidationShare = 0.3, Constrained = true, Communicator = ranks, Threads = 1 };
            var search = new PromptSearchOptions { Trials = 2, Lengths = [2], LearningRates = [0.01, 0.05], Dropouts = [0.1], Reparameterize = [false] };
            using var model = ml.Transforms.PTuningV2Search(options, search).Fit(Keyed(ml, ml.Data.LoadFromEnumerable(rows)));
            return $"{model.Scheme} {string.Join(' ', Sentences.Labels(model, rows).SelectMany(row => row))}";
        });
        Assert.StartsWith("Iob1", labels[0]);
        Assert.Equal(labels[0], labels[1]);
    }

    [Fact]
    public void Ranks_stop_together_when_patience_ends()
    {
        var ranks = Train(3, o => (o.ValidationShare, o.Patience, o.Epochs, o.LearningRate) = (0.2, 1, 20, 1e-9));
        Assert.InRange(ranks[0].Report.Epochs.Count, 2, 19);
        Assert.All(ranks, rank => Assert.Equal(ranks[0].Report.Epochs.Count, rank.Report.Epochs.Count));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(10)]
    public void A_stopped_run_is_resumed_bit_for_bit_from_the_checkpoint_of_rank_0(int lastStep)
    {
        void Set(TextClassificationOptions o) => (o.Epochs, o.BatchSize, o.ValidationShare) = (4, 16, 0.2);
        byte[] alone = Train(2, Set)[0].Weights;
        string file = _folder.At("run.ckpt");
        using (var cancel = new CancellationTokenSource())
        {
            var stopped = LocalRanks.TryAll(2, ranks => Train(ranks, o =>
            {
                Set(o);
                o.Communicator = ranks;
                // Rank 1's path is not read, and its progress and token are not rank 0's.
                (o.CheckpointPath, o.CheckpointEverySteps, o.Progress) = (ranks.Rank == 0 ? file : "/nowhere/at all", 2, ranks.Rank == 0 ? new Each(p =>
                {
                    if ((p.Epoch - 1) * p.Steps + p.Step == lastStep) cancel.Cancel();
                }) : new Each(_ => Assert.Fail("A rank other than 0 reports.")));
                if (ranks.Rank == 0) o.CancellationToken = cancel.Token;
            }));
            Assert.All(stopped, rank => Assert.IsType<OperationCanceledException>(rank.Error));
        }
        var resumed = Train(2, o =>
        {
            Set(o);
            o.ResumeFrom = o.Communicator!.Rank == 0 ? file : null;
        });
        Assert.All(resumed, rank => Assert.Equal(alone, rank.Weights));
        // With another number of ranks, to the same weights within rounding.
        var byThree = Train(3, o =>
        {
            Set(o);
            o.ResumeFrom = file;
        });
        Assert.All(Floats(alone).Zip(Floats(byThree[2].Weights)), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public void Without_a_seed_all_ranks_have_that_of_rank_0()
    {
        var ranks = LocalRanks.Run(3, communicator => Train(communicator, _ => { }, contextSeed: null));
        Assert.All(ranks, rank => Assert.Equal(ranks[0].Report.Seed, rank.Report.Seed));
        Assert.All(ranks, rank => Assert.Equal(ranks[0].Weights, rank.Weights));
    }

    [Fact]
    public void A_rank_with_other_rows_settings_or_backbone_is_refused_on_all_ranks_with_what_differs()
    {
        Refused(o => o.WeightDecay = 0.5, "WeightDecay: 0.01 on rank 0, 0.5 on rank 1");
        Refused(o => o.MaxSequenceLength = 12, "MaxSequenceLength:  on rank 0, 12 on rank 1");
        Refused(o => o.Seed = 9, "Seed: 1 on rank 0, 9 on rank 1");
        _rows[5].Text = "good";
        Refused(_ => { }, "training rows: 80 of content", _rows.Select((r, i) => i == 5 ? new Review { Text = "bad", Label = r.Label } : r));
        using var other = new TinyBackbone(seed: 2);
        Refused(null, "backbone: content", folder: other.Path);

        void Refused(Action<TextClassificationOptions>? set, string expected, IEnumerable<Review>? rows = null, string? folder = null)
        {
            var refused = LocalRanks.TryAll(3, ranks => Train(ranks, o =>
            {
                if (ranks.Rank == 1) set?.Invoke(o);
            }, rows: ranks.Rank == 1 ? rows : null, folder: ranks.Rank == 1 ? folder : null));
            Assert.All(refused, rank => Assert.Contains(expected, rank.Error?.Message));
        }
    }

    [Fact]
    public void What_one_rank_fails_of_the_others_fail_of_too()
    {
        var failed = LocalRanks.TryAll(3, ranks => Train(ranks, o =>
        {
            o.Progress = new Each(p =>
            {
                if (p.Step == 2) throw new IOException("the disk is full");
            });
        }));
        Assert.IsType<IOException>(failed[0].Error);
        Assert.All(failed[1..], rank => Assert.Equal("Rank 0 of 3 failed: the disk is full", rank.Error!.Message));
    }

    [Fact]
    public void A_search_whose_trials_are_spread_over_ranks_finds_the_model_of_one_rank()
    {
        var alone = Search(1)[0];
        Assert.Equal(14, alone.Report.Trials.Count);
        foreach (var rank in Search(2).Concat(Search(3)))
        {
            Assert.Equal(alone.Weights, rank.Weights);
            Assert.Equal(alone.Report.Trials.Select(t => t with { Seconds = 0 }), rank.Report.Trials.Select(t => t with { Seconds = 0 }));
        }
        // Only rank 0 has a folder; its finished trials are not run again.
        var resumed = Search(2);
        Assert.Equal(alone.Report.Trials.Select(t => t with { Seconds = 0 }), resumed[1].Report.Trials.Select(t => t with { Seconds = 0 }));
        Assert.Equal(alone.Weights, resumed[1].Weights);
    }

    [Fact]
    public void Ranks_score_blocks_of_rows_that_are_all_rows_in_their_order_when_joined()
    {
        using var model = Reviews.Train(Reviews.Options(_backbone), _rows);
        float[] expected = Reviews.Scores(model, _rows);
        foreach (int size in (int[])[1, 3, 7, 90])
        {
            var parts = LocalRanks.Run(size, ranks =>
            {
                var ml = new MLContext();
                var scored = model.Transform(ml.Data.TakeRowsOfRank(ml.Data.LoadFromEnumerable(_rows), ranks));
                return ml.Data.CreateEnumerable<Predicted>(scored, reuseRowObject: false).SelectMany(row => row.Score).ToArray();
            });
            Assert.All(parts, part => Assert.InRange(part.Length, 3 * (80 / size), 3 * (80 / size + 1)));
            Assert.Equal(expected, parts.SelectMany(part => part));
        }
    }

    [Fact]
    public void Ranks_with_different_numbers_of_rows_to_score_are_refused()
    {
        var refused = LocalRanks.TryAll(2, ranks =>
        {
            var ml = new MLContext();
            return ml.Data.TakeRowsOfRank(ml.Data.LoadFromEnumerable(_rows.Take(80 - ranks.Rank)), ranks);
        });
        Assert.All(refused, rank => Assert.Contains("rows: 80 on rank 0, 79 on rank 1", rank.Error?.Message));
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    private static IDataView Keyed(MLContext ml, IDataView rows) => ml.Transforms.Conversion.MapValueToKey("Label").Fit(rows).Transform(rows);

    // Every fifth label is another row's, so that no model may be sure.
    private static List<Review> Unsure(List<Review> rows) => [.. rows.Select((row, i) => new Review { Text = row.Text, Label = rows[i % 5 == 0 && i + 1 < rows.Count ? i + 1 : i].Label })];

    private static float[] Floats(byte[] weights)
    {
        // After the safetensors header, whose length comes first.
        int start = 8 + (int)BitConverter.ToInt64(weights);
        return MemoryMarshal.Cast<byte, float>(weights.AsSpan(start)).ToArray();
    }

    private (byte[] Weights, TrainingReport Report)[] Train(int size, Action<TextClassificationOptions> set) => LocalRanks.Run(size, ranks => Train(ranks, set));

    private (byte[] Weights, TrainingReport Report) Train(ICommunicator ranks, Action<TextClassificationOptions> set, int? contextSeed = 1, IEnumerable<Review>? rows = null, string? folder = null)
    {
        var ml = new MLContext(contextSeed);
        var options = new TextClassificationOptions(folder ?? _backbone.Path) { Method = new DeepPrompt { Length = 3 }, Epochs = 2, BatchSize = 8, LearningRate = 0.02, Communicator = ranks, Threads = 1 };
        set(options);
        using var model = Reviews.Pipeline(ml, options).Fit(ml.Data.LoadFromEnumerable(rows ?? _rows)).LastTransformer;
        return (SavedWeights.Of(model), model.Report!);
    }

    private (byte[] Weights, SearchReport Report)[] Search(int size) => LocalRanks.Run(size, ranks =>
    {
        var ml = new MLContext(seed: 1);
        var options = new TextClassificationOptions(_backbone.Path) { Epochs = 4, BatchSize = 8, ValidationShare = 0.3, Communicator = ranks, Threads = 1 };
        var search = new PromptSearchOptions { Trials = 8, Reduction = 2, Lengths = [2, 3], LearningRates = [0.01, 0.05], Dropouts = [0.1, 0.2], Folder = ranks.Rank == 0 ? _folder.At($"search-{size}") : null };
        var data = ml.Data.LoadFromEnumerable(_rows);
        using var model = ml.Transforms.PTuningV2Search(options, search).Fit(Keyed(ml, data));
        return (SavedWeights.Of(model), model.SearchReport!);
    });

    private sealed class Choosing
    {
        public string Premise { get; set; } = "";

        public string[] Choices { get; set; } = [];

        public int Label { get; set; }
    }

    private sealed class Each(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
