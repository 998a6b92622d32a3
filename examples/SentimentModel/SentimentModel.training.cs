// The half of the model-builder pair that trains: load, build the pipeline, fit, save.
using Microsoft.ML;

namespace SentimentExample;

public partial class SentimentModel
{
    public static readonly string RetrainFilePath = Path.Combine(AppContext.BaseDirectory, "data", "train.tsv");
    public static readonly string BackboneFolder = Path.Combine(AppContext.BaseDirectory, "backbones", "all-MiniLM-L6-v2");

    /// <summary>Trains on a tab-separated file with a header and saves the model.</summary>
    public static void Train(string outputModelPath, string inputDataFilePath)
    {
        var mlContext = new MLContext(seed: 1);
        var data = mlContext.Data.LoadFromTextFile<ModelInput>(inputDataFilePath, hasHeader: true);
        var model = RetrainModel(mlContext, data);
        mlContext.Model.Save(model, data.Schema, outputModelPath);
    }

    /// <summary>Fits the pipeline.</summary>
    public static ITransformer RetrainModel(MLContext mlContext, IDataView trainData) => BuildPipeline(mlContext).Fit(trainData);

    /// <summary>The pipeline: label to key, P-Tuning v2 on the frozen backbone, predicted key back to label.</summary>
    public static IEstimator<ITransformer> BuildPipeline(MLContext mlContext) =>
        mlContext.Transforms.Conversion.MapValueToKey("Label")
            .Append(mlContext.Transforms.PTuningV2Classify(BackboneFolder))
            .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
}
