// Predicts labels and entities for rows of words.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Pipeline;

/// <summary>A row with its predictions.</summary>
/// <param name="Row">Its words.</param>
/// <param name="Probabilities">[words · classes], row-major.</param>
/// <param name="Labels">Class of each word, from 0.</param>
/// <param name="Entities">The entities that the labels mark.</param>
internal sealed record LabeledRow(WordRow Row, float[] Probabilities, int[] Labels, IReadOnlyList<TagSpan> Entities)
{
    /// <summary>Probability of a word's label.</summary>
    public float ProbabilityOf(int word) => Probabilities[word * (Probabilities.Length / Labels.Length) + Labels[word]];

    /// <summary>The mean of that over an entity's words.</summary>
    public float ProbabilityOf(TagSpan entity) => Enumerable.Range(entity.Start, entity.End - entity.Start).Average(word => ProbabilityOf(word));

    /// <summary>An entity's part of the text.</summary>
    public ReadOnlyMemory<char> TextOf(TagSpan entity) => Row.Text.AsMemory()[Row.Spans[entity.Start].Start..Row.Spans[entity.End - 1].End];

    /// <summary>Where a word starts, in the unit of the options.</summary>
    public int StartOf(int word) => Row.Offsets.FromUtf16(Row.Spans[word].Start);

    /// <summary>Where a word ends, in the unit of the options.</summary>
    public int EndOf(int word) => Row.Offsets.FromUtf16(Row.Spans[word].End);
}

/// <summary>Cuts rows into windows, runs windows of several rows in one pass, and joins the windows of each row.</summary>
internal sealed class TokenLabelingPredictor(SharedModel model, LabelKeys keys, ModelSettings settings) : IExamplePredictor<WordRow, LabeledRow>
{
    private readonly WordColumns _columns =
        new(settings.InputColumns[0], settings.InputColumns.ElementAtOrDefault(1), settings.Labeling!.WordSplitting, settings.Labeling.OffsetUnit);
    private readonly TokenLabeling _task = new(model.Tokenizer, settings.Method, settings.MaxLength, settings.Labeling!.WindowOverlap, hasPairs: settings.InputColumns.Length > 1, model.IsCausal);
    private readonly TagDecoder _decoder = new(keys.Names, settings.Labeling.Scheme, settings.Labeling.Constrained, settings.Labeling.Widened);
    private readonly int? _outside = keys.Names.Select((name, i) => (name, i)).Where(p => ChunkTag.IsOutside(p.name)).Select(p => (int?)p.i).FirstOrDefault();

    public IReadOnlyList<DataViewSchema.Column> Inputs(DataViewSchema schema) => _columns.Find(schema);

    public void Check(SchemaShape schema) => _columns.Check(schema);

    public IReadOnlyList<DataViewSchema.DetachedColumn> Outputs { get; } = LabelingColumns.Of(settings, keys);

    public int BatchSize => settings.BatchSize;

    public Func<WordRow> Reader(DataViewRow row) => _columns.Reader(row);

    /// <summary>A row of plain text and, where the task reads one, a second text.</summary>
    public WordRow Row(string text, string? predicate) => _columns.RowOf(text) with { Predicate = predicate };

    public SharedModel Model => model;

    public EncodedRows<LabeledRow> Encode(IReadOnlyList<WordRow> rows)
    {
        var windows = rows.SelectMany((row, index) =>
            _task.Windows(row.Words, row.Predicate, null, allPieces: false).Select(window => (Row: index, Window: window))).ToList();
        return new([.. windows.Select(w => w.Window.Example)], predicted =>
        {
            var parts = windows.Zip(predicted).ToLookup(p => p.First.Row, p => (p.First.Window, p.Second));
            return [.. rows.Select((row, index) =>
            {
                float[] probabilities = TokenLabeling.Join(row.Words.Length, keys.Count, _outside, parts[index]);
                int[] labels = _decoder.Decode(probabilities);
                return new LabeledRow(row, probabilities, labels, Tags.ToSpans([.. labels.Select(l => keys.Names[l])], settings.Labeling!.Scheme));
            })];
        });
    }

    public Delegate Getter(int index, Func<LabeledRow> result) => index switch
    {
        0 => Vector(result, r => r.Labels, label => (uint)label + 1),
        1 => Vector(result, r => r.Probabilities, p => p),
        _ => Outputs[index].Name switch
        {
            LabelingColumns.EntityType => Vector(result, r => r.Entities, e => e.Type.AsMemory()),
            LabelingColumns.EntityText => Vector(result, r => [.. r.Entities.Select(r.TextOf)], (ReadOnlyMemory<char> text) => text),
            LabelingColumns.EntityStart => Vector(result, r => [.. r.Entities.Select(e => r.StartOf(e.Start))], (int at) => at),
            LabelingColumns.EntityEnd => Vector(result, r => [.. r.Entities.Select(e => r.EndOf(e.End - 1))], (int at) => at),
            LabelingColumns.EntityProbability => Vector(result, r => [.. r.Entities.Select(e => r.ProbabilityOf(e))], (float p) => p),
            LabelingColumns.WordStart => Vector(result, r => [.. Enumerable.Range(0, r.Row.Words.Length).Select(r.StartOf)], (int at) => at),
            _ => Vector(result, r => [.. Enumerable.Range(0, r.Row.Words.Length).Select(r.EndOf)], (int at) => at),
        },
    };

    private static ValueGetter<VBuffer<TItem>> Vector<TPart, TItem>(
        Func<LabeledRow> result, Func<LabeledRow, IReadOnlyList<TPart>> parts, Func<TPart, TItem> item) => VectorGetter.Of(() => parts(result()), item);
}
