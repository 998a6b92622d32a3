// The search over a deep prompt's settings: what it tries, for how long, what it keeps, and how it resumes after it was stopped.
using System.Xml.Linq;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class PromptSearchTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<Review> _rows = Reviews.Rows(40);

    [Fact]
    public void Settings_are_halved_from_rung_to_rung_while_their_epochs_grow()
    {
        var (model, report) = Search(_ => { });
        model.Dispose();
        Assert.Equal([1, 1, 1, 1, 2, 2, 3], report.Trials.Select(t => t.Rung));
        Assert.Equal([1, 1, 1, 1, 2, 2, 4], report.Trials.Select(t => t.Epochs));
        Assert.Equal(4, report.Trials.Take(4).Select(t => t.Setting).Distinct().Count());
        for (int rung = 2; rung <= 3; rung++)
        {
            var before = report.Trials.Where(t => t.Rung == rung - 1).ToList();
            var promoted = report.Trials.Where(t => t.Rung == rung).Select(t => t.Setting).ToList();
            Assert.All(before.Where(t => !promoted.Contains(t.Setting)), left => Assert.All(before.Where(t => promoted.Contains(t.Setting)), kept => Assert.True(kept.Score >= left.Score)));
        }
    }

    [Fact]
    public void The_model_is_that_of_the_best_trial_and_an_ordinary_transformer()
    {
        var (model, report) = Search(_ => { });
        using (model)
        {
            Assert.Equal(report.Trials.Max(t => t.Score), report.Best.Score);
            var method = Assert.IsType<DeepPrompt>(model.Method);
            Assert.Equal((report.Best.Setting.Length, report.Best.Setting.Dropout, report.Best.Setting.Reparameterize), (method.Length, method.Dropout!.Value, method.Reparameterize));
            Assert.Equal(report.Best.Score, model.Report!.Epochs[model.Report.BestEpoch - 1].ValidationScore);

            // What a single training with these settings gives.
            var options = Options();
            (options.Method, options.LearningRate, options.Epochs, options.Seed) = (method, report.Best.Setting.Rate, report.Best.Epochs, report.Best.Setting.Seed);
            using var alone = Reviews.Train(options, _rows);
            Assert.Equal(SavedWeights.Of(alone), SavedWeights.Of(model));

            _ml.Model.Save(model, null, _folder.At("model.zip"));
            var loaded = _ml.Model.Load(_folder.At("model.zip"), out _);
            using var disposable = (IDisposable)loaded;
            Assert.Equal(Reviews.Scores(model, _rows), Reviews.Scores(loaded, _rows));
            Assert.Equal(report.Trials, Assert.IsType<PTuningClassificationTransformer>(loaded).SearchReport!.Trials);
        }
    }

    [Fact]
    public void Finished_trials_are_taken_from_the_folder_and_the_model_is_the_same()
    {
        using var cancel = new CancellationTokenSource();
        var seen = new List<SearchTrial>();
        Assert.Throws<OperationCanceledException>(() => Search(s =>
        {
            s.Folder = _folder.At("search");
            s.Progress = new Each(trial =>
            {
                seen.Add(trial);
                if (seen.Count == 3) cancel.Cancel();
            });
        }, o => o.CancellationToken = cancel.Token));
        var after = new List<SearchTrial>();
        var (resumed, report) = Search(s => (s.Folder, s.Progress) = (_folder.At("search"), new Each(after.Add)));
        var (alone, expected) = Search(_ => { });
        byte[] weights = SavedWeights.Of(alone);
        using (resumed)
        using (alone)
        {
            Assert.Equal(expected.Trials.Select(Timeless), report.Trials.Select(Timeless));
            Assert.Equal(seen, report.Trials.Take(3));
            Assert.Equal(after, report.Trials.Skip(3));
            Assert.Equal(weights, SavedWeights.Of(resumed));
        }
        // Nothing is left to run, and the model is there all the same.
        after.Clear();
        var (again, _) = Search(s => (s.Folder, s.Progress) = (_folder.At("search"), new Each(after.Add)));
        using (again) Assert.Equal(weights, SavedWeights.Of(again));
        Assert.Empty(after);
    }

    [Fact]
    public void A_folder_of_a_search_on_other_rows_is_refused()
    {
        Search(s => (s.Folder, s.Trials) = (_folder.At("search"), 1)).Model.Dispose();
        _rows[0].Text += " bad";
        string message = Assert.Throws<ArgumentException>(() => Search(s => (s.Folder, s.Trials) = (_folder.At("search"), 1))).Message;
        Assert.Contains("training rows: 40 of content", message);
        Assert.Contains("search.json", message);
    }

    [Fact]
    public void The_folder_holds_the_table_as_csv_and_a_plot()
    {
        var (model, report) = Search(s => s.Folder = _folder.At("search"));
        model.Dispose();
        string[] lines = File.ReadAllLines(_folder.At("search/trials.csv"));
        Assert.Equal(1 + report.Trials.Count, lines.Length);
        var first = report.Trials[0];
        Assert.StartsWith(FormattableString.Invariant($"1,{first.Epochs},{first.Setting.Length},{first.Setting.Rate},{first.Setting.Dropout},"), lines[1]);
        var circles = XDocument.Load(_folder.At("search/trials.svg")).Descendants().Where(e => e.Name.LocalName == "circle" && e.HasElements);
        Assert.Equal(report.Trials.Count, circles.Count());
    }

    [Fact]
    public void A_diverging_trial_is_a_failure_in_the_table_and_is_not_promoted()
    {
        var (model, report) = Search(s => (s.LearningRates, s.Lengths, s.Dropouts, s.Trials, s.Reduction) = ([1e30, 0.05], [2], [0.1], 4, 2));
        using (model)
        {
            var failed = report.Trials.Where(t => t.Failure is not null).ToList();
            Assert.Equal(2, failed.Count);
            Assert.All(failed, t => Assert.Equal((1, 1e30, null), (t.Rung, t.Setting.Rate, t.Score)));
            Assert.Equal(0.05, report.Best.Setting.Rate);
        }
        Assert.Contains("diverged", Assert.Throws<InvalidOperationException>(() => Search(s => s.LearningRates = [1e30])).Message);
    }

    [Fact]
    public void Time_bounds_the_search_to_one_trial_at_the_least()
    {
        var (model, report) = Search(s => s.MaxTime = TimeSpan.FromTicks(1));
        model.Dispose();
        Assert.Single(report.Trials);
    }

    [Fact]
    public void Without_a_validation_set_a_part_of_the_rows_is_held_out()
    {
        var (model, report) = Search(s => s.Trials = 1, o => (o.ValidationSet, o.ValidationShare) = (null, 0.25));
        using (model)
        {
            Assert.InRange(model.Report!.Rows, 20, 38);
            Assert.NotNull(report.Best.Score);
        }
    }

    [Fact]
    public void Prompts_that_do_not_fit_the_backbone_are_left_out()
    {
        var (model, report) = Search(s => (s.Lengths, s.Trials) = ([2, 30], 27));
        model.Dispose();
        Assert.All(report.Trials, t => Assert.Equal(2, t.Setting.Length));
        Assert.Contains("positions", Assert.Throws<ArgumentException>(() => Search(s => s.Lengths = [30])).Message);
    }

    [Fact]
    public void Words_are_searched_for_as_texts_are()
    {
        var data = _ml.Data.LoadFromEnumerable(Sentences.Rows(24));
        var options = Sentences.Options(_backbone);
        (options.Method, options.Epochs) = (new DeepPrompt(), 2);
        var search = _ml.Transforms.PTuningV2Search(options, new PromptSearchOptions { Lengths = [2], LearningRates = [0.03, 0.05], Dropouts = [0.1], Trials = 2 });
        using var chain = _ml.Transforms.Conversion.MapValueToKey("Label").Append(search).Fit(data);
        Assert.Equal(chain.LastTransformer.SearchReport!.Best.Score, chain.LastTransformer.Report!.Epochs[chain.LastTransformer.Report.BestEpoch - 1].ValidationScore);
    }

    [Fact]
    public void Each_fold_of_a_cross_validation_has_the_report_of_its_own_search()
    {
        var options = Options();
        (options.Epochs, options.ValidationSet) = (1, null);
        var pipeline = _ml.Transforms.Conversion.MapValueToKey("Label")
            .Append(_ml.Transforms.PTuningV2Search(options, new PromptSearchOptions { Lengths = [2], LearningRates = [0.02, 0.05], Dropouts = [0], Trials = 2 }));
        var folds = _ml.MulticlassClassification.CrossValidate(_ml.Data.LoadFromEnumerable(_rows), pipeline, numberOfFolds: 2);
        var reports = folds.Select(f => Assert.IsType<TransformerChain<PTuningClassificationTransformer>>(f.Model).LastTransformer.SearchReport!).ToList();
        Assert.All(reports, report => Assert.NotEmpty(report.Trials));
        Assert.NotSame(reports[0], reports[1]);
        foreach (var fold in folds) ((IDisposable)fold.Model).Dispose();
    }

    [Fact]
    public void Settings_that_a_search_cannot_use_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Search(s => s.Lengths = []));
        Assert.Throws<ArgumentException>(() => Search(s => s.Reduction = 1));
        Assert.Contains("HeadOnly", Assert.Throws<ArgumentException>(() => Search(_ => { }, o => o.Method = new HeadOnly())).Message);
        Assert.Contains("Folder", Assert.Throws<ArgumentException>(() => Search(_ => { }, o => o.CheckpointPath = _folder.At("x"))).Message);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    private static SearchTrial Timeless(SearchTrial trial) => trial with { Seconds = 0 };

    private TextClassificationOptions Options()
    {
        var options = Reviews.Options(_backbone);
        (options.Epochs, options.ValidationSet) = (4, _ml.Data.LoadFromEnumerable(Reviews.Rows(12, seed: 2)));
        return options;
    }

    private (PTuningClassificationTransformer Model, SearchReport Report) Search(Action<PromptSearchOptions> set, Action<TextClassificationOptions>? setTraining = null)
    {
        var options = Options();
        setTraining?.Invoke(options);
        var search = new PromptSearchOptions { Lengths = [2, 4], LearningRates = [0.02, 0.05], Dropouts = [0, 0.1], Trials = 4, Reduction = 2 };
        set(search);
        var estimator = _ml.Transforms.PTuningV2Search(options, search);
        var data = _ml.Data.LoadFromEnumerable(_rows);
        var chain = _ml.Transforms.Conversion.MapValueToKey("Label").Append(estimator).Fit(data);
        return (chain.LastTransformer, chain.LastTransformer.SearchReport!);
    }

    private sealed class Each(Action<SearchTrial> report) : IProgress<SearchTrial>
    {
        public void Report(SearchTrial value) => report(value);
    }
}
