// NAME.training.cs: reads a data file, fits the pipeline, saves the model.
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Code;

internal static class TrainingFile
{
    public static string Of(GeneratedModel model)
    {
        var form = new LoadingCode(model);
        return $$"""
            // The part of the model that trains: reads a file, fits the pipeline, saves. An app that only predicts does without this file and {{model.Name}}.evaluate.cs.
            {{form.Usings}}using Microsoft.ML;
            using Microsoft.ML.Data;
            using Microsoft.ML.Runtime;
            using MLNet.PTuning;

            namespace {{model.Namespace}};

            public static partial class {{model.Name}}
            {
                /// <summary>The backbone's folder, which the project copies beside the app. Change this to train on another backbone.</summary>
                public static readonly string BackboneFolder = Path.Combine(AppContext.BaseDirectory, {{CSharpText.Literal(model.BackboneName)}});

                /// <summary>The file that the model was trained on. The project copies it beside the app where its property CopyTrainingData is true.</summary>
                public static readonly string RetrainFilePath = Path.Combine(AppContext.BaseDirectory, {{CSharpText.Literal(Path.GetFileName(model.File.Path))}});
            {{form.Constants}}
                /// <summary>Trains on a file of the same form, and saves the model.</summary>
                public static void Train(string outputModelPath, string inputDataFilePath{{form.DefaultParameters}})
                {
                    var mlContext = new MLContext(seed: {{model.Run.Seed}});
                    mlContext.Log += (_, e) =>
                    {
                        if (e.Source.Contains("PTuning") && e.Kind != ChannelMessageKind.Trace) Console.WriteLine(e.RawMessage);
                    };
                    var data = LoadIDataViewFromFile(mlContext, inputDataFilePath{{form.Arguments}});
                    SaveModel(mlContext, RetrainModel(mlContext, data), data, outputModelPath);
                }

            {{form.Loading}}

                /// <summary>Saves a model; a process that loads it meanwhile reads the older one or the new one.</summary>
                public static void SaveModel(MLContext mlContext, ITransformer model, IDataView data, string modelSavePath) => mlContext.Model.SaveSafely(model, data.Schema, modelSavePath);

                /// <summary>Trains on rows.</summary>
                public static ITransformer RetrainModel(MLContext mlContext, IDataView trainData) => BuildPipeline(mlContext).Fit(trainData);

                /// <summary>The pipeline, with the settings that the model was trained with. Change them here.</summary>
                public static IEstimator<ITransformer> BuildPipeline(MLContext mlContext)
                {
                    var options = {{OptionsCode.Of(model.Run.Options, "        ")}};
                    return {{Pipeline(model)}};
                }
            }

            """;
    }

    private static string Pipeline(GeneratedModel model) => model.Run.Task switch
    {
        TaskKind.Classify when model.Run.HasBooleanLabel => "mlContext.Transforms.PTuningV2Classify(options)",
        TaskKind.Classify => WithKeys("PTuningV2Classify"),
        TaskKind.Label => WithKeys("PTuningV2LabelTokens"),
        TaskKind.Answer => "mlContext.Transforms.PTuningV2AnswerQuestions(options)",
        TaskKind.Choose => "mlContext.Transforms.PTuningV2Choose(options)",
        _ => "mlContext.Transforms.PTuningV2Generate(options)",
    };

    private static string WithKeys(string step) => $"""
        mlContext.Transforms.Conversion.MapValueToKey("Label")
                    .Append(mlContext.Transforms.{step}(options))
                    .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
        """;
}
