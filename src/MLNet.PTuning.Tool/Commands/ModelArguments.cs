// The arguments of verbs that use a trained model.
using System.CommandLine;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Commands;

internal sealed class ModelArguments
{
    private readonly Argument<string> _model = new("MODEL") { Description = "The model: a model file, or the folder that training wrote." };
    private readonly Option<string?> _backbone = new("--backbone") { Description = "Where the model's backbone is, if it is not where it was in training: its folder, or the folder above.", HelpName = "FOLDER" };

    public void AddTo(Command command)
    {
        command.Arguments.Add(_model);
        command.Options.Add(_backbone);
    }

    public LoadedModel Load(ParseResult parsed) => LoadedModel.Load(parsed.GetRequiredValue(_model), parsed.GetValue(_backbone));
}

/// <summary>The arguments of verbs that read rows for a model, whatever its task.</summary>
/// <param name="name">The file's name in the help text.</param>
/// <param name="description">What the file is.</param>
internal sealed class RowArguments(string name, string description)
{
    private readonly Argument<string> _file = new(name) { Description = description };
    private readonly ReadingArguments _reading = new();
    private readonly ColumnArguments _columns = new(Enum.GetValues<TaskKind>().SelectMany(TaskColumns.Of));

    public void AddTo(Command command)
    {
        command.Arguments.Add(_file);
        foreach (var option in _columns.Options.Concat(_reading.Options)) command.Options.Add(option);
    }

    public RowReader Open(ParseResult parsed, LoadedModel model, bool withGold, Terminal terminal) =>
        model.Rows(parsed.GetRequiredValue(_file), _reading.Read(parsed), _columns.Read(parsed, TaskColumns.Of(model.Task.Kind)), withGold, terminal);
}
