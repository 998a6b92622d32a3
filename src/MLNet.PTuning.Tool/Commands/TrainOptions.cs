// The arguments and options of ptuning train.
using System.CommandLine;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Commands;

/// <param name="task">The task, which says which columns can be named.</param>
internal sealed class TrainOptions(TaskKind task)
{
    private readonly Argument<string> _data = new("DATA") { Description = "The file to train on." };
    private readonly Option<string> _backbone = new("--backbone") { Description = "The backbone's folder, as Hugging Face publishes it.", Required = true };
    private readonly Option<string> _output = new("--output", "-o") { Description = "The folder to write, which must be empty or not be there.", Required = true };
    private readonly Option<string?> _test = new("--test") { Description = "A file of rows to test on, of the same form." };
    private readonly Option<double?> _testShare = new("--test-share") { Description = "Share of the rows to test on, from 0 (none) to below 1. Default 0.2; with --test none." };
    private readonly Option<string?> _method = new("--method") { Description = "What is trained: deep-prompt (P-Tuning v2, the default), prefix, soft-prompt, p-tuning, adapter, bitfit, head, full." };
    private readonly Option<string?> _search = new("--search") { Description = "Searches for the prompt's length, rate and dropout: a number of trials (20), or minutes (30m)." };
    private readonly Option<int?> _epochs = new("--epochs") { Description = "Passes over the training rows. Default: by their number." };
    private readonly Option<double?> _rate = new("--rate") { Description = "Highest learning rate. Default: the method's." };
    private readonly Option<int?> _promptLength = new("--prompt-length") { Description = "Trained vectors a layer. Default 20; for words 64." };
    private readonly Option<int?> _batchSize = new("--batch-size") { Description = "Rows a step. Default 32." };
    private readonly Option<int?> _maxLength = new("--max-length") { Description = "Longest row in word pieces; longer ones are cut. Default: what the backbone takes." };
    private readonly Option<double?> _validationShare = new("--validation-share") { Description = "Share of the training rows that every epoch is scored on; the best epoch is kept. Default: none; with --search 0.1." };
    private readonly Option<int?> _patience = new("--patience") { Description = "Stops after that many epochs without a better score on the validation rows. Default: never." };
    private readonly Option<Precision> _precision = new("--precision") { Description = "What the frozen backbone is computed in. Default Float32." };
    private readonly Option<Pooling> _pooling = new("--pooling") { Description = "What the head reads: the first token, or the mean of all (for sentence encoders). Default FirstToken." };
    private readonly Option<int?> _threads = new("--threads") { Description = "Threads to compute on. Default: all." };
    private readonly Option<int> _seed = new("--seed") { Description = "Seed of everything random.", DefaultValueFactory = _ => 1 };
    private readonly Option<bool> _noHeadOnly = new("--no-head-only") { Description = "Leaves out the comparison with a head that is trained alone." };
    private readonly Option<bool> _embed = new("--embed-backbone") { Description = "Puts the backbone into the model file." };
    private readonly Option<bool> _force = new("--force") { Description = "Replaces an output folder that is not empty." };
    private readonly Option<bool> _resume = new("--resume") { Description = "Continues from the checkpoint of the same command that was stopped." };
    private readonly Option<bool> _header = new("--header") { Description = "The first line names the columns. Default: guessed." };
    private readonly Option<bool> _noHeader = new("--no-header") { Description = "The first line is a row; columns are called 1, 2, …" };
    private readonly Option<string?> _delimiter = new("--delimiter") { Description = "What separates fields: comma, semicolon, tab, bar, or a character. Default: guessed." };
    private readonly (TaskColumn Column, Option<string[]> Option)[] _columns =
        [.. TaskColumns.Of(task).Select(column => (column, new Option<string[]>(column.Option) { Description = $"Column of {column.Description}. Default: guessed.", AllowMultipleArgumentsPerToken = column.Input == "Choices", HelpName = "COLUMN" }))];

    private Option[] All =>
    [
        _backbone, _output, .. _columns.Select(column => column.Option), _test, _testShare, _header, _noHeader, _delimiter, _method, _promptLength, _search, _epochs, _rate, _batchSize, _maxLength,
        _validationShare, _patience, .. Poolings, _precision, _threads, _seed, _noHeadOnly, _embed, _force, _resume,
    ];

    private Option[] Poolings => task is TaskKind.Classify or TaskKind.Choose ? [_pooling] : [];

    public void AddTo(Command command)
    {
        command.Arguments.Add(_data);
        foreach (var option in All) command.Options.Add(option);
    }

    public TrainSettings Read(ParseResult parsed) => new()
    {
        Task = task,
        Data = parsed.GetRequiredValue(_data),
        Backbone = parsed.GetRequiredValue(_backbone),
        Output = parsed.GetRequiredValue(_output),
        Test = parsed.GetValue(_test),
        TestShare = parsed.GetValue(_testShare) ?? (parsed.GetValue(_test) is null ? 0.2 : 0),
        Columns = _columns.Where(column => parsed.GetValue(column.Option) is { Length: > 0 }).ToDictionary(column => column.Column.Input, column => parsed.GetValue(column.Option)!),
        CommandLine = "",
    };
}
