// The folders of the library depend on each other in one direction only.
using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace MLNet.PTuning.Tests.Build;

public class FolderTests
{
    // Each may use those before it. What lies in no folder is the catalogs.
    private static readonly string[] Order = ["Files", "Text", "Backbones", "Tuning", "Tasks", "Training", "Pipeline", "Serving", ""];

    [Fact]
    public void A_folder_uses_no_type_of_a_folder_above_it()
    {
        string root = Path.GetFullPath("../../../src/MLNet.PTuning", SourceFolder());
        var files = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories).Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}"));
        SyntaxTree[] trees = [.. files.Select(f => CSharpSyntaxTree.ParseText(File.ReadAllText(f), path: Path.GetRelativePath(root, f)))];
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) != "MLNet.PTuning.dll").Select(path => MetadataReference.CreateFromFile(path));
        var usings = CSharpSyntaxTree.ParseText("global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Threading; global using System.Threading.Tasks;");
        var compilation = CSharpCompilation.Create("folders", [usings, .. trees], references, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));

        var uses = from tree in trees
                   let model = compilation.GetSemanticModel(tree)
                   let folder = FolderOf(tree.FilePath)
                   from name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>()
                   let symbol = model.GetSymbolInfo(name).Symbol
                   let type = symbol as INamedTypeSymbol ?? symbol?.ContainingType
                   from declaration in type?.OriginalDefinition.DeclaringSyntaxReferences ?? []
                   select (File: tree.FilePath, Type: type!.Name, From: folder, To: FolderOf(declaration.SyntaxTree.FilePath));
        var all = uses.Distinct().ToList();
        // The test reads something: each folder uses types of its own.
        Assert.Equal(Order.Length, all.Where(use => use.From == use.To).Select(use => use.From).Distinct().Count());
        Assert.All(all, use => Assert.Contains(use.From, Order));
        Assert.Empty(all.Where(use => Array.IndexOf(Order, use.To) > Array.IndexOf(Order, use.From)).Select(use => $"{use.File} uses {use.Type} of {use.To}"));
    }

    private static string FolderOf(string path) => path.Split('/', '\\') is [var folder, _, ..] ? folder : "";

    private static string SourceFolder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
