// Loads a model file, predicts the texts that come as lines, and writes each row's probabilities, exact to the last bit, as a line.
using System.Globalization;
using Microsoft.ML;

string path = args.Length == 1 ? args[0] : throw new ArgumentException("Usage: LoadModel MODEL.zip < texts > probabilities");
var ml = new MLContext();
ITransformer model;
try
{
    model = ml.Model.Load(path, out _);
}
catch (Exception e)
{
    Console.Error.WriteLine(e.GetBaseException().Message);
    return 1;
}
var rows = new List<Row>();
while (Console.ReadLine() is { } text) rows.Add(new Row { Text = text });
foreach (var predicted in ml.Data.CreateEnumerable<Prediction>(model.Transform(ml.Data.LoadFromEnumerable(rows)), reuseRowObject: false))
    Console.WriteLine(string.Join(' ', predicted.Score.Select(p => p.ToString("R", CultureInfo.InvariantCulture))));
return 0;

internal sealed class Row
{
    public string Text { get; set; } = "";

    // MapValueToKey, which the model's chain begins with, asks for it.
    public string Label { get; set; } = "";
}

internal sealed class Prediction
{
    public float[] Score { get; set; } = [];
}
