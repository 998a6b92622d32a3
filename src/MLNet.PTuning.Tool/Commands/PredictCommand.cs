// ptuning predict: predictions of a file's rows, one after the other.
using System.CommandLine;

namespace MLNet.PTuning.Tool.Commands;

internal static class PredictCommand
{
    private static readonly Argument<string> Model = new("MODEL") { Description = "The model: a model.zip, or the folder that training wrote." };
    private static readonly Argument<string> Input = new("INPUT") { Description = "The file whose rows to predict." };
    private static readonly Option<string?> Output = new("--output", "-o") { Description = "The file for the predictions: CSV, or JSON lines where it ends in .jsonl. Default: standard output." };

    public static Command Create(Terminal terminal) => new Command("predict", "Predicts the rows of a file with a trained model, however long the file is.") { Model, Input, Output }
        .Runs(terminal, (parsed, cancellation) => throw new NotSupportedException("predict is not there yet."));
}
