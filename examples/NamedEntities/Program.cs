// Finds people, organizations and places with P-Tuning v2: trains, prints precision, recall and F1 of every type, and shows texts with their entities in color.
using System.CommandLine;
using NamedEntities;

string folder = AppContext.BaseDirectory;
var backbone = new Option<string>("--backbone") { Description = "folder of a Hugging Face encoder", DefaultValueFactory = _ => Path.Combine(folder, "backbones", "all-MiniLM-L6-v2") };
var train = new Option<string>("--train") { Description = "training sentences", DefaultValueFactory = _ => Path.Combine(folder, "data", "train.conll") };
var test = new Option<string>("--test") { Description = "test sentences", DefaultValueFactory = _ => Path.Combine(folder, "data", "test.conll") };
var format = new Option<string>("--format") { Description = "form of both files", DefaultValueFactory = _ => "conll" }.AcceptOnlyFromAmong([.. Formats.All.Keys]);
var rows = new Option<long?>("--rows") { Description = "training sentences, the first of the file; all by default" };
var epochs = new Option<int?>("--epochs") { Description = "passes over the training sentences; the library's default by default" };
var promptLength = new Option<int>("--prompt-length") { Description = "trained vectors a layer", DefaultValueFactory = _ => 64 };
var rate = new Option<double?>("--rate") { Description = "learning rate of the prompt; the library's default by default" };
var constrained = new Option<bool>("--constrained") { Description = "valid sequences of tags only" };
var seed = new Option<int>("--seed") { Description = "seed of initial values, dropout and row order", DefaultValueFactory = _ => 1 };
var text = new Option<string[]>("--text") { Description = "texts to mark, instead of the example's own", AllowMultipleArgumentsPerToken = true };

var root = new RootCommand("P-Tuning v2 named entity recognition with ML.NET") { backbone, train, test, format, rows, epochs, promptLength, rate, constrained, seed, text };
root.SetAction(parsed =>
{
    var settings = new DemoSettings(parsed.GetValue(backbone)!, parsed.GetValue(train)!, parsed.GetValue(test)!, parsed.GetValue(format)!, parsed.GetValue(rows),
        parsed.GetValue(epochs), parsed.GetValue(promptLength), parsed.GetValue(rate), parsed.GetValue(constrained), parsed.GetValue(seed), parsed.GetValue(text) ?? []);
    try
    {
        new Demo(settings).Run();
        return 0;
    }
    catch (Exception e) when (e is IOException or InvalidDataException or ArgumentException)
    {
        Console.Error.WriteLine(e.Message);
        return 1;
    }
});
return root.Parse(args).Invoke();
