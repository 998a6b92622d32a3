// Trains a classifier with a checkpoint every few steps, going on from the checkpoint where there is one; writes a line after each step, takes the next one
// when it reads a line (or the end of its input), and writes the model at the end. The line "end" ends the process while training goes on, and so does
// "end after a step", where a handler of the exit waits for a further step, the last one.
using Microsoft.ML;
using MLNet.PTuning;

if (args.Length != 4) throw new ArgumentException("Usage: TrainWithCheckpoints BACKBONE ROWS.tsv CHECKPOINT MODEL.zip");
var ml = new MLContext();
IDataView rows = ml.Data.LoadFromTextFile<Row>(args[1]);
// An 8th of the rows is held out, so that the best epoch is part of what a checkpoint keeps.
var options = new TextClassificationOptions(args[0])
{
    Method = new DeepPrompt { Length = 3, Reparameterize = true, EncoderHiddenSize = 8 },
    Epochs = 60,
    BatchSize = 8,
    LearningRate = 0.02,
    Seed = 3,
    ValidationSet = ml.Data.TakeRows(rows, 6),
    CheckpointPath = args[2],
    CheckpointEverySteps = 4,
    ResumeFrom = File.Exists(args[2]) ? args[2] : null,
    Progress = new Lines(),
};
var pipeline = ml.Transforms.Conversion.MapValueToKey("Label").Append(ml.Transforms.PTuningV2Classify(options));
var data = ml.Data.SkipRows(rows, 6);
using var model = pipeline.Fit(data);
ml.Model.Save(model, data.Schema, args[3]);

internal sealed class Row
{
    [Microsoft.ML.Data.LoadColumn(0)]
    public string Text { get; set; } = "";

    [Microsoft.ML.Data.LoadColumn(1)]
    public string Label { get; set; } = "";
}

internal sealed class Lines : IProgress<TrainingProgress>
{
    private int _steps, _last = int.MaxValue;
    private bool _ends;

    public void Report(TrainingProgress value)
    {
        if (Interlocked.Increment(ref _steps) >= Volatile.Read(ref _last)) Thread.Sleep(Timeout.Infinite);
        Console.WriteLine($"{value.Epoch} {value.Step}");
        string? line = Console.ReadLine();
        _ends |= line is "end" or "end after a step";
        if (line == "end after a step") AppDomain.CurrentDomain.ProcessExit += (_, _) => WaitForStep();
        if (_ends) new Thread(() => Environment.Exit(0)).Start();
    }

    // The second one from here began after this did.
    private void WaitForStep()
    {
        Volatile.Write(ref _last, Volatile.Read(ref _steps) + 2);
        SpinWait.SpinUntil(() => Volatile.Read(ref _steps) >= _last);
    }
}
