// ptuning inspect: what a model file or a backbone's folder holds.
using System.CommandLine;

namespace MLNet.PTuning.Tool.Commands;

internal static class InspectCommand
{
    private static readonly Argument<string> Path = new("MODEL|FOLDER") { Description = "A model.zip, the folder that training wrote, or a backbone's folder." };

    public static Command Create(Terminal terminal) => new Command("inspect", "Says what a model or a backbone is: architecture, parameters, tensors, classes, recipe, hash.") { Path }
        .Runs(terminal, (parsed, cancellation) => throw new NotSupportedException("inspect is not there yet."));
}
