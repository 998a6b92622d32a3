// The service's page as a person sees it, in a browser.
using System.Runtime.CompilerServices;
using MLNet.PTuning.Tests.Files;
using PuppeteerSharp;
using PuppeteerSharp.Media;

namespace MLNet.PTuning.Tests.Hosting;

public sealed class TaskPageTests(ServiceFiles files, Browser browser) : IClassFixture<ServiceFiles>, IClassFixture<Browser>, IDisposable
{
    // Draws the picture in docs anew: "1" trains the example's tasks for it, anything else is a folder that has them.
    private const string UpdateScreenshots = "UPDATE_SCREENSHOTS";

    private const string Html = "<img src=x onerror=document.title='run'> <b>good</b> & film";

    private readonly TempFolder _folder = files.Copy();

    [SkippableFact]
    public async Task A_text_gets_every_tasks_answer_with_bars_and_marked_words()
    {
        await using var service = await StartAsync();
        var page = await browser.OpenAsync(service.Address);
        await AskAsync(page, "good film, and a very odd book", "a bad day");
        Assert.Equal(["entities", "pairs", "reviews"], await TextsAsync(page, ".card h2"));
        Assert.Equal((await service.Server.PredictAsync("reviews", "good film, and a very odd book")).Scores.OrderByDescending(score => score.Probability).Select(score => score.Label), await TextsAsync(page, "[data-task=reviews] .class"));
        var answer = await service.Server.PredictAsync("reviews", "good film, and a very odd book");
        double shown = await page.EvaluateExpressionAsync<double>("(r => r('.fill') / r('.track'))(s => document.querySelector('[data-task=reviews] ' + s).getBoundingClientRect().width)");
        Assert.Equal(answer.Scores.Max(score => score.Probability), shown, 0.02);
        Assert.Equal(2, (await TextsAsync(page, "[data-task=pairs] .percent")).Length);
        var entities = (await service.Server.PredictAsync("entities", "good film, and a very odd book")).Entities;
        Assert.Equal(entities.Select(entity => entity.Text + entity.Type), await TextsAsync(page, "[data-task=entities] mark"));
        Assert.StartsWith("3 tasks: entities, pairs, reviews", Assert.Single(await TextsAsync(page, "#summary")));
    }

    [SkippableFact]
    public async Task Entities_are_marked_in_their_text()
    {
        await using var service = await StartAsync();
        var page = await browser.OpenAsync(service.Address);
        string[] marked = await page.EvaluateFunctionAsync<string[]>("""
            () => {
              const shown = marked("Ada <i>of</i> Turin", [{ type: "PER", text: "Ada", start: 0, end: 3, probability: 1 }, { type: "LOC", text: "Turin", start: 14, end: 19, probability: .5 }], ["LOC", "PER"]);
              return [shown.textContent, ...[...shown.querySelectorAll("mark")].map(mark => mark.className + " " + mark.textContent), String(shown.querySelectorAll("i").length)];
            }
            """);
        Assert.Equal(["AdaPER <i>of</i> TurinLOC", "type-1 AdaPER", "type-0 TurinLOC", "0"], marked);
    }

    [SkippableFact]
    public async Task A_text_with_HTML_in_it_is_shown_as_text()
    {
        await using var service = await StartAsync();
        var page = await browser.OpenAsync(service.Address);
        await AskAsync(page, Html, "");
        string shown = Assert.Single(await TextsAsync(page, "[data-task=entities] .marked"));
        Assert.Contains("<img src=x onerror=document.title='run'>", shown);
        Assert.Equal(0, await page.EvaluateExpressionAsync<int>("document.querySelectorAll('.card img, .card b').length"));
        Assert.Equal("Tasks on one backbone", await page.GetTitleAsync());
        Assert.Contains("give the second one", string.Concat(await TextsAsync(page, "[data-task=pairs] .note")));
    }

    [SkippableFact]
    public async Task It_follows_the_systems_dark_theme_and_fits_a_phone()
    {
        await using var service = await StartAsync();
        var page = await browser.OpenAsync(service.Address, width: 340, height: 600);
        string[] light = await ColorsAsync(page);
        await page.EmulateMediaFeaturesAsync([new MediaFeatureValue { MediaFeature = MediaFeature.PrefersColorScheme, Value = "dark" }]);
        string[] dark = await ColorsAsync(page);
        Assert.All(light.Zip(dark), pair => Assert.NotEqual(pair.First, pair.Second));
        await AskAsync(page, "good film " + new string('w', 300), new string('v', 300));
        Assert.True(await page.EvaluateExpressionAsync<bool>("document.documentElement.scrollWidth <= innerWidth"));
        Assert.Equal(3, (await TextsAsync(page, ".card h2")).Length);
    }

    [SkippableFact]
    public async Task The_keyboard_alone_is_enough_and_errors_are_shown()
    {
        await using var service = await StartAsync("PTuning:Server:MaxTextLength=5");
        var page = await browser.OpenAsync(service.Address);
        await page.WaitForSelectorAsync("#second-part:not([hidden])");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync("good films");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForSelectorAsync(".card");
        Assert.Contains("up to 5 characters", string.Concat(await TextsAsync(page, "[data-task=reviews] .fault")));
    }

    [SkippableFact]
    public async Task Without_tasks_it_says_how_to_make_some()
    {
        using var empty = new TempFolder();
        await using var service = await RunningService.StartAsync(empty.Path, files.Backbones);
        var page = await browser.OpenAsync(service.Address);
        await page.WaitForSelectorAsync("#none:not([hidden])");
        Assert.Contains("--train", string.Concat(await TextsAsync(page, "#none code")));
        Assert.Contains("--train", service.Log);
    }

    [SkippableFact]
    public async Task It_can_be_drawn()
    {
        using var trained = new TempFolder();
        string? update = Environment.GetEnvironmentVariable(UpdateScreenshots);
        if (update == "1") TaskService.Training.Run(trained.Path);
        string tasks = update switch { null or "" => _folder.Path, "1" => trained.Path, _ => update };
        await using var service = await RunningService.StartAsync(tasks, update is null or "" ? files.Backbones : Path.Combine(AppContext.BaseDirectory, "backbones"));
        var page = await browser.OpenAsync(service.Address, width: 1060, height: 600);
        await AskAsync(page, "Anna Keller left Vienna in May to teach at the University of Oslo, and she has enjoyed every day of it.", "Where does Anna Keller work now?");
        string path = update is null or "" ? Path.Combine(AppContext.BaseDirectory, "task-service.png") : InDocs("task-service.png");
        await page.ScreenshotAsync(path, new ScreenshotOptions { FullPage = true });
        Assert.True(new FileInfo(path).Length > 10_000);
    }

    public void Dispose() => _folder.Dispose();

    private Task<RunningService> StartAsync(params string[] settings) => RunningService.StartAsync(_folder.Path, files.Backbones, settings);

    private static async Task AskAsync(IPage page, string text, string second)
    {
        await page.WaitForSelectorAsync("#form:not([hidden])");
        await page.WaitForFunctionAsync("() => tasks.length > 0");
        await page.TypeAsync("#text", text);
        if (second != "" && await page.QuerySelectorAsync("#second-part:not([hidden])") is not null) await page.TypeAsync("#second", second);
        await page.ClickAsync("button");
        await page.WaitForSelectorAsync(".card");
    }

    private static Task<string[]> TextsAsync(IPage page, string selector) => page.EvaluateFunctionAsync<string[]>("selector => [...document.querySelectorAll(selector)].map(e => e.textContent)", selector);

    private static Task<string[]> ColorsAsync(IPage page) => page.EvaluateFunctionAsync<string[]>("() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color, getComputedStyle(document.querySelector('textarea')).backgroundColor]");

    private static string InDocs(string name, [CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "..", "docs", name));
}
