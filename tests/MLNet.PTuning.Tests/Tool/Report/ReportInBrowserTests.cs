// The report in a browser: it opens from the disk, fits a phone, has a dark form, and prints.
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tool.Report;
using MLNet.PTuning.Tool.Run;
using PuppeteerSharp;
using PuppeteerSharp.Media;
using Browser = MLNet.PTuning.Tests.Hosting.Browser;

namespace MLNet.PTuning.Tests.Tool.Report;

public sealed class ReportInBrowserTests(TrainedRuns runs, Browser browser) : IClassFixture<TrainedRuns>, IClassFixture<Browser>, IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<object> Tasks => [TaskKind.Classify, TaskKind.Label, TaskKind.Answer, TaskKind.Choose, TaskKind.Generate];

    [SkippableTheory]
    [MemberData(nameof(Tasks))]
    public async Task It_opens_from_the_disk_without_a_message_and_without_a_request(object task)
    {
        await using var page = await browser.OpenAsync("about:blank");
        List<string> messages = [], requests = [];
        page.Console += (_, e) => messages.Add(e.Message.Text);
        page.PageError += (_, e) => messages.Add(e.Message);
        page.Request += (_, e) => requests.Add(e.Request.Url);
        string address = await Open(page, runs.All[(TaskKind)task]);
        Assert.Empty(messages);
        Assert.Equal([address], requests);
    }

    [SkippableTheory]
    [MemberData(nameof(Tasks))]
    public async Task On_a_phone_only_tables_scroll_sideways(object task)
    {
        await using var page = await browser.OpenAsync("about:blank");
        await page.SetViewportAsync(new ViewPortOptions { Width = 375, Height = 800, IsMobile = true });
        await Open(page, Wide(runs.All[(TaskKind)task]));
        Assert.Equal(375, await page.EvaluateExpressionAsync<int>("document.documentElement.scrollWidth"));
        Assert.Equal("", await page.EvaluateExpressionAsync<string>("[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll') && e.getBoundingClientRect().right > 375.5).map(e => e.outerHTML.slice(0, 200)).join('\\n')"));
        Assert.InRange(await page.EvaluateExpressionAsync<double>("Math.min(...[...document.querySelectorAll('figure text')].map(t => t.getBoundingClientRect().height))"), 8, 100);
    }

    [SkippableFact]
    public async Task It_is_dark_where_the_reader_asks_for_it_and_texts_keep_their_contrast()
    {
        await using var page = await browser.OpenAsync("about:blank");
        await Open(page, runs.All[TaskKind.Classify]);
        var contrasts = new List<double>();
        var pages = new List<double>();
        foreach (string scheme in new[] { "light", "dark" })
        {
            await page.EmulateMediaFeaturesAsync([new MediaFeatureValue { MediaFeature = MediaFeature.PrefersColorScheme, Value = scheme }]);
            double background = Luminance(await Color(page, "body", "backgroundColor"));
            pages.Add(background);
            foreach (var (element, property) in new[] { ("body", "color"), (".note", "color"), ("figure text", "fill"), ("nav a", "color") })
                contrasts.Add(Contrast(background, Luminance(await Color(page, element, property))));
        }
        Assert.InRange(pages[0], 0.9, 1);
        Assert.InRange(pages[1], 0, 0.05);
        // WCAG 2.1, level AA.
        Assert.All(contrasts, contrast => Assert.InRange(contrast, 4.5, 21));
    }

    [SkippableTheory]
    [MemberData(nameof(Tasks))]
    public async Task It_prints_to_pages_of_a_light_PDF(object task)
    {
        await using var page = await browser.OpenAsync("about:blank");
        await page.EmulateMediaFeaturesAsync([new MediaFeatureValue { MediaFeature = MediaFeature.PrefersColorScheme, Value = "dark" }]);
        await Open(page, runs.All[(TaskKind)task]);
        byte[] pdf = await page.PdfDataAsync(new PdfOptions { Format = PaperFormat.A4, PreferCSSPageSize = true });
        Assert.StartsWith("%PDF-", Encoding.ASCII.GetString(pdf, 0, 5));
        Assert.InRange(Encoding.Latin1.GetString(pdf).Split("/Type /Page\n").Length - 1, 2, 30);
        await page.EmulateMediaTypeAsync(MediaType.Print);
        Assert.Equal(1, Luminance(await Color(page, "body", "backgroundColor")), 1e-6);
    }

    // Of the file that REPORT_FILE names, else of a tiny model's report: UPDATE_SCREENSHOTS=1 REPORT_FILE=FOLDER/report.html dotnet test tests/MLNet.PTuning.Tests --filter FullyQualifiedName~Screenshot
    [SkippableFact]
    public async Task Screenshot_of_a_report_is_written_to_docs_where_it_is_asked_for()
    {
        Skip.If(Environment.GetEnvironmentVariable("UPDATE_SCREENSHOTS") != "1", "writes docs/report.png where UPDATE_SCREENSHOTS=1 asks for it");
        await using var page = await browser.OpenAsync("about:blank");
        await page.SetViewportAsync(new ViewPortOptions { Width = 1000, Height = 2600 });
        if (Environment.GetEnvironmentVariable("REPORT_FILE") is { } file) await page.GoToAsync(new Uri(Path.GetFullPath(file)).AbsoluteUri);
        else await Open(page, runs.All[TaskKind.Classify]);
        await page.ScreenshotAsync(Path.GetFullPath("../../../../docs/report.png", SourceFolder()));
    }

    public void Dispose() => _folder.Dispose();

    private async Task<string> Open(IPage page, TrainingRun run)
    {
        ReportFile.Write(run, _folder.Path);
        string address = new Uri(_folder.At("report.html")).AbsoluteUri;
        await page.GoToAsync(address, WaitUntilNavigation.Networkidle0);
        return address;
    }

    // Names without a place to break them.
    private static TrainingRun Wide(TrainingRun run) => run with
    {
        CommandLine = "ptuning " + new string('x', 300), ModelFile = "/" + new string('m', 200), BackboneFolder = "/" + new string('b', 200),
        Data = run.Data with { Warnings = [new string('w', 300)], TrainingFile = run.Data.TrainingFile with { Path = new string('p', 300) } },
    };

    private static async Task<double[]> Color(IPage page, string element, string property)
    {
        string color = await page.EvaluateExpressionAsync<string>($"getComputedStyle(document.querySelector('{element}')).{property}");
        return [.. color[(color.IndexOf('(', StringComparison.Ordinal) + 1)..^1].Split(',').Take(3).Select(part => double.Parse(part, CultureInfo.InvariantCulture) / 255)];
    }

    private static double Luminance(double[] color)
    {
        double[] linear = [.. color.Select(c => c <= 0.03928 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4))];
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    }

    private static double Contrast(double one, double other) => (Math.Max(one, other) + 0.05) / (Math.Min(one, other) + 0.05);

    private static string SourceFolder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
