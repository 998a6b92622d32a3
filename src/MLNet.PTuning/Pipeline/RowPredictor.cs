// What a transformer of this library adds to rows, seen by the code that moves rows about.
using Microsoft.ML;

namespace MLNet.PTuning.Pipeline;

/// <summary>Reads a row's input, predicts many rows at once, and gives each output column's value from a row's result.</summary>
/// <typeparam name="TRow">What is read of a row; holds no reference to the cursor.</typeparam>
/// <typeparam name="TResult">What one row's prediction is.</typeparam>
internal interface IRowPredictor<TRow, TResult>
{
    /// <summary>The columns that it reads.</summary>
    /// <exception cref="ArgumentException">One is absent or of another type.</exception>
    IReadOnlyList<DataViewSchema.Column> Inputs(DataViewSchema schema);

    /// <summary>The columns added at the end of the schema.</summary>
    IReadOnlyList<DataViewSchema.DetachedColumn> Outputs { get; }

    /// <summary>Rows to predict in one pass.</summary>
    int BatchSize { get; }

    /// <summary>A function that reads the input of the row where <paramref name="row"/> stands.</summary>
    Func<TRow> Reader(DataViewRow row);

    /// <summary>Holds the model for predictions until the use is disposed or collected.</summary>
    ModelUse Use();

    /// <summary>Results of rows, in their order.</summary>
    IReadOnlyList<TResult> Predict(ModelUse use, IReadOnlyList<TRow> rows);

    /// <summary>The getter of output column <paramref name="index"/>, a <c>ValueGetter</c> of its type, over a changing result.</summary>
    Delegate Getter(int index, Func<TResult> result);
}

/// <summary>Input schema, output schema, and which column of one is which of the other: the input's columns keep their indices.</summary>
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

    public DataViewSchema Input { get; }

    public DataViewSchema Output { get; }

    /// <summary>The columns that a prediction reads.</summary>
    public IReadOnlyList<DataViewSchema.Column> Inputs { get; }

    /// <summary>Whether a column of the output schema is an added one.</summary>
    public bool IsAdded(DataViewSchema.Column column) => column.Index >= Input.Count;

    /// <summary>An added column's place among those added.</summary>
    public int AddedIndex(DataViewSchema.Column column) => column.Index - Input.Count;

    /// <summary>The columns of the input that the given columns of the output need.</summary>
    public IReadOnlyList<DataViewSchema.Column> Needed(IEnumerable<DataViewSchema.Column> columns)
    {
        var needed = columns.ToList();
        var through = needed.Where(c => !IsAdded(c)).Select(c => Input[c.Index]);
        return [.. (needed.Any(IsAdded) ? through.Concat(Inputs) : through).DistinctBy(c => c.Index)];
    }
}
