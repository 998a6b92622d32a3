// Trains, searches or scores as one rank of an MPI job. Rank 0 writes the model's file, and a line after each step where another rank may be killed.
using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning;

if (args.Length < 4) throw new ArgumentException("Usage: TrainOnRanks train|search|score|sum|late|slow BACKBONE ROWS.tsv MODEL.zip [CHECKPOINT] [SETTING=VALUE of RANK] …");
var (verb, backbone, file, modelFile) = (args[0], args[1], args[2], args[3]);
var world = Mpi.World;
if (Environment.GetEnvironmentVariable("TIME_LIMIT_SECONDS") is { } seconds) Mpi.TimeLimit = TimeSpan.FromSeconds(int.Parse(seconds, System.Globalization.CultureInfo.InvariantCulture));
var ml = new MLContext(seed: 1);
IDataView rows = ml.Data.LoadFromTextFile<Row>(file);
string? checkpoint = args.Skip(4).FirstOrDefault(arg => !arg.Contains('='));
var options = new TextClassificationOptions(backbone)
{
    Method = new DeepPrompt { Length = 3, Reparameterize = true, EncoderHiddenSize = 8 },
    Epochs = 12,
    BatchSize = 8,
    LearningRate = 0.01,
    ValidationShare = 0.15,
    CheckpointPath = checkpoint,
    CheckpointEverySteps = checkpoint is null ? null : 2,
    ResumeFrom = File.Exists(checkpoint) ? checkpoint : null,
    Threads = 1,
    Communicator = world,
};
foreach (string setting in args.Skip(4).Where(arg => arg.Contains('=')))
{
    string[] parts = setting.Split('=', '@');
    if (int.Parse(parts[2]) != world.Rank) continue;
    if (parts[0] == "decay") options.WeightDecay = double.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture);
    if (parts[0] == "fail") options.Progress = new Failing(int.Parse(parts[1]));
}
switch (verb)
{
    case "train":
        if (checkpoint is not null)
        {
            // Which process is which rank.
            var processes = world.Gather(BitConverter.GetBytes(Environment.ProcessId));
            if (world.Rank == 0) Console.WriteLine("processes " + string.Join(' ', processes.Select(bytes => BitConverter.ToInt32(bytes))));
            options.Progress = new Lines();
        }
        using (var model = Keys().Append(ml.Transforms.PTuningV2Classify(options)).Fit(rows))
            if (world.Rank == 0) ml.Model.Save(model, rows.Schema, modelFile);
        break;
    case "search":
        var search = new PromptSearchOptions { Trials = 8, Reduction = 4, Lengths = [2, 3], LearningRates = [0.01, 0.05], Dropouts = [0.1, 0.2] };
        (options.CheckpointPath, options.CheckpointEverySteps, options.Method) = (null, null, new DeepPrompt());
        using (var model = ml.Transforms.PTuningV2Search(options, search).Fit(Keys().Fit(rows).Transform(rows)))
        {
            if (world.Rank == 0) ml.Model.Save(model, null, modelFile);
            if (world.Rank == 0) Console.WriteLine(string.Join('\n', model.SearchReport!.Trials.Select(t => $"{t.Setting} {t.Score}")));
        }
        break;
    case "score":
        var trained = ml.Model.Load(modelFile, out _);
        var scored = trained.Transform(ml.Data.TakeRowsOfRank(rows, world));
        using (var part = File.Create($"{modelFile}.{world.Rank}")) ml.Data.SaveAsText(scored, part, schema: false, headerRow: world.Rank == 0);
        (trained as IDisposable)?.Dispose();
        break;
    case "sum":
        Sum();
        break;
    case "late":
        // Rank 0 saves, the others have nothing to do.
        world.Barrier();
        if (world.Rank > 0) break;
        Thread.Sleep(TimeSpan.FromSeconds(8));
        File.WriteAllText(modelFile, "saved");
        break;
    case "slow":
        if (world.Rank == 1) Thread.Sleep(Timeout.Infinite);
        world.Barrier();
        break;
}

Microsoft.ML.Transforms.ValueToKeyMappingEstimator Keys() => ml.Transforms.Conversion.MapValueToKey("Label");

// Sums, broadcasts and messages of many sizes are what they should be, and the same bits whatever comes first.
void Sum()
{
    foreach (int count in (int[])[1, 2, 3, 7, 1000, 100_003])
    {
        var random = new Random(count);
        float[][] all = [.. Enumerable.Range(0, world.Size).Select(_ => Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * Math.Pow(10, random.Next(-6, 6)))).ToArray())];
        float[] own = [.. all[world.Rank]];
        // Ranks come at different times.
        Thread.Sleep(random.Next(3) * world.Rank);
        world.Sum(own);
        for (int i = 0; i < count; i++)
        {
            double sum = 0;
            foreach (float[] rank in all) sum += rank[i];
            if (own[i] != (float)sum) throw new InvalidOperationException($"Element {i} of {count} is {own[i]}, not {(float)sum}.");
        }
        byte[] bytes = new byte[count];
        if (world.Rank == 0) new Random(1).NextBytes(bytes);
        byte[] expected = new byte[count];
        new Random(1).NextBytes(expected);
        world.Broadcast(bytes);
        if (!bytes.AsSpan().SequenceEqual(expected)) throw new InvalidOperationException("The broadcast differs.");
        var gathered = world.Gather(expected.AsSpan(0, count * world.Rank / world.Size));
        for (int rank = 0; rank < world.Size; rank++)
            if (!gathered[rank].AsSpan().SequenceEqual(expected.AsSpan(0, count * rank / world.Size))) throw new InvalidOperationException($"Rank {rank}'s bytes differ.");
    }
    world.Barrier();
    var clock = Stopwatch.StartNew();
    float[] numbers = new float[100_000];
    for (int i = 0; i < 50; i++) world.Sum(numbers);
    if (world.Rank == 0) Console.WriteLine($"{world.Size} ranks, {clock.Elapsed.TotalMilliseconds / 50:f3} ms a sum of 100,000");
}

internal sealed class Row
{
    [LoadColumn(0)]
    public string Text { get; set; } = "";

    [LoadColumn(1)]
    public string Label { get; set; } = "";
}

internal sealed class Lines : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value) => Console.WriteLine($"{value.Epoch} {value.Step}");
}

internal sealed class Failing(int step) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value)
    {
        if (value.Step == step) throw new IOException("the disk is full");
    }
}
