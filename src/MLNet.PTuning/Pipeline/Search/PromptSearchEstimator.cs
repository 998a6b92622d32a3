// Finds a prompt's settings by successive halving (Jamieson and Talwalkar, 2016): many settings for few epochs, the best of them for more.
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Training;

namespace MLNet.PTuning;

/// <summary>
/// Trains many deep prompts on one loaded backbone and returns the transformer of the best one.
/// Every trial is trained from the beginning, because a learning rate's schedule depends on its last epoch. Of several ranks (<see cref="TrainingOptions.Communicator"/>) each trains
/// other trials, and all have the best one's transformer.
/// </summary>
/// <typeparam name="TTransformer">The transformer of a single training.</typeparam>
public sealed class PromptSearchEstimator<TTransformer> : IEstimator<TTransformer> where TTransformer : PTuningTransformer
{
    private const double DefaultValidationShare = 0.1;

    private readonly IHost _host;
    private readonly PTuningOptions _options;
    private readonly DeepPrompt _method;
    private readonly PromptSearchOptions _search;
    private readonly IHostEnvironment _environment;
    private readonly ICommunicator _ranks;

    internal PromptSearchEstimator(IHostEnvironment environment, PTuningOptions options, PromptSearchOptions search)
    {
        _search = search.Copy();
        _search.Validate();
        _options = options.Copy();
        if (options.ValidationSet is null) _options.ValidationShare ??= DefaultValidationShare;
        _options.Validate();
        if (options.CheckpointPath is not null || options.ResumeFrom is not null)
            throw new ArgumentException("CheckpointPath and ResumeFrom are of single runs; a search resumes from PromptSearchOptions.Folder. Leave them null.", nameof(options));
        if (options.StartFrom is not null)
            throw new ArgumentException("StartFrom holds a prompt of one length; a search tries several, each from random values. Leave it null.", nameof(options));
        _method = options.Method as DeepPrompt
            ?? throw new ArgumentException(
                $"A search tries settings of {nameof(DeepPrompt)}, not of {options.Method.GetType().Name}. Leave Method as it is, or give a {nameof(DeepPrompt)}.", nameof(options));
        (_environment, _ranks) = (environment, _options.Ranks);
        _host = environment.Register("PromptSearch");
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => EstimatorOf(_options).GetOutputSchema(inputSchema);

    /// <summary>Searches, and returns the best trial's model with the table of all trials (its <c>SearchReport</c>).</summary>
    /// <exception cref="ArgumentException">The rows cannot be trained on, the folder holds another search, or no prompt length fits the backbone.</exception>
    /// <exception cref="InvalidOperationException">Every trial failed.</exception>
    /// <exception cref="OperationCanceledException">The options' token was canceled; the folder holds the trials that were finished.</exception>
    public TTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return _ranks.Together(() => Search(input));
    }

    private TTransformer Search(IDataView input)
    {
        int seed = _options.Seed ?? MLNetInternals.SeedOf(_host) ?? 1;
        // Held from the first trial to the last, so that the backbone is loaded once.
        using var lease = FrozenBackbone.Use(_options.BackboneFolder, MLNetInternals.DeviceOf(_host), _options.Precision);
        using var channel = _host.Start("Search");
        var (rows, validation) = Split(input, seed);
        var identity = Identity(lease.Backbone, rows, validation);
        CheckRanks(identity, seed);
        var folder = new SearchFolder(_ranks.Rank == 0 ? _search.Folder : null, identity);
        folder.Finished = _ranks.FromFirst(folder.Finished);
        var clock = Stopwatch.StartNew();
        var trials = new List<SearchTrial>();
        (SearchTrial Trial, TTransformer? Model, int? Owner)? best = null;
        try
        {
            var settings = Draw(lease.Backbone, seed);
            int[] budgets = Budgets(settings.Count, _options.Epochs ?? _options.EpochsFor(CountOf(rows)));
            for (int rung = 1; rung <= budgets.Length; rung++)
            {
                int epochs = budgets[rung - 1];
                var finished = new List<SearchTrial>();
                while (finished.Count < settings.Count && (trials.Count == 0 || !_ranks.FromFirst(clock.Elapsed >= _search.MaxTime)))
                {
                    foreach (var (trial, model, owner) in NextTrials(settings[finished.Count..], setting => folder.Find(setting, epochs), setting => Run(rows, validation, setting, rung, epochs)))
                    {
                        finished.Add(trial);
                        trials.Add(trial);
                        if (best is null || SearchTrial.BestFirst([best.Value.Trial, trial]).First() == trial)
                        {
                            best?.Model?.Dispose();
                            best = (trial, model, owner);
                        }
                        else model?.Dispose();
                        if (owner is null) continue;
                        folder.Add(trial, new SearchReport([.. trials], clock.Elapsed.TotalSeconds));
                        if (_ranks.Rank > 0) continue;
                        _search.Progress?.Report(trial);
                        channel.Info(MessageSensitivity.None, "{0}", FormattableString.Invariant(
                            $"Rung {rung} of {budgets.Length}, {trial.Setting}: score {trial.Score:f4}, {trial.Seconds:f1} s {trial.Failure}"));
                    }
                }
                settings = [.. SearchTrial.BestFirst(finished).Where(t => t.Failure is null).Take((settings.Count + _search.Reduction - 1) / _search.Reduction).Select(t => t.Setting)];
            }
            if (best!.Value.Trial.Failure is { } failure) throw new InvalidOperationException($"All {trials.Count} trials failed; the first of them: {failure}");
            // A trial from the folder has no model. Training is a function of its seed, so repeating it makes the same model.
            var found = (best.Value.Owner is { } rank ? OnAllRanks(rows, validation, best.Value.Trial.Setting, rank, best.Value.Model)
                : Run(rows, validation, best.Value.Trial.Setting, best.Value.Trial.Rung, best.Value.Trial.Epochs).Model)
                ?? throw new InvalidOperationException($"The best trial ({best.Value.Trial.Setting}) failed when it was repeated. Delete the folder's search.json to start again.");
            found.SearchReport = new SearchReport(trials, _ranks.FromFirst(clock.Elapsed.TotalSeconds));
            return found;
        }
        catch
        {
            best?.Model?.Dispose();
            throw;
        }
    }

    // The first setting's trial where it is known, else the trials of as many settings, one after the other, as there are ranks. A model is on the rank that trained it alone.
    private IReadOnlyList<(SearchTrial Trial, TTransformer? Model, int? Owner)> NextTrials(IReadOnlyList<PromptSetting> settings, Func<PromptSetting, SearchTrial?> known, Func<PromptSetting, (SearchTrial Trial, TTransformer? Model)> run)
    {
        if (known(settings[0]) is { } trial) return [(trial, null, null)];
        PromptSetting[] next = [.. settings.TakeWhile(setting => known(setting) is null).Take(_ranks.Size)];
        var own = _ranks.Rank < next.Length ? run(next[_ranks.Rank]) : default;
        if (_ranks.Size == 1) return [(own.Trial, own.Model, 0)];
        var all = _ranks.Gather(JsonSerializer.SerializeToUtf8Bytes(own.Trial, SearchFolder.Json));
        return [.. next.Select((_, rank) => (JsonSerializer.Deserialize<SearchTrial>(all[rank], SearchFolder.Json)!, rank == _ranks.Rank ? own.Model : null, (int?)rank))];
    }

    private TTransformer? OnAllRanks(IDataView rows, IDataView validation, PromptSetting setting, int owner, TTransformer? model)
    {
        if (_ranks.Size == 1) return model;
        var tensors = _ranks.FromRank(owner, () => model!.Model.Trained());
        var report = JsonSerializer.Deserialize<TrainingReport>(_ranks.Gather(JsonSerializer.SerializeToUtf8Bytes(model?.Report, SearchFolder.Json))[owner], SearchFolder.Json)!;
        if (model is not null) return model;
        var options = OptionsOf(setting);
        (options.ValidationSet, options.ValidationShare, options.Trained) = (validation, null, (tensors, report));
        return EstimatorOf(options).Fit(rows);
    }

    private void CheckRanks(SortedDictionary<string, string> identity, int seed)
    {
        if (_ranks.Size == 1) return;
        var all = new SortedDictionary<string, string>(identity, StringComparer.Ordinal)
        {
            [nameof(_options.Seed)] = Text([seed]),
            [nameof(_options.Epochs)] = Text([_options.Epochs]),
            [nameof(_options.CalibrateOn)] = Text([_options.CalibrateOn]),
            [nameof(_options.MaxSequenceLength)] = Text([_options.MaxSequenceLength]),
            [nameof(_search.Lengths)] = Text(_search.Lengths),
            [nameof(_search.LearningRates)] = Text(_search.LearningRates),
            [nameof(_search.Dropouts)] = Text(_search.Dropouts),
            [nameof(_search.Reparameterize)] = Text(_search.Reparameterize),
            [nameof(_search.Seeds)] = Text(_search.Seeds ?? []),
            [nameof(_search.Trials)] = Text([_search.Trials]),
            [nameof(_search.Reduction)] = Text([_search.Reduction]),
        };
        _ranks.CheckAlike(all);

        static string Text<T>(IEnumerable<T> values) => string.Join(", ", values.Select(value => Convert.ToString(value, CultureInfo.InvariantCulture)));
    }

    private IEstimator<TTransformer> EstimatorOf(PTuningOptions options) => (IEstimator<TTransformer>)options.Estimator(_environment)!;

    private PTuningOptions OptionsOf(PromptSetting setting)
    {
        var options = _options.Copy();
        options.Method = new DeepPrompt
        {
            Length = setting.Length,
            Dropout = setting.Dropout,
            Reparameterize = setting.Reparameterize,
            EncoderHiddenSize = _method.EncoderHiddenSize,
            InitialDeviation = _method.InitialDeviation,
        };
        (options.LearningRate, options.Seed) = (setting.Rate, setting.Seed);
        // A rank trains by itself.
        (options.Communicator, options.IsSilent) = (null, _ranks.Rank > 0);
        if (options.IsSilent) options.Progress = null;
        return options;
    }

    private (SearchTrial Trial, TTransformer? Model) Run(IDataView rows, IDataView validation, PromptSetting setting, int rung, int epochs)
    {
        var options = OptionsOf(setting);
        (options.Epochs, options.ValidationSet, options.ValidationShare) = (epochs, validation, null);
        var clock = Stopwatch.StartNew();
        try
        {
            var model = EstimatorOf(options).Fit(rows);
            var report = model.Report!;
            var epoch = report.Epochs[report.BestEpoch - 1];
            return (new SearchTrial(setting, rung, epochs, epoch.ValidationScore, epoch.ValidationLoss, clock.Elapsed.TotalSeconds, null), model);
        }
        catch (InvalidOperationException diverged)
        {
            // Divergence at a high rate is a result, not an error of the search.
            return (new SearchTrial(setting, rung, epochs, null, null, clock.Elapsed.TotalSeconds, diverged.Message), null);
        }
    }

    private (IDataView Rows, IDataView Validation) Split(IDataView input, int seed)
    {
        if (_options.ValidationSet is { } given) return (input, given);
        var split = new MLContext(seed).Data.TrainTestSplit(input, _options.ValidationShare!.Value);
        return (split.TrainSet, split.TestSet);
    }

    private SortedDictionary<string, string> Identity(FrozenBackbone backbone, IDataView rows, IDataView validation)
    {
        string[] columns = [.. _options.InputColumns.OfType<string>()];
        var identity = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["training rows"] = DataIdentity.Of(rows, columns),
            ["validation rows"] = DataIdentity.Of(validation, columns),
            ["backbone"] = "content " + backbone.ContentHash,
        };
        // Epochs differ between trials.
        foreach (var (name, value) in _options.Describe())
            if (name != nameof(TrainingOptions.Epochs)) identity[name] = value;
        return identity;
    }

    // The grid in random order: a larger number of trials begins with the same ones.
    private List<PromptSetting> Draw(FrozenBackbone backbone, int seed)
    {
        int positions = backbone.Encoder.MaxRowLength(0);
        PromptSetting[] grid = [.. from length in _search.Lengths.Where(l => l <= positions / 2)
            from rate in _search.LearningRates from dropout in _search.Dropouts from reparameterize in _search.Reparameterize from s in _search.Seeds ?? [seed]
            select new PromptSetting(length, rate, dropout, reparameterize, s)];
        if (grid.Length == 0)
            throw new ArgumentException($"All prompt lengths ({string.Join(", ", _search.Lengths)}) take more than half of the backbone's {positions} positions; give shorter ones.");
        new Random(seed).Shuffle(grid);
        return [.. grid.Take(_search.Trials)];
    }

    private static int CountOf(IDataView rows)
    {
        int count = 0;
        using var cursor = rows.GetRowCursor([]);
        while (cursor.MoveNext()) count++;
        return count;
    }

    // Epochs of each rung: the options' in the last one, and a Reduction-th of the next one's in each before.
    private int[] Budgets(int settings, int most)
    {
        var budgets = new SortedSet<int> { most };
        for (double epochs = most; settings >= _search.Reduction; settings /= _search.Reduction)
            budgets.Add((int)Math.Ceiling(epochs /= _search.Reduction));
        return [.. budgets];
    }
}
