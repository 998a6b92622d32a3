// Resident memory of this process without what .NET's garbage collector would give back.
namespace MLNet.PTuning.Benchmarks;

internal static class ResidentMemory
{
    /// <summary>In bytes, after a collection.</summary>
    public static long Measure()
    {
        Collect();
        return Environment.WorkingSet;
    }

    /// <summary>Gives back garbage that is not collected yet, and memory that the garbage collector holds in reserve: it commits and decommits regions of 4 MB.</summary>
    public static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }
}
