// The command line of the benchmarks: accuracy, speed, memory.
using System.CommandLine;
using MLNet.PTuning.Benchmarks.Accuracy;
using MLNet.PTuning.Benchmarks.Memory;
using MLNet.PTuning.Benchmarks.Speed;
using Spectre.Console;

// A file has no width; tables would be broken to that of a small terminal.
if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 200;
var root = new RootCommand("Benchmarks of MLNet.PTuning.") { AccuracyCommand.Create(), SpeedCommand.Create(), MemoryCommand.Create() };
return root.Parse(args).Invoke();
