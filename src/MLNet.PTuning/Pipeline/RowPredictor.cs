// What views and mappers need of a transformer: its input, its predictions and its output columns.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Pipeline;

/// <summary>What a transformer of any task predicts with.</summary>
internal interface IRowPredictor
{
    /// <summary>The columns that it reads.</summary>
    /// <exception cref="ArgumentException">One is absent or of another type.</exception>
    IReadOnlyList<DataViewSchema.Column> Inputs(DataViewSchema schema);

    /// <summary>Checks that a pipeline has these columns before this step.</summary>
    /// <exception cref="ArgumentException">One is absent or of another type.</exception>
    void Check(SchemaShape schema);

    /// <summary>The columns added at the end of the schema.</summary>
    IReadOnlyList<DataViewSchema.DetachedColumn> Outputs { get; }

    /// <summary>A view with the predictions of its rows.</summary>
    IDataView View(IDataView source);

    /// <summary>What adds predictions to single rows.</summary>
    IRowToRowMapper Mapper(DataViewSchema input);
}

/// <summary>Reads a row's input, predicts many rows at once, and makes each output column's value from a row's result.</summary>
/// <typeparam name="TRow">A row's input; holds no reference to the cursor.</typeparam>
/// <typeparam name="TResult">A row's prediction.</typeparam>
internal interface IRowPredictor<TRow, TResult> : IRowPredictor
{
    /// <summary>Rows to predict in one pass.</summary>
    int BatchSize { get; }

    /// <summary>A function that reads the input of the current row of <paramref name="row"/>.</summary>
    Func<TRow> Reader(DataViewRow row);

    /// <summary>Begins an engine's or a cursor's predictions.</summary>
    RowSession<TRow, TResult> Begin();

    /// <summary>The getter of output column <paramref name="index"/>, a <c>ValueGetter</c> of its type, over a changing result.</summary>
    Delegate Getter(int index, Func<TResult> result);

    IDataView IRowPredictor.View(IDataView source) => new PredictionView<TRow, TResult>(this, source);

    IRowToRowMapper IRowPredictor.Mapper(DataViewSchema input) => new PredictionMapper<TRow, TResult>(this, input);
}

/// <summary>Predicts from the probabilities of examples alone, so that rows of several models can be computed together.</summary>
internal interface IExamplePredictor<TRow, TResult> : IRowPredictor<TRow, TResult>
{
    /// <summary>The model.</summary>
    SharedModel Model { get; }

    /// <summary>Rows as the model reads them.</summary>
    EncodedRows<TResult> Encode(IReadOnlyList<TRow> rows);

    RowSession<TRow, TResult> IRowPredictor<TRow, TResult>.Begin()
    {
        var use = Model.Use();
        return new(use, rows =>
        {
            var encoded = Encode(rows);
            return encoded.Results(encoded.Examples.Count <= BatchSize ? use.Predict(encoded.Examples) : [.. encoded.Examples.Chunk(BatchSize).SelectMany(use.Predict)]);
        });
    }
}

/// <summary>Rows as a model reads them.</summary>
/// <param name="Examples">Any number of them for a row.</param>
/// <param name="Results">The rows' results, in their order, from what the model predicts of the examples.</param>
internal sealed record EncodedRows<TResult>(IReadOnlyList<Example> Examples, Func<float[][], IReadOnlyList<TResult>> Results);

/// <summary>An engine's or a cursor's predictions; holds the model until it is disposed or garbage-collected.</summary>
/// <param name="use">What holds the model.</param>
/// <param name="predict">Results of rows, in their order.</param>
internal sealed class RowSession<TRow, TResult>(IDisposable use, Func<IReadOnlyList<TRow>, IReadOnlyList<TResult>> predict) : IDisposable
{
    /// <summary>Results of rows, in their order.</summary>
    public IReadOnlyList<TResult> Predict(IReadOnlyList<TRow> rows)
    {
        var results = predict(rows);
        // The use of an engine without references must not end while it still predicts.
        GC.KeepAlive(this);
        return results;
    }

    public void Dispose() => use.Dispose();
}

/// <summary>Input schema and output schema: the input's columns keep their indices, and the added ones follow.</summary>
internal sealed class PredictionSchema
{
    public PredictionSchema(DataViewSchema input, IReadOnlyList<DataViewSchema.Column> inputs, IReadOnlyList<DataViewSchema.DetachedColumn> outputs)
    {
        Input = input;
        Inputs = inputs;
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        builder.AddColumns(outputs);
        Output = builder.ToSchema();
    }

    /// <summary>The columns that a pipeline has after a step: those before it, and those that it adds, which hide others of their names.</summary>
    public static SchemaShape Promise(SchemaShape input, IEnumerable<SchemaShape.Column> added)
    {
        var columns = input.ToDictionary(c => c.Name);
        foreach (var column in added) columns[column.Name] = column;
        return new SchemaShape(columns.Values);
    }

    /// <summary>Checks the names of a step's columns.</summary>
    /// <param name="inputs">Of the columns that it reads.</param>
    /// <param name="outputs">Of those that it adds.</param>
    /// <param name="renaming">What to do where two of these have one name.</param>
    /// <exception cref="ArgumentException">One is empty, two that are added have one name, or one of them would hide one that is read.</exception>
    public static void CheckNames(IReadOnlyCollection<string> inputs, IReadOnlyCollection<string> outputs, string renaming)
    {
        if (inputs.Concat(outputs).Any(string.IsNullOrWhiteSpace)) throw new ArgumentException("The name of a column is empty; give every column a name.");
        if (outputs.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice) throw new ArgumentException($"Two output columns are called '{twice.Key}'; {renaming}.");
        if (outputs.FirstOrDefault(inputs.Contains) is { } hiding) throw new ArgumentException($"The output column '{hiding}' would hide the input column of that name; give it another name.");
    }

    public DataViewSchema Input { get; }

    public DataViewSchema Output { get; }

    /// <summary>The columns that a prediction reads.</summary>
    public IReadOnlyList<DataViewSchema.Column> Inputs { get; }

    /// <summary>Whether a column of the output schema is an added one.</summary>
    public bool IsAdded(DataViewSchema.Column column) => column.Index >= Input.Count;

    /// <summary>An added column's index among those added.</summary>
    public int AddedIndex(DataViewSchema.Column column) => column.Index - Input.Count;

    /// <summary>The columns of the input that the given columns of the output need.</summary>
    public IReadOnlyList<DataViewSchema.Column> Needed(IEnumerable<DataViewSchema.Column> columns)
    {
        var needed = columns.ToList();
        var through = needed.Where(c => !IsAdded(c)).Select(c => Input[c.Index]);
        return [.. (needed.Any(IsAdded) ? through.Concat(Inputs) : through).DistinctBy(c => c.Index)];
    }
}
