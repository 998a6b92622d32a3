// A browser without a window, for tests of pages.
using MLNet.PTuning.Tests.Files;
using PuppeteerSharp;

namespace MLNet.PTuning.Tests.Hosting;

/// <summary>Chromium as this system has it, else installed once by apt-get where that is possible. Shared by the tests of a class, which skip where there is none.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

    private static readonly string[] Flags =
        ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

    private static readonly Lazy<string?> Program = new(() => Find() ?? (DebianPackages.Install("chromium", "fonts-liberation") ? Find() : null));

    private readonly TempFolder _profile = new();
    private IBrowser? _browser;

    /// <summary>Opens a page in a new tab; skips the test where there is no browser.</summary>
    public async Task<IPage> OpenAsync(string address, int width = 1000, int height = 700)
    {
        Skip.If(Program.Value is null, "needs Chromium, which is not installed here, nor could apt-get install it");
        _browser ??= await Puppeteer.LaunchAsync(new LaunchOptions { ExecutablePath = Program.Value, Headless = true, Args = Flags, UserDataDir = _profile.Path });
        var page = await _browser.NewPageAsync();
        await page.SetViewportAsync(new ViewPortOptions { Width = width, Height = height });
        await page.GoToAsync(address);
        return page;
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _profile.Dispose();
    }

    private static string? Find() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
}
