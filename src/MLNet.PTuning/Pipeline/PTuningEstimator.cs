// What the estimators of all tasks share: checked options, and training.
using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Training;

namespace MLNet.PTuning;

/// <summary>Trains a prompt and a task's head on a frozen backbone, as a step of an ML.NET pipeline.</summary>
/// <typeparam name="TOptions">The task's options.</typeparam>
/// <typeparam name="TTransformer">The trained model.</typeparam>
public abstract class PTuningEstimator<TOptions, TTransformer> : IEstimator<TTransformer>, ITaskEstimator
    where TOptions : PTuningOptions where TTransformer : PTuningTransformer
{
    private protected PTuningEstimator(IHostEnvironment environment, TOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Options = (TOptions)options.Copy();
        Options.Validate();
        Host = environment.Register(GetType().Name);
    }

    private protected IHost Host { get; }

    private protected TOptions Options { get; }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A column is missing or of another type, or there is nothing to learn from; the message says what.</exception>
    /// <exception cref="OperationCanceledException">The options' token was canceled.</exception>
    public TTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Options.Ranks.Together(() => (TTransformer)PromptFit.Run(Host, Prepare(input), input));
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A column is missing or of another type.</exception>
    public abstract SchemaShape GetOutputSchema(SchemaShape inputSchema);

    PreparedTask ITaskEstimator.Prepare(IDataView input) => Prepare(input);

    private protected abstract PreparedTask Prepare(IDataView input);
}
