// Reports training to ML.NET's channels and to the app's own progress object.
using System.Diagnostics;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Training;

namespace MLNet.PTuning.Pipeline;

/// <summary>Log lines go to <c>MLContext.Log</c>, the loss of every step to ML.NET's progress channel.</summary>
internal sealed class TrainingChannel : ITrainingObserver, IDisposable
{
    private readonly IChannel _log;
    private readonly IProgressChannel _progress;
    private readonly IProgress<TrainingProgress>? _app;
    // Of several ranks, one reports.
    private readonly bool _reports;
    private TrainingProgress _last;

    public TrainingChannel(IHost host, PTuningOptions options)
    {
        _log = host.Start("Training");
        _progress = host.StartProgressChannel("Training");
        Ranks = options.Ranks;
        _reports = options.Ranks.Rank == 0 && !options.IsSilent;
        _app = _reports ? options.Progress : null;
        _progress.SetHeader(new ProgressHeader(["loss"], ["epochs", "steps"]), entry =>
        {
            entry.SetMetric(0, _last.Loss);
            entry.SetProgress(0, Math.Max(0, _last.Epoch - 1), Epochs);
            entry.SetProgress(1, _last.Step, _last.Steps);
        });
    }

    /// <summary>The processes that train together, of which the first reports.</summary>
    public ICommunicator Ranks { get; }

    /// <summary>Epochs that there will be at most; set before training begins.</summary>
    public int Epochs { get; set; }

    public void Say(string message)
    {
        if (_reports) _log.Info(MessageSensitivity.None, "{0}", message);
    }

    public void Warn(string message)
    {
        if (_reports) _log.Warning(MessageSensitivity.None, "{0}", message);
    }

    public void AfterStep(int epoch, int step, int stepsPerEpoch, double loss)
    {
        _last = new TrainingProgress(epoch, Epochs, step, stepsPerEpoch, loss);
        _app?.Report(_last);
    }

    public void AfterEpoch(TrainingEpoch epoch)
    {
        _progress.Checkpoint(epoch.TrainingLoss, epoch.Number);
        string validation = epoch.ValidationLoss is null ? "" : FormattableString.Invariant($", validation loss {epoch.ValidationLoss:f4}, score {epoch.ValidationScore:f4}");
        Say(FormattableString.Invariant($"Epoch {epoch.Number} of {Epochs}: loss {epoch.TrainingLoss:f4}{validation}, {epoch.Seconds:f1} s, peak memory {PeakMegabytes()} MB"));
    }

    // The process's peak memory so far.
    private static long PeakMegabytes()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64 / 1_000_000;
    }

    public void Dispose()
    {
        _progress.Dispose();
        _log.Dispose();
    }
}
