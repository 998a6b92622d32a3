// The page of a run of each task: its sections, its numbers, and that it needs nothing else.
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html.Dom.Events;
using AngleSharp.Html.Parser;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tool.Report;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tests.Tool.Report;

public sealed class ReportPageTests(TrainedRuns runs) : IClassFixture<TrainedRuns>
{
    [Theory]
    [InlineData(TaskKind.Classify, "scores data curves confusion classes calibration mistakes search settings")]
    [InlineData(TaskKind.Label, "scores data curves confusion classes calibration mistakes settings")]
    [InlineData(TaskKind.Answer, "scores data curves calibration mistakes settings")]
    [InlineData(TaskKind.Choose, "scores data curves calibration mistakes settings")]
    [InlineData(TaskKind.Generate, "scores data curves mistakes settings")]
    public void A_task_has_the_sections_that_apply_to_it(object task, string sections)
    {
        var page = Parse(runs.All[(TaskKind)task]);
        Assert.Equal(sections, string.Join(' ', page.QuerySelectorAll("section").Select(s => s.Id)));
        Assert.Equal(sections, string.Join(' ', page.QuerySelectorAll("nav a").Select(a => a.GetAttribute("href")![1..])));
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Every_number_is_one_of_metrics_json_and_shown_as_it_is_there(object task)
    {
        var run = runs.All[(TaskKind)task];
        string json = JsonSerializer.Serialize(new { run.Data, run.Scores, run.HeadOnly, run.Majority, run.Training, run.HeadOnlyTraining, run.Search, run.ModelBytes, run.Seconds, Report = ReportFigures.Of(run) });
        var numbers = TestRuns.Numbers(JsonDocument.Parse(json).RootElement).ToHashSet();
        var shown = Parse(run).QuerySelectorAll("data");
        Assert.True(shown.Length > 40);
        foreach (var number in shown)
        {
            double value = double.Parse(number.GetAttribute("value")!, CultureInfo.InvariantCulture);
            Assert.Contains(value, numbers);
            string text = number.TextContent.Replace(",", "", StringComparison.Ordinal);
            if (text.EndsWith('%')) Assert.Equal(100 * value, double.Parse(text[..^1], CultureInfo.InvariantCulture), 0.00501);
            else if (double.TryParse(text, CultureInfo.InvariantCulture, out double rounded)) Assert.Equal(value, rounded, Math.Max(5.01e-5, Math.Abs(value) * 5.01e-3));
        }
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Nothing_refers_to_another_file_or_host_and_nothing_runs(object task)
    {
        string html = Html(runs.All[(TaskKind)task]);
        var page = new HtmlParser().ParseDocument(html);
        Assert.Empty(page.QuerySelectorAll("script, link, img, image, iframe, object, embed, base, form, meta[http-equiv=refresh]"));
        foreach (var attribute in page.All.SelectMany(element => element.Attributes))
        {
            Assert.False(attribute.Name.StartsWith("on", StringComparison.OrdinalIgnoreCase));
            if (attribute.LocalName is "href" or "src") Assert.StartsWith("#", attribute.Value);
            Assert.All(Regex.Matches(attribute.Value, @"url\(([^)]*)\)").Select(match => match.Groups[1].Value), target => Assert.StartsWith("#", target));
        }
        Assert.DoesNotMatch(@"(?i)url\(|@import|expression\(", page.QuerySelector("style")!.TextContent);
        Assert.DoesNotContain("http", html.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal).Replace("http-equiv", "", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Headings_tables_and_plots_have_the_names_that_screen_readers_say(object task)
    {
        var page = Parse(runs.All[(TaskKind)task]);
        Assert.Equal("en", page.DocumentElement.GetAttribute("lang"));
        Assert.Single(page.QuerySelectorAll("h1"));
        Assert.All(page.QuerySelectorAll("section"), section => Assert.Equal(section.QuerySelector("h2")!.Id, section.GetAttribute("aria-labelledby")));
        Assert.All(page.QuerySelectorAll("table"), table =>
        {
            Assert.NotEqual("", table.QuerySelector("caption")!.TextContent);
            Assert.NotEmpty(table.QuerySelectorAll("thead th[scope=col]"));
            Assert.All(table.QuerySelectorAll("tbody tr"), row => Assert.Equal("row", row.FirstElementChild!.GetAttribute("scope")));
        });
        Assert.All(page.QuerySelectorAll("figure svg"), svg =>
        {
            Assert.Equal("img", svg.GetAttribute("role"));
            Assert.NotEqual("", page.GetElementById(svg.GetAttribute("aria-labelledby")!)!.TextContent);
            Assert.Empty(svg.QuerySelectorAll("[font-family]"));
        });
        Assert.NotEmpty(page.QuerySelectorAll("figure svg"));
        string[] ids = [.. page.QuerySelectorAll("[id]").Select(element => element.Id!)];
        Assert.Equal(ids.Distinct(), ids);
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void The_same_run_gives_the_same_page_to_the_byte(object task)
    {
        var run = runs.All[(TaskKind)task];
        using var folder = new TempFolder();
        ReportFile.Write(run, folder.Path);
        Assert.Equal(Html(run), File.ReadAllText(folder.At("report.html")));
    }

    [Fact]
    public void Plots_take_their_colors_from_the_style()
    {
        foreach (var attribute in Parse(runs.All[TaskKind.Classify]).QuerySelectorAll("figure svg *").SelectMany(element => element.Attributes).Where(a => a.Name is "fill" or "stroke"))
            Assert.Matches(@"^(none|var\(--[a-z0-9-]+\))$", attribute.Value);
    }

    [Fact]
    public void A_calibrated_model_is_shown_before_and_after_on_test_and_validation_rows()
    {
        var rows = Parse(runs.All[TaskKind.Classify]).QuerySelectorAll("#calibration tbody").First().QuerySelectorAll("th");
        Assert.Equal(["test rows, before temperature scaling", "test rows, as the model predicts", "validation rows, before temperature scaling", "validation rows, after it"], rows.Select(th => th.TextContent.Trim()));
    }

    [Fact]
    public void Without_test_rows_it_says_that_nothing_is_known_of_how_good_the_model_is()
    {
        var page = Parse(TestRuns.Classified([], ["a", "b"]) with { Scores = null });
        Assert.Equal("data curves settings", string.Join(' ', page.QuerySelectorAll("section").Select(s => s.Id)));
        Assert.Contains("--test", page.QuerySelector("header")!.TextContent);
    }

    [Fact]
    public void Of_thousands_of_classes_a_part_is_shown_and_that_is_said()
    {
        string[] classes = [.. Enumerable.Range(0, 5000).Select(i => $"class {i}")];
        var random = new Random(1);
        ClassifiedText[] rows = [.. Enumerable.Range(0, 6000).Select(i => new ClassifiedText($"{i}", "a text", null, classes[i % 5000], classes[random.Next(5000)], [0.7f, 0.3f]))];
        string html = Html(TestRuns.Classified(rows, classes));
        Assert.InRange(html.Length, 10_000, 400_000);
        var page = new HtmlParser().ParseDocument(html);
        Assert.Equal(21, page.QuerySelectorAll("#confusion .heat tbody tr").Length);
        Assert.All(["data", "confusion", "classes"], id => Assert.Contains("of 5000", page.QuerySelector($"#{id}")!.TextContent));
        Assert.Equal(6000, page.QuerySelectorAll("#confusion .heat tbody td").Sum(td => int.Parse(td.TextContent, CultureInfo.InvariantCulture)));
    }

    public static TheoryData<object> Tasks => [TaskKind.Classify, TaskKind.Label, TaskKind.Answer, TaskKind.Choose, TaskKind.Generate];

    private static string Html(TrainingRun run) => ReportPage.Of(run, ReportFigures.Of(run));

    // What a browser would have to mend is an error.
    private static IDocument Parse(TrainingRun run)
    {
        string html = Html(run);
        string[] lines = html.Split('\n');
        var parser = new HtmlParser();
        var errors = new List<string>();
        parser.Error += (_, error) => errors.Add(error is HtmlErrorEvent { Message: var message, Position: var at } ? $"{message} {at}: {lines[at.Line - 1]}" : "");
        var page = parser.ParseDocument(html);
        Assert.Empty(errors);
        return page;
    }
}
