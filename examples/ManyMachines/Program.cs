// Trains a sentiment classifier with as many processes as mpirun or srun starts, goes on where a run was stopped, and has them score the test rows together.
using System.CommandLine;
using ManyMachines;

string folder = AppContext.BaseDirectory;
var backbone = new Option<string>("--backbone") { Description = "folder of a Hugging Face BERT, on every machine", DefaultValueFactory = _ => Path.Combine(folder, "backbones", "all-MiniLM-L6-v2") };
var train = new Option<string>("--train") { Description = "training rows, on every machine: a header, then label TAB text", DefaultValueFactory = _ => Path.Combine(folder, "data", "train.tsv") };
var test = new Option<string>("--test") { Description = "test rows, the same form", DefaultValueFactory = _ => Path.Combine(folder, "data", "test.tsv") };
var output = new Option<string>("--model") { Description = "where rank 0 saves the model, beside checkpoint and scores", DefaultValueFactory = _ => "sentiment.zip" };
var epochs = new Option<int?>("--epochs") { Description = "passes over the training rows; the library's default by default" };
var threads = new Option<int?>("--threads") { Description = "threads of each process; all processors that it may use by default" };

var root = new RootCommand("P-Tuning v2 on many machines") { backbone, train, test, output, epochs, threads };
root.SetAction(parsed => Job.Run(new JobSettings(parsed.GetValue(backbone)!, parsed.GetValue(train)!, parsed.GetValue(test)!, parsed.GetValue(output)!, parsed.GetValue(epochs), parsed.GetValue(threads))));
return root.Parse(args).Invoke();
