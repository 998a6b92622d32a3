// Compiles generated files as their project would, in memory.
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using MLNet.PTuning.Tool.Code;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tests.Tool;

internal static class CompiledCode
{
    // Of the tests' process: .NET, ML.NET, the library.
    private static readonly MetadataReference[] References = [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))];

    // What ImplicitUsings of a console project brings.
    private const string Usings = """
        global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;
        """;

    /// <summary>Errors and warnings of a run's generated files.</summary>
    public static IReadOnlyList<string> Faults(TrainingRun run) =>
        [.. Compilation(GeneratedCode.Files(run)).GetDiagnostics().Where(fault => fault.Severity >= DiagnosticSeverity.Warning).Select(fault => $"{fault} in\n{fault.Location.SourceTree}")];

    /// <summary>The assembly of a run's generated files.</summary>
    public static Assembly Load(TrainingRun run) => Load(GeneratedCode.Files(run));

    /// <summary>The assembly of files, given by name and text.</summary>
    public static Assembly Load(IReadOnlyDictionary<string, string> files)
    {
        using var image = new MemoryStream();
        var emitted = Compilation(files).Emit(image);
        Assert.True(emitted.Success, string.Join('\n', emitted.Diagnostics));
        return Assembly.Load(image.ToArray());
    }

    private static CSharpCompilation Compilation(IReadOnlyDictionary<string, string> files) => CSharpCompilation.Create(
        "Generated" + Guid.NewGuid().ToString("N"),
        [CSharpSyntaxTree.ParseText(Usings), .. files.Where(file => file.Key.EndsWith(".cs")).Select(file => CSharpSyntaxTree.ParseText(file.Value, path: file.Key))],
        References,
        new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
}
