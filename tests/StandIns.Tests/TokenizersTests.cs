// Microsoft.ML.Tokenizers, package or stand-in, behaves as Microsoft.ML.Tokenizers was recorded to.
namespace StandIns.Tests;

public sealed class TokenizersTests
{
    private static readonly Suite Recorded = new("Tokenizers", typeof(BertTokenizerScenarios), typeof(BpeTokenizerScenarios));

    public static TheoryData<string> Scenarios => Recorded.Names;

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void GivesWhatWasRecorded(string scenario) => Assert.Empty(Recorded.Differences(scenario));

    [Fact]
    public void EveryRecordedScenarioIsTriedOrLeftOutForAReason() => Assert.Empty(Recorded.Unaccounted);
}
