// ptuning inspect: what a model file or a backbone's folder holds.
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using MLNet.PTuning.Tool.Run;
using Spectre.Console;

namespace MLNet.PTuning.Tool.Commands;

internal static class InspectCommand
{
    private const int ClassesShown = 20;
    private const string AdapterFile = "adapter_config.json";

    public static Command Create(Terminal terminal)
    {
        var path = new Argument<string>("MODEL|FOLDER") { Description = "A model file, the folder that training wrote, or a backbone's folder." };
        var backbone = new Option<string?>("--backbone") { Description = "Where the model's backbone is, if it is not where it was in training.", HelpName = "FOLDER" };
        var tensors = new Option<bool>("--tensors") { Description = "Lists all tensors." };
        return new Command("inspect", "Says what a model or a backbone is: architecture, parameters, tensors, classes, recipe, hash.") { path, backbone, tensors }.Runs(terminal, (parsed, _) =>
        {
            string given = parsed.GetRequiredValue(path);
            bool lists = parsed.GetValue(tensors);
            if (File.Exists(Path.Combine(given, AdapterFile)) && !File.Exists(Path.Combine(given, "config.json")))
                throw new BadInputException($"{given} holds an adapter of Hugging Face PEFT, neither a model file nor a backbone; make a model file of it with 'ptuning import', and inspect that.");
            if (Directory.Exists(given) && !File.Exists(Path.Combine(given, RunFolder.ModelName))) OfBackbone(Backbone.Inspect(given), lists, terminal);
            else
            {
                using var loaded = LoadedModel.Load(given, parsed.GetValue(backbone));
                OfModel(loaded, lists, terminal);
            }
        });
    }

    private static void OfBackbone(BackboneSummary backbone, bool lists, Terminal terminal)
    {
        if (terminal.Json)
        {
            terminal.Output.WriteLine(JsonSerializer.Serialize(backbone, Json.Compact));
            return;
        }
        Write(terminal,
        [
            ("folder", backbone.Folder), ("architecture", backbone.ModelType + (backbone.IsDecoder ? ", a decoder" : "")),
            ("layers", Text($"{backbone.LayerCount} of width {backbone.HiddenSize}, {backbone.HeadCount} heads")),
            ("vocabulary", Text($"{backbone.VocabularySize}")), ("positions", Text($"{backbone.MaxPositions}")), ("parameters", Text($"{backbone.ParameterCount}")),
            ("tensors", Text($"{backbone.Tensors.Count}")), ("files", string.Join(", ", backbone.Files)), ("content hash", backbone.ContentHash),
        ]);
        if (lists) Write(terminal, backbone.Tensors);
    }

    private static void OfModel(LoadedModel model, bool lists, Terminal terminal)
    {
        var trained = model.Transformer;
        var backbone = Backbone.Inspect(trained.BackboneFolder);
        var report = trained.Report;
        if (terminal.Json)
        {
            terminal.Output.WriteLine(JsonSerializer.Serialize(new
            {
                file = model.File, bytes = new FileInfo(model.File).Length, task = model.Task.Kind, method = JsonSerializer.SerializeToElement(trained.Method), classNames = model.ClassNames,
                tensors = trained.TrainedTensors, report, searchTrials = trained.SearchReport?.Trials.Count, backboneHash = trained.BackboneHash,
                backbone = new { backbone.Folder, backbone.ModelType, backbone.LayerCount, backbone.HiddenSize, backbone.ParameterCount },
            }, Json.Compact));
            return;
        }
        Write(terminal,
        [
            ("model", model.File), ("size", Text($"{new FileInfo(model.File).Length / 1024.0:f0} KB")), ("task", model.Task.Kind.ToString().ToLowerInvariant()),
            ("recipe", $"{trained.Method.GetType().Name} {JsonSerializer.Serialize(trained.Method, trained.Method.GetType())}"),
            .. report is null ? ((string, string)[])[("trained", "elsewhere")] : [("trained", report.ToString())],
            .. trained.SearchReport is { } search ? ((string, string)[])[("search", Text($"{search.Trials.Count} trials, {search.Seconds:f0} s"))] : [],
            .. model.ClassNames.Count > 0 ? ((string, string)[])[("classes", Text($"{model.ClassNames.Count}: ") + string.Join(", ", model.ClassNames.Take(ClassesShown)) + (model.ClassNames.Count > ClassesShown ? ", …" : ""))] : [],
            ("tensors", string.Join(", ", trained.TrainedTensors.Select(tensor => $"{tensor.Name} [{string.Join(", ", tensor.Shape)}]").Take(ClassesShown))),
            ("backbone", Text($"{backbone.ModelType}, {backbone.LayerCount} layers of width {backbone.HiddenSize}, {backbone.ParameterCount} parameters, in {backbone.Folder}")),
            ("backbone's hash", trained.BackboneHash),
        ]);
        if (lists) Write(terminal, trained.TrainedTensors);
    }

    private static void Write(Terminal terminal, IEnumerable<(string Name, string Value)> lines)
    {
        foreach (var (name, value) in lines) terminal.Output.WriteLine($"{name,-16} {Terminal.Visible(value.ReplaceLineEndings(" "))}");
    }

    private static void Write(Terminal terminal, IReadOnlyList<TensorSummary> tensors)
    {
        var table = new Table().RoundedBorder().AddColumns("tensor", "type", "shape");
        foreach (var tensor in tensors) table.AddRow(Markup.Escape(tensor.Name), tensor.Type, Markup.Escape($"[{string.Join(", ", tensor.Shape)}]"));
        terminal.Tables.Write(table);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
