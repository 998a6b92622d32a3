// Streams text to an app as it is written.
using System.Runtime.CompilerServices;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>Writes one text at a time, token by token. Made by <see cref="PTuningTextGenerationTransformer.CreateGenerator"/>. Thread-safe: each stream holds the model while it is read.</summary>
public sealed class TextGenerator
{
    private readonly GenerationPredictor _predictor;
    private readonly GenerationSettings _settings;

    internal TextGenerator(GenerationPredictor predictor) => (_predictor, _settings) = (predictor, predictor.Generation);

    /// <summary>
    /// The parts of the generated text as soon as no later token can change them: a character whose bytes are not all there, and what may be the beginning of a stop text, are held back. Together they are
    /// the <c>GeneratedText</c> that prediction gives.
    /// </summary>
    /// <param name="text">The text that is continued.</param>
    /// <param name="cancellationToken">Stops between two tokens.</param>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    public async IAsyncEnumerable<string> StreamAsync(string text, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        using var use = _predictor.Use();
        using var row = new TokenByToken(use.Required, _settings, _predictor.Ends, [(_predictor.Task.Input(text, _settings.MaxNewTokens).Ids, text)]);
        while (!row.IsDone)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Run(row.Step, CancellationToken.None).ConfigureAwait(false);
            if (row.Rows[0].Text.Take() is { Length: > 0 } part) yield return part;
        }
    }
}
