// The project that a training run leaves, built against the package and run: it predicts what the model predicted when it was tested.
using System.Globalization;
using System.Runtime.InteropServices;
using System.Xml.Linq;
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Build;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tests.Pipeline;
using MLNet.PTuning.Tool.Code;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

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
        var rows = Reviews.Rows(40);
        var ml = new MLContext(seed: 1);
        var options = new TextClassificationOptions(backbone) { Method = new DeepPrompt { Length = 4 }, Epochs = 8, LearningRate = 0.05, BatchSize = 8 };
        var model = Reviews.Pipeline(ml, options).Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel")).Fit(ml.Data.LoadFromEnumerable(rows));
        var tested = ml.Model.CreatePredictionEngine<Review, Predicted>(model).Predict(rows[3]);
        string[] classes = ["positive", "negative"];
        string output = Directory.CreateDirectory(_folder.At("a run; of 'reviews'")).FullName;
        string modelFile = Path.Combine(output, "model.zip");
        ml.Model.SaveSafely(model, ml.Data.LoadFromEnumerable(rows).Schema, modelFile);
        GeneratedCode.Write(ExampleRuns.Of(TaskKind.Classify, FileForm.Delimited, ("Text", "my text"), ("Label", "class")) with
        {
            Options = options,
            TestRows = [new ClassifiedText("5", rows[3].Text!, null, rows[3].Label!, tested.PredictedLabel, tested.Score)],
            ModelFile = modelFile,
            BackboneFolder = backbone,
            Version = _version,
        }, output);

        string app = Build(output);
        // What it needs lies beside it.
        Directory.Delete(backbone, recursive: true);
        File.Delete(modelFile);
        string[] lines = OtherProcess.DotNet("exec", Path.Combine(app, "ARunOfReviewsModel.dll"));
        var sorted = classes.Zip(tested.Score).OrderByDescending(pair => pair.Second);
        Assert.Equal([$"Predicted label: {tested.PredictedLabel}", .. sorted.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.First,-40}{pair.Second:f4}"))], lines.Select(line => line.TrimEnd().Replace(',', '.')));
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
        OtherProcess.DotNet("pack", TorchSharpLibrary.InRepository("src", "MLNet.PTuning"), "--no-build", "-c", configuration, $"-p:PackageVersion={_version}", "-o", packages, "-nodeReuse:false", "--tl:off");
        // TorchSharp-cpu would download the native libraries of all systems.
        string libtorch = XDocument.Load(TorchSharpLibrary.InRepository("Directory.Packages.props")).Descendants("LibtorchVersion").Single().Value;
        string text = File.ReadAllText(project);
        Assert.Contains("\"TorchSharp-cpu\" Version=\"0.107.0\"", text);
        File.WriteAllText(project, text.Replace("\"TorchSharp-cpu\" Version=\"0.107.0\"", $"\"libtorch-cpu-{RuntimeInformation.RuntimeIdentifier}\" Version=\"{libtorch}\""));
        string[] said = OtherProcess.DotNet("build", project, "-o", app, "-nodeReuse:false", "-p:UseSharedCompilation=false", "--tl:off",
            $"-p:RestoreAdditionalProjectSources={packages}", "-p:NuGetAudit=false", "-p:CreateHardLinksForCopyLocalIfPossible=true");
        Assert.DoesNotContain(said, line => line.Contains("warning CS"));
        return app;
    }

    private sealed class Predicted
    {
        public string PredictedLabel { get; set; } = "";
        public float[] Score { get; set; } = [];
    }
}
