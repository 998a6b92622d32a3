// The columns of multiple choice: a text, perhaps a question, and a vector of choices; the index of the chosen one, and a probability of each.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Pipeline;

/// <summary>A text with its choices as it was read.</summary>
/// <param name="Text">The premise and, where there is one, the question after it.</param>
/// <param name="Choices">The choices.</param>
internal sealed record ChoiceRow(string Text, string[] Choices);

/// <summary>Names of the columns that are read.</summary>
/// <param name="Premise">The texts'.</param>
/// <param name="Choices">The choices'.</param>
/// <param name="Question">The questions'; null for none.</param>
internal sealed record ChoiceColumns(string Premise, string Choices, string? Question)
{
    /// <summary>As a model file has them.</summary>
    public string[] Names => Question is null ? [Premise, Choices] : [Premise, Choices, Question];

    /// <summary>The columns of a model file's names.</summary>
    public static ChoiceColumns Of(string[] names) => new(names[0], names[1], names.ElementAtOrDefault(2));

    private TextColumns Texts => new(Premise, Question);

    /// <summary>The columns in a schema.</summary>
    /// <exception cref="ArgumentException">One is absent or of another type.</exception>
    public IReadOnlyList<DataViewSchema.Column> Find(DataViewSchema schema)
    {
        var choices = TextRows.FindColumn(schema, Choices);
        return choices.Type is VectorDataViewType { ItemType: TextDataViewType } ? [.. Texts.Find(schema), choices]
            : throw new ArgumentException(NotChoices(choices.Type.ToString()!));
    }

    /// <summary>Checks that a pipeline has the columns before this step.</summary>
    /// <exception cref="ArgumentException">One is absent or of another type.</exception>
    public void Check(SchemaShape schema)
    {
        Texts.Check(schema);
        var choices = TextRows.FindColumn(schema, Choices);
        if (choices.Kind == SchemaShape.Column.VectorKind.Scalar || choices.ItemType is not TextDataViewType) throw new ArgumentException(NotChoices($"{choices.Kind} of {choices.ItemType}"));
    }

    /// <summary>A function that reads the current row of <paramref name="row"/>.</summary>
    public Func<ChoiceRow> Reader(DataViewRow row)
    {
        var texts = Texts.Reader(row);
        var choices = AnswerRows.Answers(row, TextRows.FindColumn(row.Schema, Choices));
        return () =>
        {
            var (premise, question, _) = texts();
            return new ChoiceRow(string.IsNullOrWhiteSpace(question) ? premise : $"{premise} {question}", choices());
        };
    }

    /// <summary>The columns that a transformer adds, in order.</summary>
    public static IReadOnlyList<DataViewSchema.DetachedColumn> Outputs(ModelSettings settings) =>
        [new(settings.PredictedLabelColumn, NumberDataViewType.Int32), new(settings.ScoreColumn, new VectorDataViewType(NumberDataViewType.Single))];

    /// <summary>The same columns as <c>GetOutputSchema</c> promises them.</summary>
    public static IEnumerable<SchemaShape.Column> Promises(MultipleChoiceOptions options) =>
        [MLNetInternals.PromiseScalar(options.PredictedLabelColumnName, NumberDataViewType.Int32, []), MLNetInternals.PromiseVector(options.ScoreColumnName, NumberDataViewType.Single)];

    /// <summary>The getter of output column <paramref name="index"/> over the probabilities of a row's choices.</summary>
    public static Delegate Getter(int index, Func<float[]> probabilities) => index switch
    {
        0 => (ValueGetter<int>)((ref int label) => label = probabilities() is { Length: > 0 } values ? TextClassification.IndexOfMax(values) : -1),
        _ => VectorGetter.Of(probabilities),
    };

    private string NotChoices(string type) => $"The column of choices '{Choices}' is of type {type}; choices are a vector of text. Set ChoicesColumnName, or put columns of text together with Concatenate.";
}
