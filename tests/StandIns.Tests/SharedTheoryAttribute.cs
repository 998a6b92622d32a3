// Tests that need the material beside the checkout, which not every machine has.
namespace StandIns.Tests;

/// <summary>A theory that is skipped where the folder ../shared, or the part of it that is named, is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedTheoryAttribute : TheoryAttribute
{
    public SharedTheoryAttribute(string part)
    {
        if (!Directory.Exists(Path.Combine(Folder, part)))
            Skip = $"needs ../shared/{part}";
    }

    /// <summary>The folder "shared" beside the repository, or where it would be.</summary>
    public static string Folder { get; } = Path.Combine(RepositoryRoot(), "..", "shared");

    private static string RepositoryRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Directory.Packages.props")))
            folder = folder.Parent;
        return folder?.FullName ?? AppContext.BaseDirectory;
    }
}
