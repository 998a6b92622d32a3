// ptuning backbone: the backbones' folders that there are, whether one is complete, and its weights as safetensors.
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace MLNet.PTuning.Tool.Commands;

internal static class BackboneCommand
{
    private static readonly EnumerationOptions Direct = new() { IgnoreInaccessible = true };

    public static Command Create(Terminal terminal)
    {
        var root = new Argument<string?>("FOLDER") { Description = "Where to look: the folder itself and those in it. Default: the current folder, its models and backbones, and Hugging Face's cache.", Arity = ArgumentArity.ZeroOrOne };
        var folder = new Argument<string>("FOLDER") { Description = "The backbone's folder." };
        var output = new Option<string>("--output", "-o") { Description = "The folder to write, which is empty or not there.", Required = true, HelpName = "FOLDER" };
        return new Command("backbone", "Lists backbones' folders, checks one, or converts its weights to safetensors.")
        {
            new Command("list", "Lists the folders that hold a backbone.") { root }.Runs(terminal, (parsed, _) => List(parsed.GetValue(root), terminal)),
            new Command("check", "Loads a backbone and its tokenizer, and says what is unusual or wrong.") { folder }.Runs(terminal, (parsed, _) => Check(parsed.GetRequiredValue(folder), terminal)),
            new Command("convert", "Writes a backbone's folder anew with its weights, ONNX or PyTorch, as model.safetensors.") { folder, output }
                .Runs(terminal, (parsed, _) => Convert(parsed.GetRequiredValue(folder), parsed.GetRequiredValue(output), terminal)),
        };
    }

    private static void List(string? root, Terminal terminal)
    {
        if (root is not null && !Directory.Exists(root)) throw new BadInputException($"There is no folder {root}; name one, or leave it out.");
        var found = new List<BackboneSummary>();
        var others = new List<(string Folder, string Why)>();
        foreach (string folder in (root is null ? UsualPlaces().Where(Directory.Exists) : [root]).SelectMany(place => Directory.EnumerateDirectories(place, "*", Direct).Prepend(place)).Select(Path.GetFullPath).Distinct().Order(StringComparer.Ordinal))
        {
            if (!File.Exists(Path.Combine(folder, "config.json")) && !Directory.Exists(Path.Combine(folder, "snapshots"))) continue;
            try
            {
                found.Add(Backbone.Inspect(folder));
            }
            catch (Exception e) when (e is IOException or InvalidDataException or NotSupportedException or UnauthorizedAccessException)
            {
                others.Add((folder, e.Message));
            }
        }
        if (terminal.Json)
        {
            terminal.Output.WriteLine(JsonSerializer.Serialize(new
            {
                backbones = found.Select(b => new { b.Folder, b.ModelType, b.IsDecoder, b.LayerCount, b.HiddenSize, b.MaxPositions, b.ParameterCount }), notUsable = others.Select(other => new { other.Folder, other.Why }),
            }, Json.Compact));
            return;
        }
        if (found.Count > 0)
        {
            var table = new Table().RoundedBorder().AddColumns("folder", "architecture", "layers", "width", "positions", "parameters");
            foreach (var b in found)
                table.AddRow([Markup.Escape(b.Folder), b.ModelType, .. new long[] { b.LayerCount, b.HiddenSize, b.MaxPositions }.Select(n => n.ToString(CultureInfo.InvariantCulture)), string.Create(CultureInfo.InvariantCulture, $"{b.ParameterCount / 1e6:f1} M")]);
            terminal.Tables.Write(table);
        }
        else terminal.Output.WriteLine("No backbone was found.");
        foreach (var (folder, why) in others) terminal.Say($"Not usable: {folder}: {why}");
    }

    private static void Check(string folder, Terminal terminal)
    {
        var notices = Backbone.Check(folder);
        var backbone = Backbone.Inspect(folder);
        foreach (string notice in notices) terminal.Say($"Note: {notice}");
        terminal.Output.WriteLine(terminal.Json ? JsonSerializer.Serialize(new { backbone.Folder, backbone.ModelType, notices, backbone.ContentHash }, Json.Compact)
            : $"{backbone.Folder}: a {backbone.ModelType} that can be trained on{(notices.Count > 0 ? ", see the notes" : "")}.");
    }

    private static void Convert(string folder, string output, Terminal terminal)
    {
        Backbone.Convert(folder, output);
        var made = Backbone.Inspect(output);
        terminal.Output.WriteLine(terminal.Json ? JsonSerializer.Serialize(new { made.Folder, made.Files, tensors = made.Tensors.Count, made.ParameterCount, made.ContentHash }, Json.Compact)
            : string.Create(CultureInfo.InvariantCulture, $"{made.Folder}: {made.Tensors.Count} tensors of {made.ParameterCount} parameters; models that were trained on {folder} ask for that folder, which has another content hash."));
    }

    private static IEnumerable<string> UsualPlaces()
    {
        string here = Environment.CurrentDirectory, home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string? cache = Environment.GetEnvironmentVariable("HF_HUB_CACHE"), hub = Environment.GetEnvironmentVariable("HF_HOME");
        return [here, Path.Combine(here, "models"), Path.Combine(here, "backbones"), Path.Combine(here, "artifacts", "backbones"), cache ?? Path.Combine(hub ?? Path.Combine(home, ".cache", "huggingface"), "hub")];
    }
}
