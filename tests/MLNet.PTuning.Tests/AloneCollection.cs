// Tests that look at what the whole process shares run while no other test does.
namespace MLNet.PTuning.Tests;

[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
