// The build step in an app's own build on a made-up system: which of the two files reaches the output, and when the step runs again.
using System.Runtime.InteropServices;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tests.Pipeline;
using TorchSharp;

namespace MLNet.PTuning.Tests.Build;

public sealed class BuildStepTests : IDisposable
{
    private readonly TempFolder _app = new();

    [LinuxX64Fact]
    public void Outputs_have_the_weakened_copy_or_the_genuine_file_whenever_the_step_is_switched()
    {
        byte[] genuine = File.ReadAllBytes(TorchSharpLibrary.Path);
        string system = Directory.CreateDirectory(_app.At("system")).FullName;
        TorchSharpLibrary.WriteSystem(system, lacks: need => need.Version == TorchSharpLibrary.UnusedVersion);
        File.WriteAllText(_app.At("Program.cs"), "return 0;");
        File.WriteAllText(_app.At("App.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <UseAppHost>false</UseAppHost>
                <NuGetAudit>false</NuGetAudit>
                <CreateHardLinksForCopyLocalIfPossible>true</CreateHardLinksForCopyLocalIfPossible>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="TorchSharp" Version="{typeof(torch).Assembly.GetName().Version!.ToString(3)}" />
              </ItemGroup>
              <Import Project="{TorchSharpLibrary.InRepository("build", "MLNet.PTuning.targets")}" />
              <Target Name="TakeMadeUpSystem" BeforeTargets="WeakenLibTorchSharp">
                <ItemGroup>
                  <_SystemLibraryFolder Remove="@(_SystemLibraryFolder)" />
                  <_SystemLibraryFolder Include="{system}" />
                </ItemGroup>
              </Target>
            </Project>
            """);

        Assert.Single(Publish(), line => line.Contains("GLIBCXX_3.4.32"));
        Assert.All(Outputs(), output => Assert.Equal(1, genuine.Zip(output, (a, b) => a != b ? 1 : 0).Sum()));
        Publish("-p:AllowOlderLibStdCxx=false");
        Assert.All(Outputs(), output => Assert.Equal(genuine, output));
        // What was found the first time is still known.
        Assert.DoesNotContain(Publish(), line => line.Contains("GLIBCXX_3.4.32"));
        Assert.All(Outputs(), output => Assert.NotEqual(genuine, output));
        Assert.Equal(genuine, File.ReadAllBytes(TorchSharpLibrary.Path));
    }

    public void Dispose() => _app.Dispose();

    private string[] Publish(params string[] properties) =>
        OtherProcess.DotNet(["publish", _app.At("App.csproj"), "-c", "Release", "-v", "m", "-nodeReuse:false", "-p:UseSharedCompilation=false", "--tl:off", .. properties]);

    private IEnumerable<byte[]> Outputs()
    {
        string output = Path.Combine(_app.Path, "bin", "Release", "net10.0");
        return new[] { output, Path.Combine(output, "publish") }.Select(folder => File.ReadAllBytes(Path.Combine(folder, "runtimes", "linux-x64", "native", "libLibTorchSharp.so")));
    }
}

/// <summary>A test of what concerns Linux on x64 alone; elsewhere it is skipped and says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LinuxX64FactAttribute : FactAttribute
{
    public LinuxX64FactAttribute() =>
        Skip = OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64 ? null : "the step runs on Linux on x64 alone";
}
