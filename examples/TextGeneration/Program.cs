// Writes endings of stories with P-Tuning v2: a frozen decoder, led by a trained prefix, ends each story with what was learned.
using System.CommandLine;
using Microsoft.ML;
using MLNet.PTuning;
using Spectre.Console;
using TextGeneration;

// Colors and moving bars are for a person at a terminal.
if (Console.IsOutputRedirected) AnsiConsole.Profile.Capabilities.Ansi = false;

string stories = Path.Combine(AppContext.BaseDirectory, "data", "stories.tsv");
var backbone = new Option<string>("--backbone") { Description = "folder of a Hugging Face decoder (GPT-2, Llama, Mistral, Qwen2)", DefaultValueFactory = _ => Path.Combine("..", "shared", "backbones", "tinystories-656k-llama") };
var data = new Option<string>("--stories") { Description = "a file with a column of openings and one of endings, separated by tabs, and a header", DefaultValueFactory = _ => stories };
var output = new Option<string>("--model") { Description = "where to save the model", DefaultValueFactory = _ => "stories.zip" };
var method = new Option<string>("--method") { Description = "what is trained", DefaultValueFactory = _ => "prefix" };
method.AcceptOnlyFromAmong([.. Demo.Methods.Keys]);
var promptLength = new Option<int>("--prompt-length") { Description = "trained vectors: of a prefix a layer, of a soft prompt at the input", DefaultValueFactory = _ => 20 };
var epochs = new Option<int?>("--epochs") { Description = "passes over the training stories; the library's default by default" };
var rate = new Option<double?>("--rate") { Description = "learning rate; the library's default by default" };
var seed = new Option<int>("--seed") { Description = "seed of initial values, dropout and row order", DefaultValueFactory = _ => 1 };
var temperature = new Option<double?>("--temperature") { Description = "draws tokens; without it the most probable one is taken" };
var json = new Option<string?>("--json") { Description = "writes the figures to this file as well" };

var root = new RootCommand("P-Tuning v2 text generation with ML.NET") { backbone, data, output, method, promptLength, epochs, rate, seed, temperature, json };
root.SetAction(parsed => Try(() => new Demo(new DemoSettings(parsed.GetValue(backbone)!, parsed.GetValue(data)!, parsed.GetValue(output)!, parsed.GetValue(method)!, parsed.GetValue(promptLength),
    parsed.GetValue(epochs), parsed.GetValue(rate), parsed.GetValue(seed), parsed.GetValue(temperature), parsed.GetValue(json))).Run()));

var model = new Argument<string>("model") { Description = "a saved model" };
var opening = new Argument<string>("opening") { Description = "the text to continue" };
var write = new Command("write", "Loads a saved model and continues a text, token by token") { model, opening, temperature };
write.SetAction((parsed, cancellation) => TryAsync(async () =>
{
    using var loaded = (PTuningTextGenerationTransformer)new MLContext().Model.Load(parsed.GetValue(model)!, out _);
    loaded.Generation = loaded.Generation with { Temperature = parsed.GetValue(temperature) };
    await foreach (string part in loaded.CreateGenerator().StreamAsync(parsed.GetValue(opening)!, cancellation)) Console.Write(part);
    Console.WriteLine();
}));
root.Subcommands.Add(write);
return await root.Parse(args).InvokeAsync();

static int Try(Action action) => TryAsync(() =>
{
    action();
    return Task.CompletedTask;
}).GetAwaiter().GetResult();

static async Task<int> TryAsync(Func<Task> action)
{
    try
    {
        await action();
        return 0;
    }
    catch (Exception e) when (e.GetBaseException() is IOException or InvalidDataException or ArgumentException or NotSupportedException or UnauthorizedAccessException)
    {
        // ML.NET wraps what goes wrong in loading a model.
        Console.Error.WriteLine(e.GetBaseException().Message);
        return 1;
    }
}
