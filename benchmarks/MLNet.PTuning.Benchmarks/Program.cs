// The command line of the benchmarks: accuracy, speed, memory.
using System.CommandLine;
using MLNet.PTuning.Benchmarks.Accuracy;

var root = new RootCommand("Benchmarks of MLNet.PTuning.") { AccuracyCommand.Create() };
return root.Parse(args).Invoke();
