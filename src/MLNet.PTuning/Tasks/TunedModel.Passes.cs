// The passes of a model: scores and gradients in training, predictions, and the next token's scores.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tasks;

internal sealed partial class TunedModel
{
    // Far below the number of scores from which libtorch computes a softmax on several threads.
    private const int BriefScores = 4096;

    private EncoderPass? _pass;
    private KeptStates? _kept;

    /// <summary>What the encoder is given in addition to the text.</summary>
    public PromptState State() => _tuner.State();

    /// <summary>Scores before softmax of the vectors that the head reads: [V, classes].</summary>
    public torch.Tensor Logits(Batch batch, Dropout? dropout)
    {
        ComputeThread.UseThreads(Computation.Threads);
        torch.Tensor vectors;
        if (dropout is not null && KeepsStates(dropout))
        {
            vectors = Kept(batch, dropout);
            _pass = null;
        }
        else vectors = Vectors(batch, dropout);
        return _head.Logits(vectors, _tuner.Encoder, dropout, _headDropout);
    }

    /// <summary>The same of hidden states that are there.</summary>
    /// <param name="hidden">Hidden states at the positions read: [R, H].</param>
    /// <param name="batch">The rows that they are of.</param>
    /// <param name="dropout">Masks of training; null in prediction.</param>
    public torch.Tensor Logits(torch.Tensor hidden, Batch batch, Dropout? dropout) => _head.Logits(batch.Means?.Of(hidden) ?? hidden, _tuner.Encoder, dropout, _headDropout);

    /// <summary>Goes past the mask that the head has of vectors which another process computes.</summary>
    /// <param name="vectors">How many these are.</param>
    /// <param name="dropout">The masks.</param>
    public void SkipMask(int vectors, Dropout dropout)
    {
        if (_head.Drops) dropout.Skip((long)vectors * Backbone.Config.HiddenSize, _headDropout);
    }

    /// <summary>Runs rows through the encoder, of this model and of others that have its prompt, or whose rows mix with its own (<see cref="MixesRows"/>).</summary>
    /// <param name="rows">All rows.</param>
    /// <param name="prompts">Each prompt with its rows, in the order of the rows.</param>
    public EncoderPass Run(Batch rows, IReadOnlyList<PromptedRows> prompts)
    {
        ComputeThread.UseThreads(Computation.Threads);
        return _tuner.Encoder.RunMixed(rows.Rows, rows.ReadPositions, prompts, Computation.Precision);
    }

    /// <summary>Whether another model has the same prompt, which both train.</summary>
    public bool HasPromptOf(TunedModel other) => ReferenceEquals(_tuner, other._tuner);

    /// <summary>Whether the head alone is trained, and reads the same in every epoch, which is computed once.</summary>
    public bool KeepsStates(Dropout dropout) => !dropout.DropsInBackbone && _tuner.Parameters.Count == 0 && Backbone.Device.type == DeviceType.CPU;

    /// <summary>Computes what is kept of a pass, as the first epoch's step does.</summary>
    public float[] StatesOf(Batch pass, Dropout dropout)
    {
        ComputeThread.UseThreads(Computation.Threads);
        return KeptStates.Compute(pass, b => Vectors(b, dropout));
    }

    /// <summary>Keeps what was computed of a batch's passes.</summary>
    /// <param name="batch">The passes.</param>
    /// <param name="states">Theirs, one after the other.</param>
    public void KeepStates(IReadOnlyList<Batch> batch, ReadOnlySpan<float> states)
    {
        foreach (var pass in batch)
        {
            int count = pass.VectorStarts[^1] * Backbone.Config.HiddenSize;
            (_kept ??= new KeptStates()).Keep(pass, states[..count]);
            states = states[count..];
        }
    }

    private torch.Tensor Kept(Batch batch, Dropout dropout) => (_kept ??= new KeptStates()).Of(batch, b => Vectors(b, dropout));

    // The vectors that the head reads: [V, H].
    private torch.Tensor Vectors(Batch batch, Dropout? dropout)
    {
        _pass = _tuner.Encoder.Run(batch.Rows, batch.ReadPositions, State(), dropout, Computation.Precision);
        return batch.Means?.Of(_pass.Hidden) ?? _pass.Hidden;
    }

    /// <summary>From a loss over the last <see cref="Logits(Batch, Dropout?)"/> to the gradients of all parameters.</summary>
    public void Backward(torch.Tensor loss)
    {
        loss.backward();
        _pass?.Backward();
        _pass = null;
    }

    /// <summary>
    /// Probabilities for each of an example's targets: [targets · classes] an example, in row-major order. Where the softmax is over vectors, scores before it, by which
    /// several windows of a text can be compared: [V · classes].
    /// </summary>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public float[][] Predict(IReadOnlyList<Example> examples)
    {
        // Known from the pass before.
        bool isBrief = _head.SuitsAnyThread && _pass?.SuitsAnyThread == true && examples is [var row] && row.ReadPositions.Length * ClassCount <= BriefScores;
        float[][] predicted = isBrief ? ComputeThread.RunBriefly(Run) : ComputeThread.Run(Run);
        // A model without references must not be collected, which ends its use of the backbone, while it still predicts.
        GC.KeepAlive(this);
        return predicted;

        float[][] Run()
        {
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
            using var scope = torch.NewDisposeScope();
            using var noGrad = torch.no_grad();
            // Each row by itself, so that a text with many choices is in as many passes as others are.
            float[] all = [.. Batch.Passes([.. examples.SelectMany(example => example.Rows())]).SelectMany(batch => Predicted(Logits(batch, null), batch))];
            return OfExamples(examples, all);
        }
    }

    /// <summary>Each example's part of the predictions of all.</summary>
    public float[][] OfExamples(IReadOnlyList<Example> examples, float[] all)
    {
        int from = 0;
        return [.. examples.Select(e => all[from..(from += e.ScoredLines * ClassCount)])];
    }

    /// <summary>Whether its rows may be in one pass with those of other models on its backbone.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public bool MixesRows
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
            return _mixesRows.Value;
        }
    }

    /// <summary>What is predicted of a pass's hidden states, in row-major order.</summary>
    /// <param name="hidden">Hidden states at the positions read: [R, H].</param>
    /// <param name="batch">The rows that they are of.</param>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public float[] PredictedOf(torch.Tensor hidden, Batch batch)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return Predicted(Logits(hidden, batch, null), batch);
    }

    private static float[] Predicted(torch.Tensor logits, Batch batch)
    {
        using var scope = torch.NewDisposeScope();
        return ParameterFactory.ToArray(batch.Over switch
        {
            SoftmaxOver.Classes => logits.softmax(1),
            SoftmaxOver.Tokens => logits.log_softmax(1).gather(1, torch.tensor(Array.ConvertAll(batch.Targets, t => (long)t), device: logits.device).unsqueeze(1)),
            _ => logits,
        });
    }

    /// <summary>An empty cache of rows that this model continues (<see cref="Next"/>). Dispose it.</summary>
    public KeyValueCache NewCache() => new(_tuner.Encoder, State());

    /// <summary>Appends word pieces to rows of a cache, and gives what <paramref name="read"/> makes of the scores of the token after each row's last one: [B, V].</summary>
    /// <inheritdoc cref="KeyValueCache.Append"/>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public T Next<T>(KeyValueCache cache, IReadOnlyList<int[]> pieces, int[]? from, Func<torch.Tensor, T> read)
    {
        T result = ComputeThread.Run(() =>
        {
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
            ComputeThread.UseThreads(Computation.Threads);
            ComputeThread.SetLibtorchThreads(ComputeThread.ThreadCount);
            using var scope = torch.NewDisposeScope();
            using var noGrad = torch.no_grad();
            return read(_head.Logits(cache.Append(pieces, from), _tuner.Encoder, null, 0));
        });
        GC.KeepAlive(this);
        return result;
    }
}
