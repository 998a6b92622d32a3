// A training run from its settings to its output folder.
using System.Diagnostics;
using System.Text.Json;
using Microsoft.ML;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Tasks;

namespace MLNet.PTuning.Tool.Run;

internal sealed class TrainingSession(TrainSettings settings, Terminal terminal, CancellationToken cancellation)
{
    // What is lost by Ctrl-C is what was computed since the last checkpoint. One of a prompt takes a moment; one of a whole backbone has three to four times its size.
    private static readonly TimeSpan BetweenCheckpoints = TimeSpan.FromSeconds(10), BetweenLargeCheckpoints = TimeSpan.FromMinutes(5);

    private readonly TaskModel _task = TaskModel.Of(settings.Task);
    private readonly MLContext _ml = new(settings.Seed);
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <summary>Reads the data, trains, tests, and writes the output folder.</summary>
    /// <returns>The run; null for a dry run.</returns>
    /// <exception cref="CanceledRunException">It was stopped; the message says how to go on.</exception>
    public TrainingRun? Run()
    {
        RunFolder.Check(settings.Output, settings.Force);
        // What --force replaces is gone after the run.
        if (settings.Force && new[] { settings.Data, settings.Test, settings.Backbone }.FirstOrDefault(read => read is not null && FinalPath.IsWithin(read, settings.Output)) is { } within)
            throw new BadInputException($"{within} is in the folder {settings.Output}, which --force replaces; name another folder with -o.");
        Resumable();
        var backbone = Backbone.Inspect(settings.Backbone);
        if (!backbone.IsDecoder && settings.Task == TaskKind.Generate)
            throw new BadInputException($"{settings.Backbone} is a {backbone.ModelType}, which reads texts and does not write them; give the folder of a decoder (gpt2, llama).");
        var data = ReadData();
        if (settings.DryRun)
        {
            if (terminal.Json) terminal.Output.WriteLine(JsonSerializer.Serialize(data.Summary, Json.Compact));
            return null;
        }
        Directory.CreateDirectory(Path.GetDirectoryName(settings.Checkpoint)!);

        using var messages = new TrainingMessages(_ml, terminal);
        var options = Options(data, settings.Method);
        var search = settings.Search;
        if (search is null) (options.CheckpointPath, options.CheckpointEvery, options.ResumeFrom) = (settings.Checkpoint, settings.Method is FullFineTuning ? BetweenLargeCheckpoints : BetweenCheckpoints, settings.Resume ? settings.Checkpoint : null);
        else search.Folder = settings.SearchFolder;
        TrainedModel? trained = null;
        try
        {
            trained = Train("P-Tuning v2", options, search, data);
            var rows = Test(trained, data);
            var (headOnly, headReport) = CompareHead(data);
            return Write(trained, options, data, rows, headOnly, headReport);
        }
        catch (OperationCanceledException e) when (e is not CanceledRunException)
        {
            throw new CanceledRunException(search is null
                ? $"Stopped; what was trained is in {settings.Checkpoint}, and the same command with --resume goes on from there."
                : $"Stopped; finished trials are in {settings.SearchFolder}, and the same command goes on from there.");
        }
        finally
        {
            trained?.Transformer.Dispose();
        }
    }

    private void Resumable()
    {
        bool isThere = settings.Search is null ? File.Exists(settings.Checkpoint) : Directory.Exists(settings.SearchFolder);
        if (settings.Resume && !isThere) throw new BadInputException($"There is no {(settings.Search is null ? settings.Checkpoint : settings.SearchFolder)} to resume from; give the command that was stopped, or leave out --resume.");
        if (!settings.Resume && !settings.DryRun && settings.Search is null && isThere) terminal.Say($"{settings.Checkpoint} of a run that was stopped is replaced (--resume would continue it).");
    }

    private TaskData ReadData()
    {
        var file = RowFile.Open(settings.Data, settings.Task, settings.Reading);
        foreach (string note in file.Notes) terminal.Say(note);
        var columns = ColumnGuess.Of(file, settings.Task, settings.Columns, withGold: true);
        RowReader? test = null;
        if (settings.Test is { } path)
        {
            // A delimiter that was named is of both files; a header may be in one of them.
            var testFile = RowFile.Open(path, settings.Task, settings.Reading);
            foreach (string note in testFile.Notes) terminal.Say(note);
            test = new RowReader(testFile, settings.Task, ColumnGuess.Like(file.Description, columns, testFile, settings.Task, withGold: true));
        }
        var data = TaskData.Read(new RowReader(file, settings.Task, columns), test, settings.TestShare, settings.Seed, cancellation);
        DataReport.Say(data.Summary, test?.Columns, terminal);
        return data;
    }

    private PTuningOptions Options(TaskData data, TuningMethod? method)
    {
        // The full path, so that the model finds it whatever folder a later command runs in.
        var options = _task.Options(Path.GetFullPath(settings.Backbone), data.Summary.Columns, settings.Pooling);
        if (method is not null) options.Method = method;
        if (options is TextGenerationOptions generation && settings.MaxNewTokens is { } most) generation.MaxNewTokens = most;
        (options.Epochs, options.LearningRate, options.BatchSize) = (settings.Epochs, settings.Rate, settings.BatchSize ?? options.BatchSize);
        (options.MaxSequenceLength, options.ValidationShare, options.Patience) = (settings.MaxLength, settings.ValidationShare, settings.Patience);
        (options.Precision, options.Threads, options.Seed) = (settings.Precision, settings.Threads, settings.Seed);
        options.CalibrateOn = settings.Calibrate ? CalibrationRows.Validation : CalibrationRows.None;
        (options.EmbedBackbone, options.CancellationToken) = (settings.EmbedBackbone, cancellation);
        return options;
    }

    private TrainedModel Train(string title, PTuningOptions options, PromptSearchOptions? search, TaskData data)
    {
        var view = _task.TrainingView(_ml, data.TrainingRows, data.Summary.Columns);
        return TrainingBar.Run(terminal, title, (steps, trials) =>
        {
            options.Progress = search is null ? steps : null;
            if (search is not null) search.Progress = trials;
            return _task.Train(_ml, options, search, view);
        });
    }

    private IReadOnlyList<TestRow> Test(TrainedModel trained, TaskData data)
    {
        if (data.Summary.TestRows == 0) return [];
        terminal.Say($"Predicting {data.Summary.TestRows} test rows.");
        var rows = new List<TestRow>();
        foreach (var row in _task.Predict(_ml, trained.Model, data.TestRows))
        {
            cancellation.ThrowIfCancellationRequested();
            rows.Add(row);
        }
        return rows;
    }

    // With the library's own epochs and rate for a head: what it can do, not what another method's settings make of it.
    private (TestScores? Scores, TrainingReport? Report) CompareHead(TaskData data)
    {
        if (!settings.ComparesHead || !_task.HasHead || data.Summary.TestRows == 0 || settings.Method is HeadOnly) return (null, null);
        var options = Options(data, new HeadOnly());
        (options.Epochs, options.LearningRate, options.EmbedBackbone) = (null, null, false);
        var head = Train("Head only", options, null, data);
        try
        {
            return (_task.Score(_ml, Test(head, data)), head.Transformer.Report);
        }
        finally
        {
            head.Transformer.Dispose();
        }
    }

    private TrainingRun Write(TrainedModel trained, PTuningOptions options, TaskData data, IReadOnlyList<TestRow> rows, TestScores? headOnly, TrainingReport? headReport)
    {
        var summary = data.Summary;
        if (trained.Transformer.SearchReport is { Best.Setting: { } best } report)
        {
            options.Method = new DeepPrompt { Length = best.Length, Dropout = best.Dropout, Reparameterize = best.Reparameterize };
            (options.LearningRate, options.Epochs, options.Seed) = (best.Rate, report.Best.Epochs, best.Seed);
        }
        // Nothing that is made of the run needs what only the run itself used.
        (options.Progress, options.CancellationToken, options.CheckpointPath, options.CheckpointEvery, options.ResumeFrom) = (null, default, null, null, null);
        var run = new TrainingRun
        {
            Name = RunFolder.NameOf(settings.Data),
            Task = settings.Task,
            Data = summary,
            Options = options,
            Training = trained.Transformer.Report!,
            Search = trained.Transformer.SearchReport,
            ClassNames = settings.Task is TaskKind.Classify or TaskKind.Label ? trained.Transformer.ClassNames : [],
            TestRows = rows,
            Scores = rows.Count > 0 ? _task.Score(_ml, rows) : null,
            Majority = rows.Count > 0 ? _task.Majority(_ml, rows, summary.Classes) : null,
            HeadOnly = headOnly,
            HeadOnlyTraining = headReport,
            ModelFile = Path.Combine(Path.GetFullPath(settings.Output), RunFolder.ModelName),
            ModelBytes = 0,
            BackboneFolder = trained.Transformer.BackboneFolder,
            BackboneHash = trained.Transformer.BackboneHash,
            Seconds = 0,
            Seed = settings.Seed,
            CommandLine = settings.CommandLine,
            Version = typeof(TrainingSession).Assembly.GetName().Version!.ToString(3),
            Finished = DateTimeOffset.Now,
        };
        cancellation.ThrowIfCancellationRequested();
        var schema = _task.TrainingView(_ml, [], summary.Columns).Schema;
        run = RunFolder.Write(settings.Output, settings.Force, file => _ml.Model.SaveSafely(trained.Model, schema, file), bytes => run with { ModelBytes = bytes, Seconds = _clock.Elapsed.TotalSeconds });
        File.Delete(settings.Checkpoint);
        if (settings.Search is not null && Directory.Exists(settings.SearchFolder)) Directory.Delete(settings.SearchFolder, recursive: true);
        return run;
    }
}
