// How many times faster ranks train, from a step's measured time on one of them and from what its message takes on a network.
namespace MLNet.PTuning.Benchmarks.Ranks;

/// <summary>A network.</summary>
/// <param name="Name">For the plot.</param>
/// <param name="BytesPerSecond">Of each host, in each direction.</param>
/// <param name="Latency">Seconds from a message's start to its arrival.</param>
/// <param name="PerMessage">Seconds of a host's processor for each message.</param>
internal sealed record Network(string Name, double BytesPerSecond, double Latency, double PerMessage)
{
    public static readonly Network[] Usual = [new("1 Gbit/s", 1e9 / 8, 100e-6, 5e-6), new("10 Gbit/s", 1e10 / 8, 30e-6, 5e-6)];
}

internal static class SpeedUpModel
{
    public static readonly int[] Ranks = [2, 4, 8, 16, 32, 64, 128, 256];

    /// <summary>What each rank sends a step: its numbers to the ranks that add them up, and its part of the sums to all.</summary>
    public static long BytesSent(long bytes, int ranks) => 2 * bytes * (ranks - 1) / ranks;

    /// <summary>How many times as many rows a second as one rank's, of steps of as many rows: the rows are divided, the message is added.</summary>
    /// <param name="stepSeconds">A step on one rank.</param>
    /// <param name="bytes">Of gradients.</param>
    /// <param name="network">Between the ranks.</param>
    /// <param name="ranks">Their number.</param>
    public static double Of(double stepSeconds, long bytes, Network network, int ranks) => stepSeconds / (stepSeconds / ranks + MessageSeconds(bytes, network, ranks));

    // Two exchanges, in each of which a rank has a message for every other, all under way at once.
    private static double MessageSeconds(long bytes, Network network, int ranks) =>
        2 * (network.Latency + (ranks - 1) * network.PerMessage) + BytesSent(bytes, ranks) / network.BytesPerSecond;
}
