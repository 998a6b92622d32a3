// ptuning export: a trained model as an adapter folder of Hugging Face PEFT.
using System.CommandLine;
using System.Text.Json;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Commands;

internal static class ExportCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("export", "Writes a trained model as an adapter folder of Hugging Face PEFT.");
        var model = new ModelArguments();
        var peft = new Option<string>("--peft") { Description = "The folder to write, which Python's PEFT loads; it is empty or not there.", Required = true, HelpName = "FOLDER" };
        model.AddTo(command);
        command.Options.Add(peft);
        return command.Runs(terminal, (parsed, _) =>
        {
            string folder = parsed.GetRequiredValue(peft);
            using var loaded = model.Load(parsed);
            NewFolder.Write(folder, "--peft", temporary => PeftFolder.Save(loaded.Model, temporary));
            string[] files = [.. Directory.GetFiles(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
            terminal.Output.WriteLine(terminal.Json ? JsonSerializer.Serialize(new { folder, files }, Json.Compact) : $"{folder}: {string.Join(", ", files)}");
        });
    }
}
