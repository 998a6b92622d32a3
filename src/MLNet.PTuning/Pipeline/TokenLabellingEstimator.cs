// Trains a labeller of words as a step of an ML.NET pipeline.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>
/// Trains a prompt and a labelling head on a frozen backbone.
/// Input: a column of words (a vector of text, or plain text that is split) and a label column, a vector of keys with key values, one a word.
/// Output: <c>PredictedLabel</c>, a vector of keys with the label's key values, and <c>Score</c> [words, classes], a probability a class; one for every word,
/// however long the row is.
/// </summary>
public sealed class TokenLabellingEstimator : IEstimator<TokenLabellingTransformer>
{
    private readonly IHost _host;
    private readonly TokenLabellingOptions _options;
    private readonly WordColumns _columns;

    internal TokenLabellingEstimator(IHostEnvironment environment, TokenLabellingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _host = environment.Register(nameof(TokenLabellingEstimator));
        _options = options;
        _columns = new WordColumns(options.WordsColumnName, options.PredicateColumnName);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A column is missing or of another type, a row's labels are not one a word, or there is nothing to learn from.</exception>
    /// <exception cref="OperationCanceledException">The options' token was cancelled.</exception>
    public TokenLabellingTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return (TokenLabellingTransformer)PromptFit.Run(_host, Prepare(input));
    }

    /// <summary>The task as training takes it.</summary>
    internal PreparedTask Prepare(IDataView input)
    {
        _columns.Find(input.Schema);
        var label = TextRows.FindLabel(input.Schema, _options.LabelColumnName);
        bool spans = WordRows.IsSpans(label.Type);
        if (!spans && label.Type is not VectorDataViewType) throw new ArgumentException(WordRows.NotLabels(label.Name, label.Type.ToString()!));
        var keys = spans ? LabelKeys.Of(TagsOfSpans(input, label)) : LabelKeys.Of(label);
        var scheme = spans ? SpanScheme : _options.Scheme ?? Tags.Guess(keys.Names);
        foreach (string name in keys.Names) Tags.Check(name, scheme);
        PromptFit.CheckClassWeights(_options.ClassWeights, keys.Names);

        return new PreparedTask(_options, keys.Names, Pools: false,
            (examples, probabilities) => TokenLabelling.EntityF1(examples, probabilities, keys.Names, scheme), (backbone, limit, channel) =>
            {
                var task = new TokenLabelling(backbone.Tokenizer, _options.Method, limit.Length, _options.WindowOverlap, hasPairs: _options.PredicateColumnName is not null);
                var read = WordRows.Read(input, _columns, label, row => TargetsOf(row, label, keys, "training"));
                var (rows, skipped) = WordRows.Encode(read, task, _options.LabelAllPieces);
                if (skipped > 0) channel.Warn($"{skipped} of {read.Count} rows have no words or no labels and teach nothing.");
                PromptFit.CheckClasses(rows, skipped, keys.Names);
                return new TrainingRows(rows, Validation(task, keys), skipped);
            }, (model, settings) => new TokenLabellingTransformer(_host, model, keys, settings with
            {
                InputColumns = _columns.Names,
                Labelling = LabellingSettings.Of(_options, scheme),
            }));
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A column is missing or of another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        var words = Find(_options.WordsColumnName);
        if (words.ItemType is not TextDataViewType) throw new ArgumentException(WordColumns.NotWords(words.Name, $"{words.Kind} of {words.ItemType}"));
        if (_options.PredicateColumnName is { } predicate) Find(predicate);
        var label = Find(_options.LabelColumnName);
        bool vector = label.Kind != SchemaShape.Column.VectorKind.Scalar;
        bool spans = vector && label.ItemType is TextDataViewType;
        if (!vector || !(label.IsKey || spans)) throw new ArgumentException(WordRows.NotLabels(label.Name, $"{label.Kind} of {label.ItemType}"));
        if (!spans && !MLNetInternals.HasKeyValues(label)) throw new ArgumentException(LabelKeys.NoKeyValues(label.Name));

        var columns = inputSchema.ToDictionary(c => c.Name);
        foreach (var promise in LabellingColumns.Promises(_options, label, spans)) columns[promise.Name] = promise;
        return new SchemaShape(columns.Values);

        SchemaShape.Column Find(string name) => inputSchema.TryFindColumn(name, out var column) ? column
            : throw new ArgumentException($"The pipeline has no column '{name}' before this step.");
    }

    private List<Example>? Validation(TokenLabelling task, LabelKeys keys)
    {
        if (_options.ValidationSet is not { } data) return null;
        var label = TextRows.FindLabel(data.Schema, _options.LabelColumnName);
        var (rows, _) = WordRows.Encode(WordRows.Read(data, _columns, label, row => TargetsOf(row, label, keys, "validation")), task, allPieces: false);
        return rows.Count > 0 ? rows : throw new ArgumentException("The validation set has no labelled rows.");
    }

    // Labels are matched by name, so that a validation set may have keys of its own order, plain tags or entities by place.
    private WordRows.TargetReader TargetsOf(DataViewRow row, DataViewSchema.Column label, LabelKeys keys, string set)
    {
        if (label.Type is VectorDataViewType { ItemType: KeyDataViewType })
        {
            int[] translated = [.. LabelKeys.Of(label).Names.Select(ClassOf)];
            return WordRows.Keys(row, label, key => translated[key - 1]);
        }
        return WordRows.Spans(row, label, SpanScheme, ClassOf);

        int ClassOf(string name)
        {
            for (int i = 0; i < keys.Count; i++)
                if (keys.Names[i] == name) return i;
            throw new ArgumentException($"The {set} set has the label '{name}', which no training row has; the training labels are {string.Join(", ", keys.Names)}.");
        }
    }

    // The tags that entities by place are given.
    private TagScheme SpanScheme => _options.Scheme ?? TagScheme.Iob2;

    private IReadOnlyList<string> TagsOfSpans(IDataView input, DataViewSchema.Column label)
    {
        var types = new SortedSet<string>(StringComparer.Ordinal);
        using var cursor = input.GetRowCursor([input.Schema[_options.WordsColumnName], label]);
        var words = new WordColumns(_options.WordsColumnName, null).Reader(cursor);
        var tags = WordRows.SpanTags(cursor, label, SpanScheme);
        while (cursor.MoveNext()) types.UnionWith(Tags.ToSpans(tags(words()), SpanScheme).Select(s => s.Type));
        return Tags.Of(types, SpanScheme);
    }
}
