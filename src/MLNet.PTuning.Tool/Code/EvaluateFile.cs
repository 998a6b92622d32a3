// NAME.evaluate.cs: scores of a model on a file with gold labels.
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Code;

internal static class EvaluateFile
{
    public static string Of(GeneratedModel model)
    {
        var form = new LoadingCode(model);
        var (metrics, body) = Evaluation(model);
        return $$"""
            // The part of the model that scores: its predictions of a file with gold labels, by ML.NET's metrics of the task.
            using Microsoft.ML;
            using Microsoft.ML.Data;
            using MLNet.PTuning;

            namespace {{model.Namespace}};

            public static partial class {{model.Name}}
            {
                /// <summary>Scores a saved model on a file of the form of the training file. The rows should be others than those that it was trained on.</summary>
                public static {{metrics}} Evaluate(string modelPath, string inputDataFilePath{{form.DefaultParameters}})
                {
                    var mlContext = new MLContext();
                    return Evaluate(mlContext, mlContext.Model.Load(modelPath, out _), LoadIDataViewFromFile(mlContext, inputDataFilePath{{form.Arguments}}));
                }

                /// <summary>Scores a model on rows.</summary>
                public static {{metrics}} Evaluate(MLContext mlContext, ITransformer model, IDataView data){{body}}
            }

            """;
    }

    private static (string Metrics, string Body) Evaluation(GeneratedModel model) => model.Run.Task switch
    {
        TaskKind.Classify when model.Run.HasBooleanLabel => ("CalibratedBinaryClassificationMetrics", " =>\n        mlContext.BinaryClassification.Evaluate(model.Transform(data));"),
        TaskKind.Classify => ("MulticlassClassificationMetrics", """

                {
                    // The pipeline makes keys of Label: labels as the file has them are kept beside it.
                    var predictions = model.Transform(mlContext.Transforms.CopyColumns("GoldLabel", "Label").Fit(data).Transform(data));
                    // Keys in the order of the scores. Rows with a label that the model does not know have no key, and are left out.
                    var labels = mlContext.Data.LoadFromEnumerable(GetLabels(predictions.Schema).Select(label => new { Label = label }));
                    var keys = mlContext.Transforms.Conversion.MapValueToKey([new InputOutputColumnPair("GoldLabel"), new InputOutputColumnPair("PredictedLabel")], keyData: labels);
                    return mlContext.MulticlassClassification.Evaluate(keys.Fit(predictions).Transform(predictions), labelColumnName: "GoldLabel");
                }
            """),
        TaskKind.Label => ("TokenLabelMetrics", $$"""

                {
                    // The pipeline makes keys of Label: labels as the file has them are kept beside it.
                    var predictions = model.Transform(mlContext.Transforms.CopyColumns("GoldLabel", "Label").Fit(data).Transform(data));
                    return mlContext.MulticlassClassification.EvaluateTokenLabels(predictions, "GoldLabel"{{(model.Run.Options is TokenLabelingOptions { Scheme: { } scheme } ? $", scheme: TagScheme.{scheme}" : "")}});
                }
            """),
        TaskKind.Answer => ("AnswerMetrics", " =>\n        mlContext.MulticlassClassification.EvaluateAnswers(model.Transform(data));"),
        TaskKind.Choose => ("ChoiceMetrics", " =>\n        mlContext.MulticlassClassification.EvaluateChoices(model.Transform(data));"),
        _ => ("GeneratedTextMetrics", " =>\n        mlContext.MulticlassClassification.EvaluateGeneratedText(model.Transform(data));"),
    };
}
