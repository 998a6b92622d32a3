// Predicts rows of several tasks, each as a column says, in the same passes through the backbone.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Pipeline;

/// <summary>A row as its task reads it; null where it is of no task.</summary>
internal readonly record struct TaskRow(int Task, object? Row);

/// <summary>What its task predicts of a row; null where it is of no task.</summary>
internal readonly record struct TaskResult(int Task, object? Result);

/// <summary>Finds each row's task, and gives columns that all tasks share and each task's own.</summary>
internal sealed class ByTaskPredictor : IRowPredictor<TaskRow, TaskResult>
{
    private const int NoTask = -1;

    private readonly ByTaskSettings _settings;
    private readonly IReadOnlyList<NamedTask> _tasks;
    private readonly Dictionary<string, int> _indices;
    private readonly List<(int Task, int Index)> _columns;

    public ByTaskPredictor(ByTaskSettings settings, IReadOnlyList<NamedTask> tasks)
    {
        (_settings, _tasks) = (settings, tasks);
        _indices = Enumerable.Range(0, tasks.Count).ToDictionary(i => tasks[i].Name);
        _columns = [.. tasks.SelectMany((task, i) => Enumerable.Range(0, task.Predictor.Outputs.Count).Select(index => (i, index)))];
        Outputs =
        [
            new(settings.PredictedLabelColumn, TextDataViewType.Instance), new(settings.ScoreColumn, new VectorDataViewType(NumberDataViewType.Single)),
            .. tasks.SelectMany(task => task.Predictor.Outputs.Select(column => new DataViewSchema.DetachedColumn($"{task.Name}.{column.Name}", column.Type, column.Annotations))),
        ];
    }

    public IReadOnlyList<DataViewSchema.DetachedColumn> Outputs { get; }

    public int BatchSize => _tasks.Max(task => task.BatchSize);

    public IReadOnlyList<DataViewSchema.Column> Inputs(DataViewSchema schema)
    {
        var task = TextRows.FindColumn(schema, _settings.TaskColumn);
        if (task.Type is not TextDataViewType) throw new ArgumentException(TextRows.NotText(task.Name, task.Type.ToString()!));
        return [.. _tasks.SelectMany(t => InTask(t, predictor => predictor.Inputs(schema))).Prepend(task).DistinctBy(column => column.Index)];
    }

    public void Check(SchemaShape schema)
    {
        var task = TextRows.FindColumn(schema, _settings.TaskColumn);
        if (task.Kind != SchemaShape.Column.VectorKind.Scalar || task.ItemType is not TextDataViewType) throw new ArgumentException(TextRows.NotText(task.Name, $"{task.Kind} of {task.ItemType}"));
        foreach (var t in _tasks)
            InTask(t, predictor =>
            {
                predictor.Check(schema);
                return true;
            });
    }

    public Func<TaskRow> Reader(DataViewRow row)
    {
        var name = row.GetGetter<ReadOnlyMemory<char>>(TextRows.FindColumn(row.Schema, _settings.TaskColumn));
        Func<object>[] readers = [.. _tasks.Select(task => task.Reader(row))];
        ReadOnlyMemory<char> value = default;
        return () =>
        {
            name(ref value);
            if (_indices.TryGetValue(value.ToString(), out int task)) return new TaskRow(task, readers[task]());
            return _settings.UnknownTask == UnknownTask.Missing ? new TaskRow(NoTask, null) : throw new ArgumentException(FormattableString.Invariant(
                $"Row {row.Position + 1} has {(value.IsEmpty ? "no task" : $"the task '{value}'")} in '{_settings.TaskColumn}'; the model has {string.Join(", ", _settings.Tasks)}. Give one of these, or set unknownTask to UnknownTask.Missing for missing values in such rows."));
        };
    }

    public RowSession<TaskRow, TaskResult> Begin()
    {
        var uses = new ModelUses(_tasks.Select(task => task.Model));
        return new(uses, rows => Predict(uses, rows));
    }

    public Delegate Getter(int index, Func<TaskResult> result)
    {
        if (index == 0)
            return (ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> label) => label = result() is { Result: { } value } row ? _tasks[row.Task].Label(value).AsMemory() : default);
        if (index == 1) return VectorGetter.Of(() => result() is { Result: { } value } row ? _tasks[row.Task].Scores(value) : []);
        var (task, column) = _columns[index - 2];
        return MissingValue.Or(_tasks[task].Getter(column, () => result().Result!), Outputs[index].Type, () => result().Task != task);
    }

    private TaskResult[] Predict(ModelUses uses, IReadOnlyList<TaskRow> rows)
    {
        var parts = Enumerable.Range(0, rows.Count).Where(i => rows[i].Task != NoTask).GroupBy(i => rows[i].Task)
            .Select(part => (Task: part.Key, Rows: part.ToList(), Encoded: _tasks[part.Key].Encode(part.Select(i => rows[i].Row!)), Predicted: new List<float[]>())).ToList();
        foreach (var together in parts.SelectMany(part => part.Encoded.Examples.Select(example => (Part: part, Example: example))).Chunk(BatchSize))
        {
            var examples = together.GroupBy(e => e.Part.Task).Select(task => (task.First().Part, Examples: (IReadOnlyList<Example>)[.. task.Select(e => e.Example)])).ToList();
            foreach (var ((part, _), ofPart) in examples.Zip(MixedPasses.Predict([.. examples.Select(e => (uses[e.Part.Task], e.Examples))]))) part.Predicted.AddRange(ofPart);
        }
        var results = new TaskResult[rows.Count];
        Array.Fill(results, new TaskResult(NoTask, null));
        foreach (var (task, of, encoded, predicted) in parts)
            foreach (var (row, result) in of.Zip(encoded.Results([.. predicted]))) results[row] = new TaskResult(task, result);
        return results;
    }

    private static T InTask<T>(NamedTask task, Func<IRowPredictor, T> find)
    {
        try
        {
            return find(task.Predictor);
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException($"Task '{task.Name}': {e.Message}", e);
        }
    }
}

/// <summary>The uses of several models by one engine or cursor.</summary>
internal sealed class ModelUses : IDisposable
{
    private readonly List<ModelUse> _uses = [];

    public ModelUses(IEnumerable<SharedModel> models)
    {
        try
        {
            foreach (var model in models) _uses.Add(model.Use());
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="ModelUse.Required"/>
    public TunedModel this[int index] => _uses[index].Required;

    public void Dispose()
    {
        foreach (var use in _uses) use.Dispose();
    }
}
