// The project that a training run leaves, built against the package and run: it predicts what the model predicted when it was tested.
using System.Globalization;
using System.Runtime.InteropServices;
using System.Xml.Linq;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Build;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tests.Pipeline;

namespace MLNet.PTuning.Tests.Tool;

public sealed class GeneratedProjectTests : IDisposable
{
    // No other version has this number, so that no package of an earlier build is taken for it.
    private readonly string _version = "0.1.0-test." + Guid.NewGuid().ToString("N");
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _backbone = new();

    [Fact]
    public void The_project_builds_against_the_package_and_predicts_as_the_model_was_tested()
    {
        string backbone = _folder.At("the backbone (tiny)");
        Directory.CreateDirectory(backbone);
        foreach (string file in Directory.GetFiles(_backbone.Path)) File.Copy(file, Path.Combine(backbone, Path.GetFileName(file)));
        File.WriteAllText(_folder.At("reviews.csv"), DataFiles.Csv(60).Replace("text,label", "my text,class"));
        string output = _folder.At("a run; of 'reviews'");
        var run = CommandLine.Run("train", "classify", _folder.At("reviews.csv"), "--backbone", backbone, "-o", output, "--text", "my text", "--label", "class", "--epochs", "4", "--prompt-length", "4", "--no-head-only");
        Assert.True(run.ExitCode == 0, run.Error);
        string[][] predicted = [.. File.ReadLines(Path.Combine(output, "predictions.csv")).Take(2).Select(line => line.Split(','))];
        Assert.Equal(["row", "input", "gold", "predicted", "probability", "probability of pos", "probability of neg"], predicted[0]);

        string app = Build(output);
        // What it needs lies beside it.
        Directory.Delete(backbone, recursive: true);
        File.Delete(Path.Combine(output, "model.zip"));
        string[] lines = OtherProcess.DotNet("exec", Path.Combine(app, "ARunOfReviewsModel.dll"));
        Assert.Equal("Predicted label: " + predicted[1][3], lines[0]);
        var labels = lines.Skip(1).Select(line => line.Replace(',', '.').Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
        Assert.Equal(predicted[1][3], labels[0][0]);
        foreach (var (label, probability) in new[] { ("pos", predicted[1][5]), ("neg", predicted[1][6]) })
            Assert.Equal(double.Parse(probability, CultureInfo.InvariantCulture), double.Parse(labels.Single(pair => pair[0] == label)[1], CultureInfo.InvariantCulture), 1e-4);
    }

    [Theory]
    [InlineData("classify", "pairs.csv")]
    [InlineData("label", "words.conll")]
    [InlineData("label", "words.tsv")]
    [InlineData("answer", "questions.jsonl")]
    [InlineData("choose", "choices.jsonl")]
    [InlineData("generate", "endings.jsonl")]
    public void The_program_of_every_task_predicts_with_the_model_that_the_tool_saved(string task, string file)
    {
        using var decoder = new TinyDecoder();
        File.WriteAllText(_folder.At(file), file switch
        {
            "pairs.csv" => "text,text2,label\n" + string.Concat(DataFiles.Rows(40).Select(row => $"{row.Text},it is,{row.Label}\n")),
            "words.conll" => DataFiles.Conll(40),
            "words.tsv" => "sentence\tlabels\n" + string.Concat(DataFiles.Conll(40).Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(rows => string.Join('\t', new[] { 0, 1 }.Select(i => string.Join(' ', rows.Split('\n').Select(row => row.Split(' ')[i])))) + "\n")),
            "questions.jsonl" => DataFiles.Questions(40),
            "choices.jsonl" => DataFiles.Choices(40),
            _ => DataFiles.Endings(40),
        });
        string[] more = task == "generate" ? ["--max-new-tokens", "4"] : ["--no-head-only"];
        var run = CommandLine.Run(["train", task, _folder.At(file), "--backbone", task == "generate" ? decoder.Path : _backbone.Path, "-o", _folder.At("out"), "--epochs", "1", "--prompt-length", "4", "--threads", "1", .. more]);
        Assert.True(run.ExitCode == 0, run.Error);

        // The code looks beside the assemblies, here the tests'.
        string model = Path.Combine(AppContext.BaseDirectory, $"generated-{Guid.NewGuid():N}.zip");
        File.Copy(_folder.At("out/model.zip"), model);
        try
        {
            var files = Directory.GetFiles(_folder.At("out"), "*.cs").ToDictionary(path => Path.GetFileName(path), path => File.ReadAllText(path).Replace("\"model.zip\"", $"\"{Path.GetFileName(model)}\""));
            Assert.Equal(4, files.Count);
            CompiledCode.Load(files).EntryPoint!.Invoke(null, [Array.Empty<string>()]);
        }
        finally
        {
            File.Delete(model);
        }
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
        string unpacked = Path.GetFullPath(Path.Combine(TorchSharpLibrary.Path, "../../../../../../mlnet.ptuning", _version));
        if (Directory.Exists(unpacked)) Directory.Delete(unpacked, recursive: true);
    }

    // Packs what the tests' build built, and builds the project in the folder.
    private string Build(string folder)
    {
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        string packages = _folder.At("packages"), app = _folder.At("app"), project = Assert.Single(Directory.GetFiles(folder, "*.csproj"));
        OtherProcess.DotNet("pack", TorchSharpLibrary.InRepository("src", "MLNet.PTuning"), "--no-build", "-c", configuration, $"-p:PackageVersion={_version}", $"-p:NuspecOutputPath={_folder.At("nuspec")}/", "-o", packages, "-nodeReuse:false", "--tl:off");
        // TorchSharp-cpu would download the native libraries of all systems.
        string libtorch = XDocument.Load(TorchSharpLibrary.InRepository("Directory.Packages.props")).Descendants("LibtorchVersion").Single().Value;
        var xml = XDocument.Load(project);
        XElement Package(string id) => xml.Descendants("PackageReference").Single(package => package.Attribute("Include")!.Value == id);
        Package("MLNet.PTuning").SetAttributeValue("Version", _version);
        var natives = Package("TorchSharp-cpu");
        natives.SetAttributeValue("Include", "libtorch-cpu-" + RuntimeInformation.RuntimeIdentifier);
        natives.SetAttributeValue("Version", libtorch);
        xml.Save(project);
        string[] said = OtherProcess.DotNet("build", project, "-o", app, "-nodeReuse:false", "-p:UseSharedCompilation=false", "--tl:off",
            $"-p:RestoreAdditionalProjectSources={packages}", "-p:NuGetAudit=false", "-p:CreateHardLinksForCopyLocalIfPossible=true");
        Assert.DoesNotContain(said, line => line.Contains("warning CS"));
        return app;
    }
}
