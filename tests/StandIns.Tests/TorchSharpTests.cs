// TorchSharp, package or stand-in, behaves as TorchSharp was recorded to.
namespace StandIns.Tests;

public sealed class TorchSharpTests
{
    private static readonly Suite Recorded = new(
        "TorchSharp",
        typeof(TensorCreationScenarios), typeof(TensorShapeScenarios), typeof(TensorMathScenarios), typeof(AutogradScenarios), typeof(DisposeScopeScenarios));

    public static TheoryData<string> Scenarios => Recorded.Names;

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void GivesWhatWasRecorded(string scenario) => Assert.Empty(Recorded.Differences(scenario));

    [Fact]
    public void EveryRecordedScenarioIsTriedOrLeftOutForAReason() => Assert.Empty(Recorded.Unaccounted);
}
