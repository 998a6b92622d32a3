// The tool's package: packed from the tests' build, installed from a folder alone, and run.
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Build;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tests.Pipeline;

namespace MLNet.PTuning.Tests.Tool;

public sealed class ToolPackageTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _backbone = new();

    [Fact]
    public async Task A_packed_tool_is_installed_from_its_folder_and_computes()
    {
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        OtherProcess.DotNet("pack", TorchSharpLibrary.InRepository("src", "MLNet.PTuning.Tool"), "--no-build", "-c", configuration, "-o", _folder.At("packages"), "-nodeReuse:false", "--tl:off");
        Assert.InRange(new FileInfo(Assert.Single(Directory.GetFiles(_folder.At("packages")))).Length, 10 << 20, 400 << 20);
        // No other source than the folder.
        File.WriteAllText(_folder.At("NuGet.config"), $"<configuration><packageSources><clear /><add key=\"folder\" value=\"{_folder.At("packages")}\" /></packageSources></configuration>");
        OtherProcess.DotNet("tool", "install", "MLNet.PTuning.Tool", "--tool-path", _folder.At("tools"), "--configfile", _folder.At("NuGet.config"), "--version", typeof(DeepPrompt).Assembly.GetCustomAttributes(false).OfType<System.Reflection.AssemblyInformationalVersionAttribute>().Single().InformationalVersion.Split('+')[0]);

        File.WriteAllText(_folder.At("rows.csv"), DataFiles.Csv(40));
        string tool = _folder.At(OperatingSystem.IsWindows() ? "tools/ptuning.exe" : "tools/ptuning");
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(tool, ["train", "classify", _folder.At("rows.csv"), "--backbone", _backbone.Path, "-o", _folder.At("out"), "--epochs", "1", "--threads", "1", "--json"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await error);
        Assert.Equal("classify", System.Text.Json.JsonDocument.Parse(output).RootElement.GetProperty("task").GetString());
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }
}
