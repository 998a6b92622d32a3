// The arguments and options of ptuning train.
using System.CommandLine;
using System.Globalization;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Commands;

/// <param name="task">The task, which says which columns can be named.</param>
internal sealed class TrainOptions(TaskKind task)
{
    private const double UsualTestShare = 0.2, UsualValidationShare = 0.1, MostMinutes = 1e9;

    private readonly Argument<string> _data = new("DATA") { Description = "The file to train on." };
    private readonly Option<string> _backbone = new("--backbone") { Description = "The backbone's folder, as Hugging Face publishes it.", Required = true, HelpName = "FOLDER" };
    private readonly Option<string> _output = new("--output", "-o") { Description = "The folder to write, which is empty or not there.", Required = true, HelpName = "FOLDER" };
    private readonly Option<string?> _test = new("--test") { Description = "A file of rows to test on.", HelpName = "FILE" };
    private readonly Option<double?> _testShare = new("--test-share") { Description = "Share of the rows that is held out to test on, from 0 (none). Default 0.2; with --test none." };
    private readonly Option<string?> _method = new Option<string?>("--method") { Description = "What is trained. Default deep-prompt, P-Tuning v2." }.AcceptOnlyFromAmong(Methods.Names);
    private readonly Option<int?> _promptLength = new("--prompt-length") { Description = "Trained vectors a layer. Default 20; for words 64." };
    private readonly Option<string?> _search = new("--search") { Description = "Searches for the prompt's length, rate and dropout with that many trials (27), or for so many minutes (30m).", HelpName = "TRIALS|MINUTES" };
    private readonly Option<int?> _epochs = new("--epochs") { Description = "Passes over the training rows. Default: by their number." };
    private readonly Option<double?> _rate = new("--rate") { Description = "Highest learning rate. Default: the method's." };
    private readonly Option<int?> _batchSize = new("--batch-size") { Description = "Rows a step. Default 32." };
    private readonly Option<int?> _maxLength = new("--max-length") { Description = "Longest row in word pieces; longer ones are cut. Default: what the backbone takes." };
    private readonly Option<double?> _validationShare = new("--validation-share") { Description = "Share of the training rows that every epoch is scored on; the best epoch is kept. Default: none; with --search 0.1." };
    private readonly Option<int?> _patience = new("--patience") { Description = "Stops after that many epochs without a better score on the validation rows. Default: never." };
    private readonly Option<bool> _calibrate = new("--calibrate") { Description = "Corrects how sure the model is by one temperature, found on the validation rows (a tenth of the training rows, if --validation-share does not say)." };
    private readonly Option<Precision> _precision = new("--precision") { Description = "What the frozen backbone is computed in. Default Float32." };
    private readonly Option<Pooling> _pooling = new("--pooling") { Description = "What the head reads: the first token, or the mean of all, for sentence encoders. Default FirstToken." };
    private readonly Option<int?> _maxNewTokens = new("--max-new-tokens") { Description = "Most tokens that are written. Default 64." };
    private readonly Option<int?> _threads = new("--threads") { Description = "Threads to compute on. Default: all." };
    private readonly Option<int> _seed = new("--seed") { Description = "Seed of everything random.", DefaultValueFactory = _ => 1 };
    private readonly Option<bool> _noHeadOnly = new("--no-head-only") { Description = "Leaves out the comparison with a head that is trained alone." };
    private readonly Option<bool> _embed = new("--embed-backbone") { Description = "Puts the backbone into the model file." };
    private readonly Option<bool> _force = new("--force") { Description = "Replaces the output folder of an earlier run." };
    private readonly Option<bool> _resume = new("--resume") { Description = "Goes on from the checkpoint of the same command that was stopped." };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Reads the data and says what was found, without training." };
    private readonly ReadingArguments _reading = new();
    private readonly ColumnArguments _columns = new(TaskColumns.Of(task));

    private IEnumerable<Option> All =>
    [
        _backbone, _output, .. _columns.Options, _test, _testShare, .. _reading.Options, _method, _promptLength, _search, _epochs, _rate, _batchSize, _maxLength, _validationShare, _patience,
        .. task is TaskKind.Classify or TaskKind.Choose ? (Option[])[_pooling] : [], .. task == TaskKind.Generate ? (Option[])[_maxNewTokens] : [_noHeadOnly],
        .. Calibrates ? (Option[])[_calibrate] : [], _precision, _threads, _seed, _embed, _force, _resume, _dryRun,
    ];

    // Probabilities of answers and of texts have no classes that they could be corrected for.
    private bool Calibrates => task is TaskKind.Classify or TaskKind.Label or TaskKind.Choose;

    public void AddTo(Command command)
    {
        command.Arguments.Add(_data);
        foreach (var option in All) command.Options.Add(option);
    }

    /// <exception cref="BadUsageException">Options contradict each other, or are out of range.</exception>
    public TrainSettings Read(ParseResult parsed, string commandLine)
    {
        string? test = parsed.GetValue(_test);
        double? share = parsed.GetValue(_testShare);
        if (test is not null && share is > 0) throw new BadUsageException("--test names the rows to test on, and --test-share holds out others; give one of them.");
        if (share is < 0 or >= 1 or double.NaN) throw new BadUsageException($"--test-share is {share?.ToString(CultureInfo.InvariantCulture)}; give a number from 0 to below 1.");
        var search = Search(parsed.GetValue(_search));
        string? method = parsed.GetValue(_method);
        bool calibrates = Calibrates && parsed.GetValue(_calibrate);
        if (search is not null && (method is not (null or "deep-prompt") || parsed.GetValue(_promptLength) is not null || parsed.GetValue(_rate) is not null))
            throw new BadUsageException("--search finds the length and the rate of a deep prompt; leave out --method, --prompt-length and --rate.");
        return new TrainSettings
        {
            Task = task,
            Data = parsed.GetRequiredValue(_data),
            Backbone = parsed.GetRequiredValue(_backbone),
            Output = parsed.GetRequiredValue(_output),
            Test = test,
            TestShare = test is null ? share ?? UsualTestShare : 0,
            Columns = _columns.Read(parsed),
            Reading = _reading.Read(parsed),
            Method = Methods.Create(method, parsed.GetValue(_promptLength)),
            Search = search,
            Epochs = parsed.GetValue(_epochs),
            Rate = parsed.GetValue(_rate),
            BatchSize = parsed.GetValue(_batchSize),
            MaxLength = parsed.GetValue(_maxLength),
            ValidationShare = parsed.GetValue(_validationShare) ?? (calibrates ? UsualValidationShare : null),
            Calibrate = calibrates,
            Patience = parsed.GetValue(_patience),
            Precision = parsed.GetValue(_precision),
            Pooling = task is TaskKind.Classify or TaskKind.Choose ? parsed.GetValue(_pooling) : Pooling.FirstToken,
            Threads = parsed.GetValue(_threads),
            MaxNewTokens = task == TaskKind.Generate ? parsed.GetValue(_maxNewTokens) : null,
            Seed = parsed.GetValue(_seed),
            ComparesHead = task != TaskKind.Generate && !parsed.GetValue(_noHeadOnly),
            EmbedBackbone = parsed.GetValue(_embed),
            Force = parsed.GetValue(_force),
            Resume = parsed.GetValue(_resume),
            DryRun = parsed.GetValue(_dryRun),
            CommandLine = commandLine,
        };
    }

    private static PromptSearchOptions? Search(string? text)
    {
        if (text is null) return null;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int trials) && trials >= 1) return new PromptSearchOptions { Trials = trials };
        if (text.EndsWith('m') && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double minutes) && minutes is > 0 and < MostMinutes)
            return new PromptSearchOptions { MaxTime = TimeSpan.FromMinutes(minutes) };
        throw new BadUsageException($"--search is '{text}'; give a number of trials (27), or minutes (30m).");
    }
}
