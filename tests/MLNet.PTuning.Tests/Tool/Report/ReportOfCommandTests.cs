// The report that ptuning train leaves beside the model.
using System.Globalization;
using System.Text.Json;
using AngleSharp.Html.Parser;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Tool.Report;

public sealed class ReportOfCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _backbone = new();

    [Theory]
    [InlineData("classify", "reviews.csv", "--prompt-length", "4", "--validation-share", "0.2")]
    [InlineData("classify", "reviews.csv", "--search", "2")]
    [InlineData("label", "words.conll", "--prompt-length", "4")]
    [InlineData("answer", "questions.jsonl")]
    [InlineData("choose", "choices.jsonl")]
    public void Every_number_of_the_report_is_in_metrics_json(string task, string file, params string[] more)
    {
        File.WriteAllText(_folder.At(file), task switch { "classify" => DataFiles.Csv(60), "label" => DataFiles.Conll(60), "answer" => DataFiles.Questions(60), _ => DataFiles.Choices(60) });
        var run = CommandLine.Run(["train", task, _folder.At(file), "--backbone", _backbone.Path, "-o", _folder.At("out"), "--threads", "1", "--epochs", "2", .. more]);
        Assert.True(run.ExitCode == 0, run.Error);
        var metrics = JsonDocument.Parse(File.ReadAllText(_folder.At("out/metrics.json"))).RootElement;
        var numbers = TestRuns.Numbers(metrics).ToHashSet();
        var page = new HtmlParser().ParseDocument(File.ReadAllText(_folder.At("out/report.html")));
        var shown = page.QuerySelectorAll("data");
        Assert.True(shown.Length > 30);
        Assert.All(shown, number => Assert.Contains(double.Parse(number.GetAttribute("value")!, CultureInfo.InvariantCulture), numbers));
        Assert.Contains(metrics.GetProperty("commandLine").GetString()!, page.QuerySelector("#settings")!.TextContent);
        foreach (var interval in metrics.GetProperty("report").GetProperty("intervals").EnumerateObject())
            Assert.Equal(metrics.GetProperty("scores").GetProperty("all").GetProperty(interval.Name).GetDouble(), interval.Value.GetProperty("value").GetDouble(), 1e-9);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }
}
