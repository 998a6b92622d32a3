// The process: its arguments, its standard streams, its exit code.
using System.Text;
using MLNet.PTuning.Tool;
using MLNet.PTuning.Tool.Commands;

Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
return await PTuningCommand.RunAsync(args, new Terminal(Console.Out, Console.Error) { IsInteractive = !Console.IsErrorRedirected });
