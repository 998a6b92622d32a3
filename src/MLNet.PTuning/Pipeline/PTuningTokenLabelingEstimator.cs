// Trains a labeler of words as a step of an ML.NET pipeline.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>
/// Trains a prompt and a labeling head on a frozen backbone.
/// Input: a column of words (a vector of text, or plain text that is split) and a label column, a vector of keys with key values, one a word.
/// Output: <c>PredictedLabel</c>, a vector of keys with the label's key values, and <c>Score</c> [words, classes], a probability a class; one for every word,
/// however long the row is.
/// </summary>
public sealed class PTuningTokenLabelingEstimator : IEstimator<PTuningTokenLabelingTransformer>
{
    // From this share of words without a label on, they are hardly mere gaps.
    private const double LeastShareMissing = 0.1;

    private readonly IHost _host;
    private readonly TokenLabelingOptions _options;

    internal PTuningTokenLabelingEstimator(IHostEnvironment environment, TokenLabelingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _host = environment.Register(nameof(PTuningTokenLabelingEstimator));
        _options = options;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A column is missing or of another type, a row's labels are not one a word, or there is nothing to learn from.</exception>
    /// <exception cref="OperationCanceledException">The options' token was cancelled.</exception>
    public PTuningTokenLabelingTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return (PTuningTokenLabelingTransformer)PromptFit.Run(_host, Prepare(input));
    }

    /// <summary>The task as training takes it.</summary>
    internal PreparedTask Prepare(IDataView input)
    {
        var label = TextRows.FindLabel(input.Schema, _options.LabelColumnName);
        bool spans = WordRows.IsSpans(label.Type);
        bool textHasLabels = !spans && TextRows.FindColumn(input.Schema, _options.WordsColumnName).Type is TextDataViewType;
        var columns = _options.Columns(textHasLabels);
        columns.Find(input.Schema);
        if (!spans && label.Type is not VectorDataViewType) throw new ArgumentException(WordRows.NotLabels(label.Name, label.Type.ToString()!));
        var keys = spans ? LabelKeys.Of(TagsOfSpans(input, columns, label)) : LabelKeys.Of(input, label);
        var guess = TagGuess.Of(keys.Names, spans ? SpanScheme : _options.Scheme);
        var constraint = TagConstraint.Of(guess.Scheme);
        PromptFit.CheckClassWeights(_options.ClassWeights, keys.Names);

        return new PreparedTask(_options, keys.Names, Pools: false,
            (examples, probabilities) => TokenLabeling.EntityF1(examples, probabilities, keys.Names, constraint.Scheme), (backbone, limit, channel) =>
            {
                var task = new TokenLabeling(backbone.Tokenizer, _options.Method, limit.Length, _options.WindowOverlap, hasPairs: _options.PredicateColumnName is not null);
                var ends = new SpanEnds();
                var read = WordRows.Read(input, columns, label, row => TargetsOf(row, columns, label, keys, ends, "training"));
                if (_options.Constrained) constraint = TagConstraint.Of(keys.Names, guess, [.. read.Select(r => r.Targets)]);
                if (textHasLabels && _options.WordSplitting is null)
                    channel.Say($"The text of '{columns.Words}' has a label a word and is split at white space; set {nameof(_options.WordSplitting)} to split it otherwise.");
                foreach (string warning in new[] { ends.Warning(columns), WithoutOutside(keys, read), LabelSpelling.Warning(keys.Names) }.Concat(guess.Doubts).Concat(constraint.Warnings).OfType<string>())
                    channel.Warn(warning);
                var (rows, skipped) = WordRows.Encode(read, task, _options.LabelAllPieces);
                if (skipped > 0) channel.Warn($"{skipped} of {read.Count} rows have no words or no labels and are left out of training.");
                UnknownPieces.Warn(channel, backbone.Tokenizer, rows, read.SelectMany(r => r.Row.Words), backbone.Tokenizer.SpecialCount(_options.PredicateColumnName is not null));
                PromptFit.CheckClasses(rows, skipped, keys.Names);
                return new TrainingRows(rows, Validation(task, columns, keys), skipped);
            }, (model, settings) => new PTuningTokenLabelingTransformer(_host, model, keys, settings with
            {
                InputColumns = columns.Names,
                Labeling = LabelingSettings.Of(_options, constraint, columns),
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
        foreach (var promise in LabelingColumns.Promises(_options, label, spans)) columns[promise.Name] = promise;
        return new SchemaShape(columns.Values);

        SchemaShape.Column Find(string name) => inputSchema.TryFindColumn(name, out var column) ? column
            : throw new ArgumentException($"The pipeline has no column '{name}' before this step.");
    }

    private List<Example>? Validation(TokenLabeling task, WordColumns columns, LabelKeys keys)
    {
        if (_options.ValidationSet is not { } data) return null;
        var label = TextRows.FindLabel(data.Schema, _options.LabelColumnName);
        var read = WordRows.Read(data, columns, label, row => TargetsOf(row, columns, label, keys, new SpanEnds(), "validation"));
        var (rows, _) = WordRows.Encode(read, task, allPieces: false);
        return rows.Count > 0 ? rows : throw new ArgumentException("The validation set has no labeled rows.");
    }

    // Labels are matched by name, so that a validation set may have keys of its own order, plain tags or entities by place.
    private WordRows.TargetReader TargetsOf(DataViewRow row, WordColumns columns, DataViewSchema.Column label, LabelKeys keys, SpanEnds ends, string set)
    {
        if (label.Type is VectorDataViewType { ItemType: KeyDataViewType })
        {
            int[] translated = [.. LabelKeys.Of(label).Names.Select(ClassOf)];
            return WordRows.Keys(row, label, columns, key => translated[key - 1]);
        }
        var tags = WordRows.SpanTags(row, label, SpanScheme, columns.Unit, ends);
        return words => [.. tags(words).Select(ClassOf)];

        int ClassOf(string name)
        {
            for (int i = 0; i < keys.Count; i++)
                if (keys.Names[i] == name) return i;
            throw new ArgumentException($"The {set} set has the label '{name}', which no training row has; the training labels are {string.Join(", ", keys.Names)}.");
        }
    }

    // The tags that entities by place are given.
    private TagScheme SpanScheme => _options.Scheme ?? TagScheme.Iob2;

    private IReadOnlyList<string> TagsOfSpans(IDataView input, WordColumns columns, DataViewSchema.Column label)
    {
        var types = new SortedSet<string>(StringComparer.Ordinal);
        using var cursor = input.GetRowCursor([input.Schema[columns.Words], label]);
        var words = (columns with { Predicate = null }).Reader(cursor);
        var tags = WordRows.SpanTags(cursor, label, SpanScheme, columns.Unit, new SpanEnds());
        while (cursor.MoveNext()) types.UnionWith(Tags.ToSpans(tags(words()), SpanScheme).Select(s => s.Type));
        return Tags.Of(types, SpanScheme);
    }

    // Microsoft.ML.TorchSharp's trainer takes a missing key for "outside"; here such words are left out, and without a label for the rest all are entities.
    private static string? WithoutOutside(LabelKeys keys, List<(WordRow Row, int[] Targets)> rows)
    {
        if (keys.Names.Any(ChunkTag.IsOutside)) return null;
        int words = rows.Sum(r => r.Targets.Length), missing = rows.Sum(r => r.Targets.Count(t => t == Example.NoTarget));
        return missing < words * LeastShareMissing ? null
            : $"{missing} of {words} words have no label (a missing key) and are left out of training, and no label is O, so every word will be given one of {string.Join(", ", keys.Names)}. "
                + "If words without a label lie outside entities, add their label (such as O or 0) to the keys: MapValueToKey's keyData.";
    }
}
