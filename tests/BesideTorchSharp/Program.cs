// Trains this library's classifier on a few rows, makes ML.NET's own deep learning trainers beside it, and writes each one's type and the TorchSharp that both use.
// Their models come over the network, so they are made, not trained.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.TorchSharp;
using MLNet.PTuning;
using TorchSharp;

string backbone = args.Length == 1 ? args[0] : throw new ArgumentException("Usage: BesideTorchSharp BACKBONE");
var ml = new MLContext(seed: 1);
IDataView rows = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 8).Select(i => new Row { Text = i % 2 == 0 ? "a good film" : "a bad film", Label = i % 2 == 0 ? "positive" : "negative" }));
IDataView keyed = ml.Transforms.Conversion.MapValueToKey("Label").Fit(rows).Transform(rows);
var ours = ml.Transforms.PTuningV2Classify(new TextClassificationOptions(backbone) { Method = new DeepPrompt { Length = 2 }, Epochs = 1 }).Fit(keyed);
Console.WriteLine($"{ours.GetType().FullName} predicts {ours.Transform(keyed).GetColumn<uint>("PredictedLabel").Count()} rows");

var classification = ml.MulticlassClassification.Trainers.TextClassification(sentence1ColumnName: "Text");
var entities = ml.MulticlassClassification.Trainers.NamedEntityRecognition(sentence1ColumnName: "Text");
foreach (object theirs in new object[] { classification, entities }) Console.WriteLine(theirs.GetType().FullName);

foreach (var loaded in AppDomain.CurrentDomain.GetAssemblies().Where(assembly => assembly.GetName().Name == "TorchSharp")) Console.WriteLine($"TorchSharp {loaded.GetName().Version}");
using torch.Tensor one = torch.ones(2, 3);
Console.WriteLine($"sum {one.sum().item<float>()}");

internal sealed class Row
{
    public string Text { get; set; } = "";
    public string Label { get; set; } = "";
}
