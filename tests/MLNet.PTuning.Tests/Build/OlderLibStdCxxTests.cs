// The build step's task on made-up systems: when it makes a copy of TorchSharp's library, when it does not, and what it says.
using System.Collections;
using Microsoft.Build.Framework;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Build;

public sealed class OlderLibStdCxxTests : IDisposable
{
    private readonly TempFolder _system = new(), _output = new();

    [Fact]
    public void Where_only_the_unused_version_is_missing_a_weakened_copy_is_made_and_one_line_says_so()
    {
        byte[] genuine = File.ReadAllBytes(TorchSharpLibrary.Path);
        TorchSharpLibrary.WriteSystem(_system.Path, lacks: need => need.Version == TorchSharpLibrary.UnusedVersion);
        string line = Assert.Single(Run());
        Assert.StartsWith("High: MLNet.PTuning: ", line);
        Assert.Contains("GLIBCXX_3.4.32", line);
        Assert.Contains("AllowOlderLibStdCxx=false", line);
        Assert.Equal(["finding.txt", "libLibTorchSharp.so"], Written());
        byte[] copy = File.ReadAllBytes(_output.At("libLibTorchSharp.so"));
        Assert.Equal(1, genuine.Zip(copy, (a, b) => a != b ? 1 : 0).Sum());
        Assert.Equal(genuine, File.ReadAllBytes(TorchSharpLibrary.Path));
    }

    [Fact]
    public void Where_nothing_is_missing_nothing_is_copied_and_nothing_said()
    {
        TorchSharpLibrary.WriteSystem(_system.Path, lacks: _ => false);
        Assert.Empty(Run());
        Assert.Equal(["finding.txt"], Written());
    }

    [Fact]
    public void A_copy_that_is_weakened_already_needs_no_other()
    {
        TorchSharpLibrary.WriteSystem(_system.Path, lacks: need => need.Version == TorchSharpLibrary.UnusedVersion);
        Run();
        string weakened = _output.At("libLibTorchSharp.so");
        using var second = new TempFolder();
        Assert.Empty(Run(weakened, second.Path));
        Assert.Equal(["finding.txt"], Written(second));
    }

    [Theory]
    [InlineData("GLIBC_2.34", "GLIBC_2.34 of libc.so.6")]
    [InlineData("GLIBCXX_3.4.30", "GLIBCXX_3.4.30 of libstdc++.so.6")]
    public void Where_more_is_missing_all_stays_as_it_is_and_the_line_names_it(string missing, string named)
    {
        TorchSharpLibrary.WriteSystem(_system.Path, lacks: need => need.Version == TorchSharpLibrary.UnusedVersion || need.Version == missing);
        string line = Assert.Single(Run());
        Assert.StartsWith("Warning: MLNet.PTuning: ", line);
        Assert.EndsWith($"TorchSharp will not load here: {named}.", line);
        Assert.Equal(["finding.txt"], Written());
    }

    // Alpine has GCC's libraries, but musl in place of glibc.
    [Fact]
    public void Libraries_that_the_system_lacks_are_named_once_each()
    {
        TorchSharpLibrary.WriteSystem(_system.Path, lacks: _ => false);
        foreach (string glibc in new[] { "libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2" }) File.Delete(_system.At(glibc));
        Assert.EndsWith("TorchSharp will not load here: ld-linux-x86-64.so.2, libm.so.6, libc.so.6.", Assert.Single(Run()));
        Assert.Equal(["finding.txt"], Written());
    }

    [Fact]
    public void A_library_that_uses_the_missing_version_is_left_as_it_is()
    {
        // Every symbol of another version becomes one of the missing version.
        var library = ElfFile.Read(TorchSharpLibrary.Path);
        var used = library.Needs.Single(need => need.Version == "GLIBCXX_3.4.30");
        var unused = library.Needs.Single(need => need.Version == TorchSharpLibrary.UnusedVersion);
        byte[] image = File.ReadAllBytes(TorchSharpLibrary.Path);
        image[used.FlagsAt + 2] = (byte)unused.Index;
        image[unused.FlagsAt + 2] = (byte)used.Index;
        using var source = new TempFolder();
        TorchSharpLibrary.WriteSystem(_system.Path, lacks: need => need.Version == TorchSharpLibrary.UnusedVersion);
        Assert.Contains("uses symbols of GLIBCXX_3.4.32", Assert.Single(Run(source.Write("libLibTorchSharp.so", image))));
        Assert.Equal(["finding.txt"], Written());
    }

    [Fact]
    public void A_damaged_library_is_left_as_it_is_and_the_line_says_so()
    {
        using var source = new TempFolder();
        byte[] damaged = File.ReadAllBytes(TorchSharpLibrary.Path)[..100_000];
        string path = source.Write("libLibTorchSharp.so", damaged);
        TorchSharpLibrary.WriteSystem(_system.Path, lacks: need => need.Version == TorchSharpLibrary.UnusedVersion);
        Assert.Contains($"{path} is damaged", Assert.Single(Run(path)));
        Assert.Equal(["finding.txt"], Written());
        Assert.Equal(damaged, File.ReadAllBytes(path));
    }

    [Fact]
    public async Task Of_builds_at_the_same_time_one_speaks_and_the_copy_is_whole()
    {
        TorchSharpLibrary.WriteSystem(_system.Path, lacks: need => need.Version == TorchSharpLibrary.UnusedVersion);
        var runs = Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(() => Run(), TaskCreationOptions.LongRunning)).ToArray();
        Assert.Single((await Task.WhenAll(runs)).SelectMany(lines => lines));
        Assert.Equal(["finding.txt", "libLibTorchSharp.so"], Written());
        Assert.Equal(new FileInfo(TorchSharpLibrary.Path).Length, new FileInfo(_output.At("libLibTorchSharp.so")).Length);
    }

    public void Dispose()
    {
        _system.Dispose();
        _output.Dispose();
    }

    // The lines that a build would show.
    private List<string> Run(string? source = null, string? folder = null)
    {
        var build = new Lines();
        var task = new OlderLibStdCxx { Source = source ?? TorchSharpLibrary.Path, Folder = folder ?? _output.Path, SystemFolders = ["/nowhere", _system.Path], BuildEngine = build };
        Assert.True(task.Execute());
        return build.Shown;
    }

    private IEnumerable<string> Written(TempFolder? folder = null) => Directory.GetFiles((folder ?? _output).Path).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal);

    private sealed class Lines : IBuildEngine
    {
        public List<string> Shown { get; } = [];

        public bool ContinueOnError => false;
        public int LineNumberOfTaskNode => 0;
        public int ColumnNumberOfTaskNode => 0;
        public string ProjectFileOfTaskNode => "";

        public void LogMessageEvent(BuildMessageEventArgs e) => Shown.Add($"{e.Importance}: {e.Message}");
        public void LogErrorEvent(BuildErrorEventArgs e) => Shown.Add($"Error: {e.Message}");
        public void LogWarningEvent(BuildWarningEventArgs e) => Shown.Add($"Warning: {e.Message}");
        public void LogCustomEvent(CustomBuildEventArgs e) => Shown.Add(e.Message!);
        public bool BuildProjectFile(string projectFileName, string[] targetNames, IDictionary globalProperties, IDictionary targetOutputs) => false;
    }
}
