// ptuning backbone: the backbones' folders that there are, whether one is complete, and its weights as safetensors.
using System.CommandLine;

namespace MLNet.PTuning.Tool.Commands;

internal static class BackboneCommand
{
    private static readonly Argument<string?> Root = new("FOLDER") { Description = "Where to look. Default: the current folder, its models and backbones, and Hugging Face's cache.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Argument<string> Folder = new("FOLDER") { Description = "The backbone's folder." };
    private static readonly Option<string> Output = new("--output", "-o") { Description = "The folder to write.", Required = true };

    public static Command Create(Terminal terminal) => new("backbone", "Lists backbones' folders, checks one, or converts its weights to safetensors.")
    {
        new Command("list", "Lists the folders that hold a backbone.") { Root }.Runs(terminal, (parsed, cancellation) => throw new NotSupportedException("list is not there yet.")),
        new Command("check", "Loads a backbone and its tokenizer, and computes with them.") { Folder }.Runs(terminal, (parsed, cancellation) => throw new NotSupportedException("check is not there yet.")),
        new Command("convert", "Writes a backbone's folder anew with its weights, ONNX or PyTorch, as model.safetensors.") { Folder, Output }
            .Runs(terminal, (parsed, cancellation) => throw new NotSupportedException("convert is not there yet.")),
    };
}
