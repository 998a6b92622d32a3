// The half of the model-builder pair that an app keeps: input, output, and a call that predicts.
using Microsoft.ML;
using Microsoft.ML.Data;

namespace SentimentExample;

public partial class SentimentModel
{
    /// <summary>Where the trained model lies.</summary>
    public static readonly string MLNetModelPath = Path.Combine(AppContext.BaseDirectory, "SentimentModel.mlnet");

    private static readonly Lazy<PredictionEngine<ModelInput, ModelOutput>> PredictEngine = new(CreatePredictEngine, true);

    /// <summary>A row of the training file, and what a prediction reads.</summary>
    public class ModelInput
    {
        [LoadColumn(0)]
        [ColumnName("Label")]
        public string Label { get; set; } = "";

        [LoadColumn(1)]
        [ColumnName("Text")]
        public string Text { get; set; } = "";
    }

    /// <summary>What a prediction gives.</summary>
    public class ModelOutput
    {
        [ColumnName("PredictedLabel")]
        public string PredictedLabel { get; set; } = "";

        /// <summary>A probability a class, in the order of the label's key values.</summary>
        [ColumnName("Score")]
        public float[] Score { get; set; } = [];
    }

    /// <summary>Predicts one row with the saved model.</summary>
    public static ModelOutput Predict(ModelInput input) => PredictEngine.Value.Predict(input);

    private static PredictionEngine<ModelInput, ModelOutput> CreatePredictEngine()
    {
        var mlContext = new MLContext();
        ITransformer mlModel = mlContext.Model.Load(MLNetModelPath, out _);
        return mlContext.Model.CreatePredictionEngine<ModelInput, ModelOutput>(mlModel);
    }
}
