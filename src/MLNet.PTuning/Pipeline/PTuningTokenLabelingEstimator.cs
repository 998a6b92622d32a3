// Trains a labeler of words as a step of an ML.NET pipeline.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning;

/// <summary>
/// Trains a prompt and a labeling head on a frozen backbone.
/// Input: a column of words (a vector of text, or plain text that is split) and a label column, a vector of keys (or, for a vector of words, of text), one per word.
/// Data for ML.NET's own <c>NamedEntityRecognition</c> are taken as they are: plain text with a vector of keys, one for each word between blanks, where a missing key stands for a word outside entities.
/// Output: <c>PredictedLabel</c>, a vector of keys with the label's key values, and <c>Score</c> [words, classes], a probability per class; one for every word,
/// however long the row is.
/// </summary>
public sealed class PTuningTokenLabelingEstimator : PTuningEstimator<TokenLabelingOptions, PTuningTokenLabelingTransformer>
{
    // Above this fraction of words without a label, they are unlikely to be mere gaps.
    private const double MinMissingFraction = 0.1;

    internal PTuningTokenLabelingEstimator(IHostEnvironment environment, TokenLabelingOptions options) : base(environment, options) { }

    private protected override PreparedTask Prepare(IDataView input)
    {
        var label = TextRows.FindLabel(input.Schema, Options.LabelColumnName);
        bool isText = TextRows.FindColumn(input.Schema, Options.WordsColumnName).Type is TextDataViewType;
        bool spans = isText && WordRows.IsText(label.Type), tags = !isText && WordRows.IsText(label.Type);
        bool textHasLabels = isText && !spans;
        var columns = Options.Columns(textHasLabels);
        columns.Find(input.Schema);
        if (label.Type is not VectorDataViewType) throw new ArgumentException(WordRows.NotLabels(label.Name, label.Type.ToString()!));
        var keys = spans ? LabelKeys.Of(TagsOfSpans(input, columns, label)) : tags ? LabelKeys.Of(WordRows.DistinctTags(input, label)) : LabelKeys.Of(input, label);
        int missing = Example.NoTarget;
        if (textHasLabels && !keys.Names.Any(ChunkTag.IsOutside) && HasMissingLabels(input, columns, label) && keys.WithOutside() is { } withOutside)
            (keys, missing) = (withOutside, keys.Count);
        var guess = TagGuess.Of(keys.Names, spans ? SpanScheme : Options.Scheme);
        var constraint = TagConstraint.Of(guess.Scheme);
        PromptFit.CheckClassWeights(Options.ClassWeights, keys.Names);

        return new PreparedTask(Options, keys.Names, Pools: false,
            (examples, probabilities) => TokenLabeling.EntityF1(examples, probabilities, keys.Names, constraint.Scheme), (backbone, limit, seed, channel) =>
            {
                var task = new TokenLabeling(backbone.Tokenizer, Options.Method, limit.Length, Options.WindowOverlap, hasPairs: Options.PredicateColumnName is not null, backbone.Encoder.IsCausal);
                var ends = new SpanEnds();
                var read = WordRows.Read(input, columns, label, row => TargetsOf(row, columns, label, keys, missing, ends, "training"));
                if (Options.Constrained) constraint = TagConstraint.Of(keys.Names, guess, [.. read.Select(r => r.Targets)]);
                if (textHasLabels && Options.WordSplitting is null)
                    channel.Say($"The text of '{columns.Words}' has a label per word and is split at white space; set {nameof(Options.WordSplitting)} to split it otherwise.");
                if (missing >= 0)
                    channel.Say($"{read.Sum(r => r.Targets.Count(t => t == missing))} of {read.Sum(r => r.Targets.Length)} words have no label (a missing key): they are outside entities, as for ML.NET's NamedEntityRecognition, and are labeled {keys.Names[missing]}.");
                foreach (string warning in new[] { ends.Warning(columns), WithoutOutside(keys, read), LabelSpelling.Warning(keys.Names) }.Concat(guess.Doubts).Concat(constraint.Warnings).OfType<string>())
                    channel.Warn(warning);
                var (training, heldOut) = HeldOutRows.Of(read, Options, seed, channel, set => ReadValidation(set, columns, keys, missing), row => [row.Row.Text]);
                var (rows, skipped) = WordRows.Encode(training, task, Options.LabelAllPieces);
                if (skipped > 0) channel.Warn($"{skipped} of {training.Count} rows have no words or no labels and are left out of training.");
                UnknownPieces.Warn(channel, backbone.Tokenizer, rows, read.SelectMany(r => r.Row.Words), backbone.Tokenizer.SpecialCount(Options.PredicateColumnName is not null));
                PromptFit.CheckClasses(rows, skipped, keys.Names, label.Name);
                var validation = heldOut is null ? null : WordRows.Encode(heldOut, task, allPieces: false).Examples;
                if (validation?.Count == 0) throw new ArgumentException("None of the rows held out for validation has a label.");
                return new TrainingRows(rows, validation, skipped);
            }, (model, settings) => new PTuningTokenLabelingTransformer(Host, model, keys, settings with
            {
                InputColumns = columns.Names,
                Labeling = LabelingSettings.Of(Options, constraint, columns),
            }));
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A column is missing or of another type.</exception>
    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Options.Columns(textHasLabels: false).Check(inputSchema);
        var label = TextRows.FindColumn(inputSchema, Options.LabelColumnName);
        bool vector = label.Kind != SchemaShape.Column.VectorKind.Scalar;
        bool isText = vector && label.ItemType is TextDataViewType;
        if (!vector || !(label.IsKey || isText)) throw new ArgumentException(WordRows.NotLabels(label.Name, $"{label.Kind} of {label.ItemType}"));
        return PredictionSchema.Promise(inputSchema, LabelingColumns.Promises(Options, label));
    }

    private List<(WordRow Row, int[] Targets)> ReadValidation(IDataView data, WordColumns columns, LabelKeys keys, int missing)
    {
        var label = TextRows.FindLabel(data.Schema, Options.LabelColumnName);
        var rows = WordRows.Read(data, columns, label, row => TargetsOf(row, columns, label, keys, missing, new SpanEnds(), "validation"));
        return rows.Any(r => r.Targets.Any(t => t != Example.NoTarget)) ? rows : throw new ArgumentException("The validation set has no labeled rows.");
    }

    // Labels are matched by name, so that a validation set may have keys of its own order, plain tags or entities by offset.
    private WordRows.TargetReader TargetsOf(DataViewRow row, WordColumns columns, DataViewSchema.Column label, LabelKeys keys, int missing, SpanEnds ends, string set)
    {
        if (label.Type is VectorDataViewType { ItemType: KeyDataViewType })
        {
            int[] translated = [.. LabelKeys.Of(label).Names.Select(ClassOf)];
            return WordRows.Keys(row, label, columns, key => translated[key - 1], missing);
        }
        if (TextRows.FindColumn(row.Schema, columns.Words).Type is not TextDataViewType) return WordRows.Tags(row, label, columns, ClassOf);
        var tags = WordRows.SpanTags(row, label, SpanScheme, columns.Unit, ends);
        return words => [.. tags(words).Select(ClassOf)];

        int ClassOf(string name)
        {
            for (int i = 0; i < keys.Count; i++)
                if (keys.Names[i] == name) return i;
            throw new ArgumentException($"The {set} set has the label '{name}', which no training row has; the training labels are {string.Join(", ", keys.Names)}.");
        }
    }

    // The scheme of the tags for entities that are given by offset.
    private TagScheme SpanScheme => Options.Scheme ?? TagScheme.Iob2;

    private IReadOnlyList<string> TagsOfSpans(IDataView input, WordColumns columns, DataViewSchema.Column label)
    {
        var types = new SortedSet<string>(StringComparer.Ordinal);
        using var cursor = input.GetRowCursor([input.Schema[columns.Words], label]);
        var words = (columns with { Predicate = null }).Reader(cursor);
        var tags = WordRows.SpanTags(cursor, label, SpanScheme, columns.Unit, new SpanEnds());
        while (cursor.MoveNext()) types.UnionWith(Tags.ToSpans(tags(words()), SpanScheme).Select(s => s.Type));
        return Tags.Of(types, SpanScheme);
    }

    private static bool HasMissingLabels(IDataView input, WordColumns columns, DataViewSchema.Column label) =>
        WordRows.Read(input, columns with { Predicate = null }, label, row => WordRows.Keys(row, label, columns, key => key)).Any(row => row.Targets.Contains(Example.NoTarget));

    // Microsoft.ML.TorchSharp's trainer, which takes plain text alone, reads a missing key as "outside"; beside a vector of words such words are left out, so without an outside label every word would be predicted as part of an entity.
    private static string? WithoutOutside(LabelKeys keys, List<(WordRow Row, int[] Targets)> rows)
    {
        if (keys.Names.Any(ChunkTag.IsOutside)) return null;
        int words = rows.Sum(r => r.Targets.Length), missing = rows.Sum(r => r.Targets.Count(t => t == Example.NoTarget));
        return missing < words * MinMissingFraction ? null
            : $"{missing} of {words} words have no label (a missing key) and are left out of training, and no label is O, so every word will be given one of {string.Join(", ", keys.Names)}. "
                + "If words without a label lie outside entities, add their label (such as O or 0) to the keys: MapValueToKey's keyData.";
    }
}
