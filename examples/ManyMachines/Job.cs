// What every process of the job does: training, and its block of the scoring.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using MLNet.PTuning;

namespace ManyMachines;

/// <summary>The command line.</summary>
internal sealed record JobSettings(string Backbone, string Train, string Test, string Model, int? Epochs, int? Threads);

/// <summary>A row of the files.</summary>
internal sealed class Review
{
    [LoadColumn(0)]
    public string Label { get; set; } = "";

    [LoadColumn(1)]
    public string Text { get; set; } = "";
}

/// <summary>One process of a job, from its start to its end.</summary>
internal static class Job
{
    public static void Run(JobSettings settings)
    {
        var world = Mpi.World;
        // Of all ranks the first alone says something, whatever the job's size.
        if (world.Rank > 0) Console.SetOut(TextWriter.Null);
        Console.WriteLine($"{world.Size} {(world.Size == 1 ? "rank" : "ranks")}");

        var ml = new MLContext(seed: 1);
        IDataView rows = ml.Data.LoadFromTextFile<Review>(settings.Train, hasHeader: true);
        string checkpoint = settings.Model + ".ckpt";
        using (var model = Train(ml, rows, settings, checkpoint))
        {
            Console.WriteLine(model.LastTransformer.Report);
            // Labels' texts in place of their keys.
            var named = model.Append(ml.Transforms.Conversion.MapKeyToValue([new("PredictedLabel"), new("Label")]).Fit(model.Transform(rows)));
            if (world.Rank == 0)
            {
                ml.Model.SaveSafely(named, rows.Schema, settings.Model);
                File.Delete(checkpoint);
            }
            Score(ml, named, settings, world);
        }
    }

    private static TransformerChain<PTuningClassificationTransformer> Train(MLContext ml, IDataView rows, JobSettings settings, string checkpoint)
    {
        var options = new TextClassificationOptions(settings.Backbone)
        {
            Communicator = Mpi.World,
            ValidationShare = 0.1,
            Epochs = settings.Epochs,
            Threads = settings.Threads,
            // The same command goes on where a run was stopped. Rank 0 alone reads and writes it.
            CheckpointPath = checkpoint,
            CheckpointEvery = TimeSpan.FromMinutes(1),
            ResumeFrom = File.Exists(checkpoint) ? checkpoint : null,
            Progress = new Lines(),
        };
        return ml.Transforms.Conversion.MapValueToKey("Label").Append(ml.Transforms.PTuningV2Classify(options)).Fit(rows);
    }

    private static void Score(MLContext ml, TransformerChain<KeyToValueMappingTransformer> model, JobSettings settings, ICommunicator world)
    {
        IDataView mine = ml.Data.TakeRowsOfRank(ml.Data.LoadFromTextFile<Review>(settings.Test, hasHeader: true), world);
        IDataView scored = model.Append(ml.Transforms.SelectColumns("PredictedLabel", "Label", "Text").Fit(model.Transform(mine))).Transform(mine);
        string part = $"{settings.Model}.scores-{world.Rank:d4}.tsv";
        using (var file = File.Create(part)) ml.Data.SaveAsText(scored, file, headerRow: world.Rank == 0, schema: false);

        // All rows' count without a file that all can read: the ranks tell each other.
        long[] counts = [0, 0];
        foreach (var row in ml.Data.CreateEnumerable<Scored>(scored, reuseRowObject: true)) counts[row.PredictedLabel == row.Label ? 0 : 1]++;
        var all = world.Gather([.. counts.SelectMany(BitConverter.GetBytes)]);
        long right = all.Sum(bytes => BitConverter.ToInt64(bytes, 0)), wrong = all.Sum(bytes => BitConverter.ToInt64(bytes, 8));
        Console.WriteLine(FormattableString.Invariant($"Accuracy {(double)right / (right + wrong):f3} of {right + wrong} rows. Each rank has written its part of them: cat {settings.Model}.scores-*.tsv > scores.tsv"));
    }

    private sealed class Scored
    {
        public string Label { get; set; } = "";

        public string PredictedLabel { get; set; } = "";
    }

    private sealed class Lines : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Step == value.Steps) Console.WriteLine(FormattableString.Invariant($"epoch {value.Epoch} of {value.Epochs}: loss {value.Loss:f3}"));
        }
    }
}
