// Finds the files that tests read: fixtures, which every machine has, and ../shared, which only some have (tests that need it skip).
using System.Runtime.CompilerServices;

namespace MLNet.PTuning.Tests;

internal static class Shared
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(SourceFolder(), "..", "..", "..", "shared"));

    /// <summary>A file or folder under ../shared, seen from the repository's root.</summary>
    public static string At(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>A file or folder under tests/MLNet.PTuning.Tests/fixtures.</summary>
    public static string Fixture(params string[] parts) => Path.Combine([AppContext.BaseDirectory, "fixtures", .. parts]);

    /// <summary>Why a test that needs <paramref name="path"/> of ../shared cannot run here; null where it can.</summary>
    public static string? ReasonToSkip(string path) =>
        Path.Exists(At(path)) ? null : $"needs ../shared/{path}, which this machine does not have";

    private static string SourceFolder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}

/// <summary>A test that needs a file or folder of ../shared; where it is absent the test is skipped and says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SharedFactAttribute : FactAttribute
{
    public SharedFactAttribute(string path = "") => Skip = Shared.ReasonToSkip(path);
}

/// <inheritdoc cref="SharedFactAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SharedTheoryAttribute : TheoryAttribute
{
    public SharedTheoryAttribute(string path = "") => Skip = Shared.ReasonToSkip(path);
}
