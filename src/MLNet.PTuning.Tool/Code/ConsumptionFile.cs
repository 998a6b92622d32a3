// NAME.consumption.cs: input, output, and the calls that predict.
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Code;

internal static class ConsumptionFile
{
    public static string Of(GeneratedModel model) => $$"""
        // The part of the model that an app keeps: input, output, and calls that predict.
        using Microsoft.ML;
        using Microsoft.ML.Data;

        namespace {{model.Namespace}};

        public static partial class {{model.Name}}
        {
            /// <summary>The trained model. Change this where the app does not keep it beside its assemblies.</summary>
            public static readonly string MLNetModelPath = Path.Combine(AppContext.BaseDirectory, {{CSharpText.Literal(Path.GetFileName(model.Run.ModelFile))}});

            /// <summary>Loads the model when it is first used. One thread at a time may use it: a service takes a pool of engines.</summary>
            public static readonly Lazy<PredictionEngine<ModelInput, ModelOutput>> PredictEngine = new(CreatePredictEngine, true);

            /// <summary>A row of the data. What is to be predicted need not be set.</summary>
            public class ModelInput
            {
        {{string.Join("\n\n", model.Properties.Select(property => Property(model, property)))}}
            }

            /// <summary>A prediction.</summary>
            public class ModelOutput
            {
        {{Outputs(model)}}
            }

            /// <summary>Predicts a row.</summary>
            public static ModelOutput Predict(ModelInput input) => PredictEngine.Value.Predict(input);
        {{AllLabels(model)}}
            private static PredictionEngine<ModelInput, ModelOutput> CreatePredictEngine()
            {
                var mlContext = new MLContext();
                return mlContext.Model.CreatePredictionEngine<ModelInput, ModelOutput>(mlContext.Model.Load(MLNetModelPath, out _));
            }
        }

        """;

    private static string Property(GeneratedModel model, InputProperty property)
    {
        string load = model.LoadsColumns && model.SourceOf(property.Input) is { } source ? $"        [LoadColumn({source.Source.Index})]\n" : "";
        return $"{load}        [ColumnName({CSharpText.Literal(property.Input)})]\n        public {property.Type} {property.Name} {{ get; set; }}{property.Default}";
    }

    private static string Outputs(GeneratedModel model) => model.Run.Task switch
    {
        TaskKind.Classify when model.Run.HasBooleanLabel => """
                    [ColumnName("PredictedLabel")]
                    public bool PredictedLabel { get; set; }

                    /// <summary>The log-odds of true.</summary>
                    [ColumnName("Score")]
                    public float Score { get; set; }

                    /// <summary>The probability of true.</summary>
                    [ColumnName("Probability")]
                    public float Probability { get; set; }
            """,
        TaskKind.Classify => """
                    [ColumnName("PredictedLabel")]
                    public string PredictedLabel { get; set; } = "";

                    /// <summary>The probability of each label.</summary>
                    [ColumnName("Score")]
                    public float[] Score { get; set; } = [];
            """,
        TaskKind.Label => """
                    /// <summary>The label of each word.</summary>
                    [ColumnName("PredictedLabel")]
                    public string[] PredictedLabel { get; set; } = [];

                    /// <summary>The probability of each label, for one word after the other.</summary>
                    [ColumnName("Score")]
                    public float[] Score { get; set; } = [];
            """,
        TaskKind.Answer => """
                    /// <summary>The most probable answers, the first one first; where that is empty, the text does not answer the question.</summary>
                    [ColumnName("PredictedAnswer")]
                    public string[] PredictedAnswer { get; set; } = [];

                    /// <summary>Their probabilities.</summary>
                    [ColumnName("Score")]
                    public float[] Score { get; set; } = [];

                    /// <summary>Where each begins in the text, from 0.</summary>
                    [ColumnName("AnswerStart")]
                    public int[] AnswerStart { get; set; } = [];

                    /// <summary>Where each ends: the index after its last character.</summary>
                    [ColumnName("AnswerEnd")]
                    public int[] AnswerEnd { get; set; } = [];
            """,
        TaskKind.Choose => """
                    /// <summary>The index of the most probable choice, from 0.</summary>
                    [ColumnName("PredictedLabel")]
                    public int PredictedLabel { get; set; }

                    /// <summary>The probability of each choice.</summary>
                    [ColumnName("Score")]
                    public float[] Score { get; set; } = [];
            """,
        _ => """
                    [ColumnName("GeneratedText")]
                    public string GeneratedText { get; set; } = "";

                    /// <summary>The mean of the written tokens' log-probabilities.</summary>
                    [ColumnName("Score")]
                    public float Score { get; set; }
            """,
    };

    private static string AllLabels(GeneratedModel model) => model.Run.Task switch
    {
        TaskKind.Classify when model.Run.HasBooleanLabel => """

                /// <summary>Both labels with their probabilities, the more probable one first.</summary>
                public static IOrderedEnumerable<KeyValuePair<string, float>> PredictAllLabels(ModelInput input)
                {
                    float probability = Predict(input).Probability;
                    return new Dictionary<string, float> { ["True"] = probability, ["False"] = 1 - probability }.OrderByDescending(pair => pair.Value);
                }

            """,
        TaskKind.Classify => """

                /// <summary>All labels with their probabilities, the most probable one first.</summary>
                public static IOrderedEnumerable<KeyValuePair<string, float>> PredictAllLabels(ModelInput input) => GetSortedScoresWithLabels(Predict(input));

                /// <summary>A prediction's labels with their probabilities, the most probable one first.</summary>
                public static IOrderedEnumerable<KeyValuePair<string, float>> GetSortedScoresWithLabels(ModelOutput result) =>
                    GetLabels(PredictEngine.Value.OutputSchema).Zip(result.Score, (label, score) => KeyValuePair.Create(label, score)).OrderByDescending(pair => pair.Value);

                // The labels in the order of the scores.
                private static string[] GetLabels(DataViewSchema schema)
                {
                    VBuffer<ReadOnlyMemory<char>> labels = default;
                    schema["Score"].GetSlotNames(ref labels);
                    return labels.DenseValues().Select(label => label.ToString()).ToArray();
                }

            """,
        TaskKind.Label => """

                /// <summary>For each word all labels with their probabilities, the most probable one first.</summary>
                public static IEnumerable<IOrderedEnumerable<KeyValuePair<string, float>>> PredictAllLabels(ModelInput input)
                {
                    string[] labels = GetLabels(PredictEngine.Value.OutputSchema);
                    return Predict(input).Score.Chunk(labels.Length).Select(scores => labels.Zip(scores, (label, score) => KeyValuePair.Create(label, score)).OrderByDescending(pair => pair.Value));
                }

                // The labels in the order of a word's scores.
                private static string[] GetLabels(DataViewSchema schema)
                {
                    VBuffer<ReadOnlyMemory<char>> labels = default;
                    schema["Score"].Annotations.GetValue("TrainingLabelValues", ref labels);
                    return labels.DenseValues().Select(label => label.ToString()).ToArray();
                }

            """,
        TaskKind.Answer => """

                /// <summary>The most probable answers with their probabilities, the most probable one first. An empty one: the text does not answer the question.</summary>
                public static IOrderedEnumerable<KeyValuePair<string, float>> PredictAllLabels(ModelInput input)
                {
                    var result = Predict(input);
                    return result.PredictedAnswer.Zip(result.Score, (answer, score) => KeyValuePair.Create(answer, score)).OrderByDescending(pair => pair.Value);
                }

            """,
        TaskKind.Choose => $$"""

                /// <summary>All choices with their probabilities, the most probable one first.</summary>
                public static IOrderedEnumerable<KeyValuePair<string, float>> PredictAllLabels(ModelInput input) =>
                    input.{{model.Property("Choices")}}.Zip(Predict(input).Score, (choice, score) => KeyValuePair.Create(choice, score)).OrderByDescending(pair => pair.Value);

            """,
        _ => "",
    };
}
