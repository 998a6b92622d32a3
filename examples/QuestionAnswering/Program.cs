// Answers questions about texts with P-Tuning v2: trains, prints exact match and F1, saves, loads, and shows answers in color in a text of the user's own.
using System.CommandLine;
using Microsoft.ML;
using QuestionAnswering;
using Spectre.Console;

// Colors and moving bars are for a person at a terminal.
if (Console.IsOutputRedirected) AnsiConsole.Profile.Capabilities.Ansi = false;

string folder = AppContext.BaseDirectory;
string Data(string name) => Path.Combine(folder, "data", name);
var backbone = new Option<string>("--backbone") { Description = "folder of a Hugging Face encoder", DefaultValueFactory = _ => Path.Combine(folder, "backbones", "all-MiniLM-L6-v2") };
var train = new Option<string>("--train") { Description = "training questions, a file in SQuAD's form (1.1 or 2.0)", DefaultValueFactory = _ => Data("train.json") };
var test = new Option<string>("--test") { Description = "test questions, the same form", DefaultValueFactory = _ => Data("test.json") };
var output = new Option<string>("--model") { Description = "where to save the model", DefaultValueFactory = _ => "answers.zip" };
var rows = new Option<long?>("--rows") { Description = "training questions, the first of the file; all by default" };
var epochs = new Option<int?>("--epochs") { Description = "passes over the training questions; the library's default by default" };
var promptLength = new Option<int>("--prompt-length") { Description = "trained vectors a layer", DefaultValueFactory = _ => 20 };
var rate = new Option<double?>("--rate") { Description = "learning rate of the prompt; the library's default by default" };
var seed = new Option<int>("--seed") { Description = "seed of initial values, dropout and row order", DefaultValueFactory = _ => 1 };
var context = new Option<string?>("--context") { Description = "a text file to ask about, instead of the example's own" };
var question = new Option<string[]>("--question") { Description = "questions about the text of --context; without any they are read from the console", AllowMultipleArgumentsPerToken = true };

var root = new RootCommand("P-Tuning v2 question answering with ML.NET") { backbone, train, test, output, rows, epochs, promptLength, rate, seed, context, question };
root.SetAction(parsed => Try(() =>
{
    var conversation = Conversation(parsed);
    new Demo(new DemoSettings(parsed.GetValue(backbone)!, parsed.GetValue(train)!, parsed.GetValue(test)!, parsed.GetValue(output)!, parsed.GetValue(rows), parsed.GetValue(epochs),
        parsed.GetValue(promptLength), parsed.GetValue(rate), parsed.GetValue(seed), conversation)).Run();
}));

var model = new Argument<string>("model") { Description = "a saved model" };
var ask = new Command("ask", "Loads a saved model and answers questions with it") { model, context, question };
ask.SetAction(parsed => Try(() =>
{
    var conversation = Conversation(parsed);
    var ml = new MLContext();
    conversation.Hold(ml, ml.Model.Load(parsed.GetValue(model)!, out _));
}));
root.Subcommands.Add(ask);
return root.Parse(args).Invoke();

Conversation Conversation(ParseResult parsed) => parsed.GetValue(context) is { } path
    ? new Conversation(File.ReadAllText(path), parsed.GetValue(question) ?? [])
    : new Conversation(File.ReadAllText(Data("house-rules.txt")), parsed.GetValue(question) is { Length: > 0 } asked ? asked : Demo.Samples);

static int Try(Action action)
{
    try
    {
        action();
        return 0;
    }
    catch (Exception e) when (e.GetBaseException() is IOException or InvalidDataException or ArgumentException or UnauthorizedAccessException)
    {
        // ML.NET wraps what goes wrong in loading a model.
        Console.Error.WriteLine(e.GetBaseException().Message);
        return 1;
    }
}
