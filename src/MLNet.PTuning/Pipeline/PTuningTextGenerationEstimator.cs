// Trains a model that writes, as a step of an ML.NET pipeline.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>
/// Trains a prompt on a frozen decoder so that it continues texts as their targets do: the loss is the mean cross-entropy of the targets' tokens and the end token, by the decoder's own head. There is no
/// head of the task's.
/// Input: columns of texts and of targets (text). Output: <c>GeneratedText</c> and <c>Score</c>, see <see cref="PTuningTextGenerationTransformer"/>.
/// Epochs are scored by minus the mean cross-entropy of held-out targets, whose exponential is their perplexity.
/// </summary>
public sealed class PTuningTextGenerationEstimator : PTuningEstimator<TextGenerationOptions, PTuningTextGenerationTransformer>
{
    internal PTuningTextGenerationEstimator(IHostEnvironment environment, TextGenerationOptions options) : base(environment, options) => Options.ValidateTraining();

    private protected override PreparedTask Prepare(IDataView input)
    {
        var columns = Options.Columns;
        IReadOnlyList<int> ends = [];
        return new PreparedTask(Options, TextGeneration.ClassNames, Pools: false, TextGeneration.Score, (backbone, limit, seed, channel) =>
        {
            ends = GenerationRows.EndsOf(backbone);
            var task = new TextGeneration(backbone.Tokenizer, Options.Method, limit.Length, ends);
            GenerationRows.CheckRoom(task, Options.Generation);
            var read = GenerationRows.Read(input, columns, Options.TargetColumnName);
            if (read.Count == 0) throw new ArgumentException("The training set has no rows.");
            var (training, heldOut) = HeldOutRows.Of(read, Options, seed, channel, set => GenerationRows.Read(set, columns, Options.TargetColumnName), row => [row.Text, row.Target]);
            if (heldOut?.Count == 0) throw new ArgumentException("The validation set has no rows.");
            return new TrainingRows(GenerationRows.Encode(training, backbone, task, limit, channel), heldOut is null ? null : GenerationRows.Encode(heldOut, backbone, task, limit, channel), 0);
        }, (model, settings) => new PTuningTextGenerationTransformer(Host, model, Finished(settings, Options, ends, settings.Report!.Seed))) { Writes = true };
    }

    /// <summary>A model's settings with those of this task.</summary>
    /// <param name="settings">Those that all tasks have.</param>
    /// <param name="options">What the app set.</param>
    /// <param name="ends">The end tokens.</param>
    /// <param name="seed">The seed of drawing.</param>
    internal static ModelSettings Finished(ModelSettings settings, TextGenerationOptions options, IReadOnlyList<int> ends, int seed) => settings with
    {
        InputColumns = options.Columns.Names,
        PredictedLabelColumn = options.GeneratedTextColumnName,
        Generation = options.Generation with { Seed = seed },
        EndTokens = [.. ends],
    };

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A column is missing or of another type.</exception>
    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        new TextColumns(Options.TextColumnName, Options.TargetColumnName).Check(inputSchema);
        return PredictionSchema.Promise(inputSchema, GenerationPredictor.Promises(Options));
    }
}
