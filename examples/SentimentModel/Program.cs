// Uses the model-builder pair as an app would: trains once, then predicts.
using SentimentExample;

if (!File.Exists(SentimentModel.MLNetModelPath)) SentimentModel.Train(SentimentModel.MLNetModelPath, SentimentModel.RetrainFilePath);

string text = args.Length > 0 ? string.Join(' ', args) : "The food was wonderful and the staff were friendly.";
var prediction = SentimentModel.Predict(new SentimentModel.ModelInput { Text = text });
Console.WriteLine($"{text}\n→ {prediction.PredictedLabel} ({prediction.Score.Max():p0})");
