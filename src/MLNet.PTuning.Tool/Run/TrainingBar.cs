// Progress of training: a bar for a person at a terminal, a line an epoch elsewhere.
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace MLNet.PTuning.Tool.Run;

internal static class TrainingBar
{
    /// <summary>Shows progress while something is trained.</summary>
    /// <param name="terminal">Where.</param>
    /// <param name="title">What is trained.</param>
    /// <param name="train">Trains, and reports its steps and, in a search, its trials.</param>
    public static T Run<T>(Terminal terminal, string title, Func<IProgress<TrainingProgress>, IProgress<SearchTrial>, T> train)
    {
        if (!terminal.IsInteractive) return train(new Lines(terminal, title), new Trials(terminal));
        return terminal.Progress.Progress().Start(context =>
        {
            var bar = context.AddTask(title);
            var made = train(new Bar(bar, title), new Trials(terminal));
            bar.Value = bar.MaxValue;
            return made;
        });
    }

    private static string Text(string title, TrainingProgress value) => string.Create(CultureInfo.InvariantCulture, $"{title}, epoch {value.Epoch} of {value.Epochs}, loss {value.Loss:f3}");

    private sealed class Bar(ProgressTask bar, string title) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            bar.MaxValue = value.Epochs * value.Steps;
            bar.Value = (value.Epoch - 1) * value.Steps + value.Step;
            bar.Description = Text(title, value);
        }
    }

    private sealed class Lines(Terminal terminal, string title) : IProgress<TrainingProgress>
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();

        private double _sum;
        private int _count;

        public void Report(TrainingProgress value)
        {
            _sum += value.Loss;
            _count++;
            if (value.Step < value.Steps) return;
            terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{Text(title, value with { Loss = _sum / _count })}, {_clock.Elapsed.TotalSeconds:f1} s"));
            (_sum, _count) = (0, 0);
        }
    }

    private sealed class Trials(Terminal terminal) : IProgress<SearchTrial>
    {
        private int _count;

        public void Report(SearchTrial value) => terminal.Say(string.Create(CultureInfo.InvariantCulture,
            $"Trial {++_count}: length {value.Setting.Length}, rate {value.Setting.Rate:g3}, dropout {value.Setting.Dropout:g2}{(value.Setting.Reparameterize ? ", through a network" : "")}, {value.Epochs} epochs: {(value.Failure is { } failure ? failure : $"score {value.Score:f4}")}, {value.Seconds:f1} s"));
    }
}
