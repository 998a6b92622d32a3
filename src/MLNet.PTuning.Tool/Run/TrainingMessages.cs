// What the library says while it trains, on standard error.
using Microsoft.ML;
using Microsoft.ML.Runtime;

namespace MLNet.PTuning.Tool.Run;

internal sealed class TrainingMessages : IDisposable
{
    private readonly MLContext _ml;
    private readonly Terminal _terminal;

    public TrainingMessages(MLContext ml, Terminal terminal)
    {
        (_ml, _terminal) = (ml, terminal);
        ml.Log += Say;
    }

    public void Dispose() => _ml.Log -= Say;

    private void Say(object? sender, LoggingEventArgs message)
    {
        if (message.Source.Contains("PTuning", StringComparison.Ordinal) && message.Kind is ChannelMessageKind.Warning or ChannelMessageKind.Error) _terminal.Say($"Note: {message.RawMessage}");
    }
}
