// ptuning evaluate: scores of a model on rows with gold labels.
using System.CommandLine;

namespace MLNet.PTuning.Tool.Commands;

internal static class EvaluateCommand
{
    private static readonly Argument<string> Model = new("MODEL") { Description = "The model: a model.zip, or the folder that training wrote." };
    private static readonly Argument<string> Data = new("DATA") { Description = "The file with rows and their gold labels." };

    public static Command Create(Terminal terminal) => new Command("evaluate", "Scores a trained model on a file of rows with gold labels.") { Model, Data }
        .Runs(terminal, (parsed, cancellation) => throw new NotSupportedException("evaluate is not there yet."));
}
