// Uses the model-builder pair as an app would: trains once, then predicts.
using SentimentExample;

if (!File.Exists(SentimentModel.MLNetModelPath)) SentimentModel.Train(SentimentModel.MLNetModelPath, SentimentModel.RetrainFilePath);

string text = args.Length > 0 ? string.Join(' ', args) : "The staff went out of their way to help, and the room was spotless.";
var prediction = SentimentModel.Predict(new SentimentModel.ModelInput { Text = text });
Console.WriteLine($"{text}\n→ {prediction.PredictedLabel} ({prediction.Score.Max():p0})");
