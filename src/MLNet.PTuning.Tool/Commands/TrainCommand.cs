// ptuning train: from a text file to a model, its scores and its predictions.
using System.CommandLine;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Commands;

internal static class TrainCommand
{
    private static readonly (TaskKind Task, string Description)[] Verbs =
    [
        (TaskKind.Classify, "Trains a classifier of texts, or of pairs of texts."),
        (TaskKind.Label, "Trains a model that labels words: named entities, parts of speech."),
        (TaskKind.Answer, "Trains a model that finds the answers to questions in texts."),
        (TaskKind.Choose, "Trains a model that chooses one of the choices that a text has."),
        (TaskKind.Generate, "Trains a prompt with which a decoder continues texts."),
    ];

    public static Command Create(Terminal terminal)
    {
        var train = new Command("train", "Trains a model from a text file: CSV, TSV, JSON lines, CoNLL or SQuAD.");
        foreach (var (task, description) in Verbs) train.Subcommands.Add(ForTask(task, description, terminal));
        return train;
    }

    private static Command ForTask(TaskKind task, string description, Terminal terminal)
    {
        var options = new TrainOptions(task);
        var command = new Command(task.ToString().ToLowerInvariant(), description);
        options.AddTo(command);
        return command.Runs(terminal, (parsed, cancellation) =>
        {
            var settings = options.Read(parsed, ShellWords.Quote(["ptuning", .. parsed.Tokens.Select(token => token.Value)]));
            if (new TrainingSession(settings, terminal, cancellation).Run() is { } run) TrainingResult.Write(run, terminal);
        });
    }
}
