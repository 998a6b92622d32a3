// Files of questions are read in memory for a paragraph, whatever their size.
using Microsoft.ML;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

// The memory that is measured is the process's.
[Collection(AloneCollection.Name)]
public sealed class SquadStreamingTests
{
    [Fact]
    public void A_large_file_is_read_in_a_small_part_of_its_size()
    {
        // 64 MB; the same memory serves for any size, because a paragraph is kept at a time.
        using var folder = new TempFolder();
        string path = folder.At("large.json"), context = string.Concat(Enumerable.Repeat("so it was a film ", 600));
        using (var writer = new StreamWriter(path))
        {
            writer.Write("{\"data\": [");
            for (int article = 0; article < 640; article++)
            {
                writer.Write((article > 0 ? "," : "") + "{\"paragraphs\": [");
                for (int p = 0; p < 10; p++) writer.Write($"{(p > 0 ? "," : "")}{{\"context\": \"{context}\", \"qas\": [{{\"id\": \"{article}-{p}\", \"question\": \"q\", \"answers\": []}}]}}");
                writer.Write("]}");
            }
            writer.Write("]}");
        }
        Assert.True(new FileInfo(path).Length > 60_000_000);
        var view = new MLContext().Data.LoadFromSquad(path);
        long before = GC.GetTotalMemory(forceFullCollection: true), most = 0;
        int rows = 0;
        using var cursor = view.GetRowCursor(view.Schema);
        while (cursor.MoveNext())
            if (++rows % 1000 == 0) most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
        Assert.Equal(6400, rows);
        Assert.InRange(most, -10_000_000, 4_000_000);
    }
}
