// ptuning import: a model of an adapter folder of Hugging Face PEFT.
using System.CommandLine;

namespace MLNet.PTuning.Tool.Commands;

internal static class ImportCommand
{
    private static readonly Argument<string> Folder = new("PEFTFOLDER") { Description = "The adapter's folder." };
    private static readonly Option<string> Backbone = new("--backbone") { Description = "The folder of the model that it was trained on.", Required = true };
    private static readonly Option<string> Output = new("--output", "-o") { Description = "The model file to write.", Required = true };

    public static Command Create(Terminal terminal) => new Command("import", "Makes a model file of an adapter folder of Hugging Face PEFT, or of a checkpoint of P-Tuning v2.") { Folder, Backbone, Output }
        .Runs(terminal, (parsed, cancellation) => throw new NotSupportedException("import is not there yet."));
}
