// The stand-ins declare what the real packages declare, and nothing public beside it.
#if STANDINS
using System.Reflection;

namespace StandIns.Tests;

public sealed class ApiListingTests
{
    private static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "api", name + ".txt");

    [Theory]
    [InlineData("TorchSharp", "TorchSharp")]
    [InlineData("Microsoft.ML.DataView", "Microsoft.ML")]
    [InlineData("Microsoft.ML.Core", "Microsoft.ML")]
    [InlineData("Microsoft.ML.Data", "Microsoft.ML")]
    [InlineData("Microsoft.ML.Transforms", "Microsoft.ML")]
    [InlineData("Microsoft.ML.Tokenizers", "Microsoft.ML.Tokenizers")]
    public void DeclaresOnlyWhatThePackageDeclares(string assembly, string listing)
    {
        IReadOnlyCollection<string> declared = ApiListing.Of(Assembly.Load(assembly));
        var known = File.ReadLines(Fixture(listing)).ToHashSet(StringComparer.Ordinal);

        Assert.NotEmpty(declared);
        Assert.Empty(declared.Except(known));
    }

    [SharedTheory("api")]
    [InlineData("TorchSharp", "TorchSharp-0.102-to-0.106.txt")]
    [InlineData("Microsoft.ML", "Microsoft.ML-5.0.0.txt")]
    [InlineData("Microsoft.ML.Tokenizers", "Microsoft.ML.Tokenizers-2.0.0.txt")]
    public void FixtureIsPartOfTheFullListing(string listing, string full)
    {
        var known = File.ReadLines(Path.Combine(SharedTheoryAttribute.Folder, "api", full)).ToHashSet(StringComparer.Ordinal);

        Assert.Empty(File.ReadLines(Fixture(listing)).Except(known));
    }
}
#endif
