// Predictions of many tasks in a service: requests of any number of threads are gathered into batches, in which rows of all tasks go through the backbone together.
using System.Diagnostics;
using Microsoft.ML;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Serving;

namespace MLNet.PTuning;

/// <summary>
/// Answers requests for any number of tasks (classification of texts or pairs, labeling of words) from any number of threads. Tasks are added, replaced and removed while it runs.
/// Requests are gathered into batches by number and waiting time (<see cref="PromptServerOptions"/>), tasks taking turns, so that one with many requests does not hold up the others.
/// Answers are those of the tasks' own transformers; with <see cref="Precision.Float32"/> the same to the last bit. Dispose it: that answers what it has accepted and releases its models.
/// </summary>
/// <remarks>
/// It counts requests, batches, durations and those that wait on the meter <see cref="MeterName"/>. Texts of requests are in no metric, and it writes no log.
/// Texts longer than a model reads are cut (classification) or read in windows (labeling), which takes time in proportion: a service sets <see cref="PromptServerOptions.MaxTextLength"/>.
/// </remarks>
public sealed class PromptServer : IAsyncDisposable
{
    /// <summary>Name of the meter of System.Diagnostics.Metrics that it reports to: <c>MLNet.PTuning.Server</c>.</summary>
    public const string MeterName = "MLNet.PTuning.Server";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, ServedTask> _tasks = [];
    private readonly RequestQueue _queue;
    private readonly ServerMetrics _metrics;
    private readonly int _maxTextLength, _maxTexts;
    private readonly string[]? _backboneFolders;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isStopped;
    private volatile Exception? _lastFault;

    /// <summary>A server without tasks, which runs at once.</summary>
    /// <param name="options">How it gathers requests; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public PromptServer(PromptServerOptions? options = null)
    {
        options ??= new PromptServerOptions();
        options.Validate();
        var (size, delay) = (options.MaxBatchSize, options.MaxDelay);
        (_maxTextLength, _maxTexts) = (options.MaxTextLength ?? int.MaxValue, options.MaxTexts ?? int.MaxValue);
        _backboneFolders = options.BackboneFolders?.Select(Path.GetFullPath).ToArray();
        QueueCapacity = options.QueueCapacity;
        _queue = new RequestQueue(options.QueueCapacity);
        _metrics = new ServerMetrics(() => _queue.Count);
        new Thread(() => Run(size, delay)) { IsBackground = true, Name = "MLNet.PTuning server" }.Start();
    }

    /// <summary>Its tasks at present, by name in ordinal order.</summary>
    public IReadOnlyList<PromptServerTask> Tasks
    {
        get
        {
            lock (_lock) return [.. _tasks.Values.Select(task => task.Description).OrderBy(task => task.Name, StringComparer.Ordinal)];
        }
    }

    /// <summary>Whether it has stopped, or is stopping.</summary>
    public bool IsStopped
    {
        get
        {
            lock (_lock) return _isStopped;
        }
    }

    /// <summary>Requests that wait at present; those being computed do not count.</summary>
    public int WaitingRequests => _queue.Count;

    /// <inheritdoc cref="PromptServerOptions.QueueCapacity"/>
    public int QueueCapacity { get; }

    /// <summary>What failed last outside of any request, such as a listener of its metrics or the release of a model; null for nothing. It goes on answering after that.</summary>
    public Exception? LastFault => _lastFault;

    /// <summary>
    /// Adds a task. Where there is one of this name it is replaced in one step: requests that were accepted before are answered by the older model, later ones by this one.
    /// </summary>
    /// <param name="task">Its name; upper and lower case count.</param>
    /// <param name="model">
    /// What <c>Fit</c> of <c>PTuningV2Classify</c> or <c>PTuningV2LabelTokens</c> returns, or a chain with one such step, whose other steps are left out. The server uses the model by itself:
    /// the caller may dispose it at any time.
    /// </param>
    /// <exception cref="ArgumentException">The name is empty; or the model is of another kind, or reads spans.</exception>
    /// <exception cref="IOException">The model was disposed, and its backbone's folder is missing or holds another backbone by now.</exception>
    /// <exception cref="InvalidOperationException">The server has stopped.</exception>
    public void Add(string task, ITransformer model)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(task);
        ArgumentNullException.ThrowIfNull(model);
        Add(ServedTask.Of(task, model));
    }

    /// <inheritdoc cref="Add(string, ITransformer)"/>
    /// <param name="task">Its name; upper and lower case count.</param>
    /// <param name="modelFile">
    /// A file that <c>ml.Model.SaveSafely</c> or <c>Save</c> wrote of such a model; its backbone is found as <c>ml.Model.Load</c> finds it, or in <see cref="PromptServerOptions.BackboneFolders"/>.
    /// It is loaded on the CPU before anything is replaced. Steps of a chain beside the trained one are not loaded.
    /// </param>
    /// <exception cref="InvalidDataException">The file is damaged; or it holds its backbone, which is not in one of <see cref="PromptServerOptions.BackboneFolders"/>.</exception>
    /// <exception cref="IOException">The file, or its backbone, is missing or cannot be read.</exception>
    public void Add(string task, string modelFile)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(task);
        ArgumentException.ThrowIfNullOrWhiteSpace(modelFile);
        var model = ModelFile.Load(task, modelFile, _backboneFolders);
        ServedTask added;
        try
        {
            added = ServedTask.Of(task, model, model);
        }
        catch
        {
            model.Dispose();
            throw;
        }
        Add(added);
    }

    /// <summary>Removes a task. Requests that were accepted are still answered.</summary>
    /// <returns>Whether there was one of this name.</returns>
    public bool Remove(string task)
    {
        ArgumentNullException.ThrowIfNull(task);
        ServedTask? removed;
        lock (_lock)
        {
            if (!_tasks.Remove(task, out removed)) return false;
        }
        Guard(removed.Release);
        return true;
    }

    /// <summary>Predicts a text. Thread-safe.</summary>
    /// <param name="task">The task's name.</param>
    /// <param name="text">The text; for labeling, plain text, which is split into words as the model's options say.</param>
    /// <param name="pair">The second text of a task that reads two; null for others.</param>
    /// <param name="cancellationToken">
    /// Ends the wait. A request that still waits then leaves the queue and is not computed. For a deadline, give a token of a source with
    /// <see cref="CancellationTokenSource.CancelAfter(TimeSpan)"/>.
    /// </param>
    /// <exception cref="KeyNotFoundException">The server has no such task.</exception>
    /// <exception cref="ArgumentException">There is a second text and the task reads one, or none and it reads two.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A text is longer than <see cref="PromptServerOptions.MaxTextLength"/> allows.</exception>
    /// <exception cref="ServerBusyException">Too many requests wait.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="InvalidOperationException">The server has stopped, or is stopping.</exception>
    public async Task<TaskPrediction> PredictAsync(string task, string text, string? pair = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(text);
        long start = Stopwatch.GetTimestamp();
        var model = Find(task, start);
        string outcome = ServerMetrics.Failed;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            model.Check(pair);
            CheckLength(text, nameof(text));
            CheckLength(pair, nameof(pair));
            var request = new Request(model, text, pair);
            _queue.Add(request);
            // It leaves the queue first: whatever is taken from it has not ended, and so still has its model.
            using var cancellation = cancellationToken.UnsafeRegister((_, token) =>
            {
                _queue.Remove(request);
                request.Cancel(token);
            }, null);
            var prediction = await request.Answer.ConfigureAwait(false);
            outcome = ServerMetrics.Answered;
            return prediction;
        }
        catch (Exception e)
        {
            if (e is ServerBusyException) outcome = ServerMetrics.Refused;
            if (e is OperationCanceledException && cancellationToken.IsCancellationRequested) outcome = ServerMetrics.Cancelled;
            throw;
        }
        finally
        {
            Guard(model.Release);
            Guard(() => _metrics.CountRequest(task, outcome, start));
        }
    }

    /// <summary>Predicts several texts, each as a request of its own. Thread-safe. Where one is refused or fails, the others are cancelled.</summary>
    /// <param name="task">The task's name.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Their answers, in order.</returns>
    /// <exception cref="KeyNotFoundException">The server has no such task.</exception>
    /// <exception cref="ArgumentException">A text has a second one and the task reads one, or it has none and the task reads two.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are more texts than <see cref="PromptServerOptions.MaxTexts"/> allows, or one is longer than <see cref="PromptServerOptions.MaxTextLength"/> allows.</exception>
    /// <exception cref="ServerBusyException">Too many requests wait.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="InvalidOperationException">The server has stopped, or is stopping.</exception>
    public async Task<IReadOnlyList<TaskPrediction>> PredictAllAsync(string task, IReadOnlyList<PromptServerText> texts, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        if (texts.Count > _maxTexts) throw new ArgumentOutOfRangeException(nameof(texts), texts.Count, $"A request may have up to {_maxTexts} texts; send them in several requests.");
        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        return await Task.WhenAll(texts.Select(async text =>
        {
            try
            {
                return await PredictAsync(task, text.Text, text.Pair, all.Token).ConfigureAwait(false);
            }
            catch
            {
                await all.CancelAsync().ConfigureAwait(false);
                throw;
            }
        })).ConfigureAwait(false);
    }

    /// <summary>Refuses new requests and tasks, answers all requests that were accepted, and then ends. Does the same again when called again.</summary>
    /// <returns>Ends when all are answered.</returns>
    public Task StopAsync()
    {
        lock (_lock) _isStopped = true;
        _queue.Close();
        return _ended.Task;
    }

    /// <summary>Stops (<see cref="StopAsync"/>), then removes all tasks, which releases their models.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        foreach (var task in Tasks) Remove(task.Name);
        Guard(_metrics.Dispose);
    }

    /// <summary>Adds a task, which is released with its last request after it is replaced or removed.</summary>
    internal void Add(ServedTask added)
    {
        ServedTask? replaced = null;
        bool isStopped;
        lock (_lock)
        {
            isStopped = _isStopped;
            if (!isStopped)
            {
                _tasks.Remove(added.Description.Name, out replaced);
                _tasks[added.Description.Name] = added;
            }
        }
        if (!isStopped)
        {
            if (replaced is not null) Guard(replaced.Release);
            return;
        }
        Guard(added.Release);
        throw RequestQueue.Closed();
    }

    // The task of this name, held for a request.
    private ServedTask Find(string task, long start)
    {
        string[] names;
        lock (_lock)
        {
            if (_isStopped) throw RequestQueue.Closed();
            if (_tasks.TryGetValue(task, out var found))
            {
                found.Hold();
                return found;
            }
            names = [.. _tasks.Keys];
        }
        Guard(() => _metrics.CountRequest(null, ServerMetrics.UnknownTask, start));
        throw new KeyNotFoundException($"The server has no task '{task}'; it has {(names.Length > 0 ? string.Join(", ", names.Order(StringComparer.Ordinal)) : "none")}. Give one of these, or add it.");
    }

    private void CheckLength(string? text, string parameter)
    {
        if (text?.Length > _maxTextLength) throw new ArgumentOutOfRangeException(parameter, text.Length, $"A text may have up to {_maxTextLength} characters; shorten it.");
    }

    // Runs what belongs to no request: where it fails, the thread goes on and requests have their answers.
    private void Guard(Action action)
    {
        try { action(); }
        catch (Exception e) { _lastFault = e; }
    }

    private void Run(int size, TimeSpan delay)
    {
        while (_queue.Take(size, delay) is { } batch)
        {
            Guard(() => _metrics.CountBatch(batch.Count));
            try
            {
                RequestBatch.Answer(batch);
            }
            catch (Exception e)
            {
                foreach (var request in batch) request.Fail(e);
            }
            foreach (var request in batch) Guard(request.Model.Release);
        }
        _ended.SetResult();
    }
}
