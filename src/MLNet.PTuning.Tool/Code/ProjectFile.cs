// NAME.csproj: a console app with the package, TorchSharp's native libraries, the model and its backbone.
using System.Globalization;
using System.Text;
using TorchSharp;

namespace MLNet.PTuning.Tool.Code;

internal static class ProjectFile
{
    public static string Of(GeneratedModel model)
    {
        string backbone = FromFolder(model, model.Run.BackboneFolder), data = FromFolder(model, model.File.Path);
        return $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <RootNamespace>{model.Namespace}</RootNamespace>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <ManagePackageVersionsCentrally>false</ManagePackageVersionsCentrally>
                <!-- Native libraries of this system alone. Remove both lines for an output that other systems can run too, which is twice as large. -->
                <UseCurrentRuntimeIdentifier>true</UseCurrentRuntimeIdentifier>
                <SelfContained>false</SelfContained>
                <!-- true: the training file is copied beside the app, where {model.Name}.RetrainFilePath says. -->
                <CopyTrainingData>false</CopyTrainingData>
              </PropertyGroup>
              <ItemGroup>
                <!-- The folder that has this package: dotnet nuget add source FOLDER -->
                <PackageReference Include="MLNet.PTuning" Version="{model.Run.Version}" />
                <!-- Or TorchSharp-cuda-linux, TorchSharp-cuda-windows. -->
                <PackageReference Include="TorchSharp-cpu" Version="{typeof(torch).Assembly.GetName().Version!.ToString(3)}" />
              </ItemGroup>
              <ItemGroup>
                <!-- The model and the backbone that it was trained on are copied beside the app. -->
                <Content Include="{Escape(Path.GetFileName(model.Run.ModelFile))}" CopyToOutputDirectory="PreserveNewest" />
                <Content Include="{backbone}/**" Exclude="{backbone}/**/.*/**" LinkBase="{Escape(model.BackboneName)}" CopyToOutputDirectory="PreserveNewest" />
                <Content Include="{data}" Condition="'$(CopyTrainingData)' == 'true'" Link="{Escape(Path.GetFileName(model.File.Path))}" CopyToOutputDirectory="PreserveNewest" />
              </ItemGroup>
            </Project>

            """;
    }

    // Relative where both are on one drive.
    private static string FromFolder(GeneratedModel model, string path) =>
        Escape(Path.TrimEndingDirectorySeparator(Path.GetRelativePath(model.Folder, Path.GetFullPath(path))).Replace(Path.DirectorySeparatorChar, '/'));

    // MSBuild's own escapes, which XML leaves alone.
    private static string Escape(string path)
    {
        var escaped = new StringBuilder();
        foreach (char c in path)
            _ = char.IsAsciiLetterOrDigit(c) || !char.IsAscii(c) || c is '/' or '.' or '-' or '_' or ':' or ' ' or '+' or ',' ? escaped.Append(c) : escaped.Append(CultureInfo.InvariantCulture, $"%{(int)c:X2}");
        return escaped.ToString();
    }
}
