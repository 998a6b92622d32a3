// Microsoft.ML, package or stand-in, behaves as Microsoft.ML was recorded to.
namespace StandIns.Tests;

public sealed class MicrosoftMLTests
{
    private static readonly Suite Recorded = new(
        "Microsoft.ML",
        typeof(SchemaScenarios), typeof(VBufferScenarios), typeof(EnumerableScenarios), typeof(TextFileScenarios),
        typeof(DataOperationsScenarios), typeof(KeyScenarios), typeof(ColumnScenarios),
        typeof(ChainScenarios), typeof(ModelFileScenarios), typeof(PredictionEngineScenarios),
        typeof(MulticlassMetricsScenarios), typeof(BinaryMetricsScenarios),
        typeof(ContextScenarios), typeof(OwnDataViewScenarios));

    public static TheoryData<string> Scenarios => Recorded.Names;

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void GivesWhatWasRecorded(string scenario) => Assert.Empty(Recorded.Differences(scenario));

    [Fact]
    public void EveryRecordedScenarioIsTriedOrLeftOutForAReason() => Assert.Empty(Recorded.Unaccounted);
}
