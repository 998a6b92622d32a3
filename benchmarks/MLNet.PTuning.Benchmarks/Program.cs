// The command line of the benchmarks: accuracy, speed, pieces, writing, memory, scaling, serving.
using System.CommandLine;
using System.ComponentModel;
using MLNet.PTuning.Benchmarks.Accuracy;
using MLNet.PTuning.Benchmarks.Memory;
using MLNet.PTuning.Benchmarks.Scaling;
using MLNet.PTuning.Benchmarks.Serving;
using MLNet.PTuning.Benchmarks.Speed;
using Spectre.Console;

// A file has neither colors nor a width; tables would be broken to that of a small terminal.
if (Console.IsOutputRedirected)
{
    AnsiConsole.Profile.Capabilities.Ansi = false;
    AnsiConsole.Profile.Width = 200;
}
var root = new RootCommand("Benchmarks of MLNet.PTuning.") { AccuracyCommand.Create(), SpeedCommand.Create(), PiecesCommand.Create(), WritingCommand.Create(), MemoryCommand.Create(), ScalingCommand.Create(), ServingCommand.Create() };
try
{
    return root.Parse(args).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
// What a wrong path or argument, or a missing interpreter, gives: its message says all.
catch (Exception e) when (e is IOException or InvalidDataException or ArgumentException or FormatException or InvalidOperationException or Win32Exception)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
