// Trains a sentiment classifier with P-Tuning v2, evaluates it, saves it, loads it in a second process, and compares it with simpler ways.
using System.CommandLine;
using SentimentAnalysis;
using Spectre.Console;

// Colors and moving bars are for a person at a terminal.
if (Console.IsOutputRedirected) AnsiConsole.Profile.Capabilities.Ansi = false;

string folder = AppContext.BaseDirectory;
var backbone = new Option<string>("--backbone") { Description = "folder of a Hugging Face BERT", DefaultValueFactory = _ => Path.Combine(folder, "backbones", "all-MiniLM-L6-v2") };
var train = new Option<string>("--train") { Description = "training rows: a header, then label TAB text", DefaultValueFactory = _ => Path.Combine(folder, "data", "train.tsv") };
var test = new Option<string>("--test") { Description = "test rows, the same form", DefaultValueFactory = _ => Path.Combine(folder, "data", "test.tsv") };
var output = new Option<string>("--model") { Description = "where to save the model", DefaultValueFactory = _ => "sentiment.zip" };
var epochs = new Option<int?>("--epochs") { Description = "passes over the training rows; the library's default by default" };
var promptLength = new Option<int>("--prompt-length") { Description = "trained vectors a layer", DefaultValueFactory = _ => 20 };
var rate = new Option<double?>("--rate") { Description = "learning rate of the prompt; the library's default by default" };
var seed = new Option<int>("--seed") { Description = "seed of initial values, dropout and row order", DefaultValueFactory = _ => 1 };

var root = new RootCommand("P-Tuning v2 sentiment classification with ML.NET") { backbone, train, test, output, epochs, promptLength, rate, seed };
root.SetAction(parsed => new Demo(new DemoSettings(parsed.GetValue(backbone)!, parsed.GetValue(train)!, parsed.GetValue(test)!, parsed.GetValue(output)!,
    parsed.GetValue(epochs), parsed.GetValue(promptLength), parsed.GetValue(rate), parsed.GetValue(seed))).Run());

var model = new Argument<string>("model") { Description = "a saved model" };
var predict = new Command("predict", "Loads a saved model and prints the label of every line of standard input") { model };
predict.SetAction(parsed => SecondProcess.Predict(parsed.GetValue(model)!));
root.Subcommands.Add(predict);

return root.Parse(args).Invoke();
