// ptuning export: a trained model as an adapter folder of Hugging Face PEFT.
using System.CommandLine;

namespace MLNet.PTuning.Tool.Commands;

internal static class ExportCommand
{
    private static readonly Argument<string> Model = new("MODEL") { Description = "The model: a model.zip, or the folder that training wrote." };
    private static readonly Option<string> Peft = new("--peft") { Description = "The folder to write, which Python's PEFT loads.", Required = true };

    public static Command Create(Terminal terminal) => new Command("export", "Writes a trained model as an adapter folder of Hugging Face PEFT.") { Model, Peft }
        .Runs(terminal, (parsed, cancellation) => throw new NotSupportedException("export is not there yet."));
}
