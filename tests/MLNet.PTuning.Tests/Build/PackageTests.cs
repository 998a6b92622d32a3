// The NuGet packages that `dotnet pack` makes: their files, their dependencies, and what they say of themselves.
using System.IO.Compression;
using System.Xml.Linq;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tests.Pipeline;
using TorchSharp;

namespace MLNet.PTuning.Tests.Build;

public sealed class PackageTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void The_package_holds_the_library_the_step_for_older_Linux_and_three_dependencies()
    {
        using var package = Pack("MLNet.PTuning");
        Assert.Equal(
            ["LICENSE", "MLNet.PTuning.nuspec", "README.md", "buildTransitive/MLNet.PTuning.targets", "buildTransitive/OlderLibStdCxx.cs", "lib/net10.0/MLNet.PTuning.dll", "lib/net10.0/MLNet.PTuning.xml"],
            // The rest is what every package has.
            package.Entries.Select(entry => entry.FullName).Where(name => !name.StartsWith("_rels/") && !name.StartsWith("package/") && name != "[Content_Types].xml").Order(StringComparer.Ordinal));

        using var nuspec = package.GetEntry("MLNet.PTuning.nuspec")!.Open();
        XElement metadata = XDocument.Load(nuspec).Root!.Elements().Single();
        string Value(string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;
        Assert.Equal(("MIT", "README.md"), (Value("license"), Value("readme")));
        Assert.Contains("mlnet", Value("tags").Split(' '));
        var dependencies = metadata.Descendants().Where(element => element.Name.LocalName == "dependency").ToDictionary(d => d.Attribute("id")!.Value, d => d.Attribute("version")!.Value);
        Assert.Equal(["Microsoft.ML", "Microsoft.ML.Tokenizers", "TorchSharp"], dependencies.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(typeof(torch).Assembly.GetName().Version!.ToString(3), dependencies["TorchSharp"]);
    }

    [Fact]
    public void The_package_for_hosts_holds_its_library_and_depends_on_this_one_and_on_what_every_host_has()
    {
        using var package = Pack("MLNet.PTuning.Hosting");
        Assert.Equal(["lib/net10.0/MLNet.PTuning.Hosting.dll", "lib/net10.0/MLNet.PTuning.Hosting.xml"], package.Entries.Select(entry => entry.FullName).Where(name => name.StartsWith("lib/")).Order(StringComparer.Ordinal));
        using var nuspec = package.GetEntry("MLNet.PTuning.Hosting.nuspec")!.Open();
        Assert.Equal(["MLNet.PTuning", "Microsoft.Extensions.Diagnostics.HealthChecks", "Microsoft.Extensions.Hosting.Abstractions", "Microsoft.Extensions.Options.ConfigurationExtensions"],
            XDocument.Load(nuspec).Descendants().Where(element => element.Name.LocalName == "dependency").Select(d => d.Attribute("id")!.Value).Order(StringComparer.Ordinal));
    }

    public void Dispose() => _folder.Dispose();

    // Packs what the tests' build built.
    private ZipArchive Pack(string project)
    {
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        OtherProcess.DotNet("pack", TorchSharpLibrary.InRepository("src", project), "--no-build", "-c", configuration, "-o", _folder.Path, "-nodeReuse:false", "--tl:off");
        return ZipFile.OpenRead(Assert.Single(Directory.GetFiles(_folder.Path)));
    }
}
