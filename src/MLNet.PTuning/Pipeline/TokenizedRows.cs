// Makes examples of all rows: on all cores, and of several ranks each makes some, which all then have.
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Training;

namespace MLNet.PTuning.Pipeline;

/// <summary>A row as the model reads it.</summary>
/// <param name="Length">Its word pieces before it was cut.</param>
/// <param name="IsMarked">What its task has to say of it.</param>
/// <param name="Examples">Its examples.</param>
internal readonly record struct TokenizedRow(int Length, bool IsMarked, IReadOnlyList<Example> Examples)
{
    /// <summary>The example of a row that has one.</summary>
    public Example Example => Examples[0];
}

/// <summary>Tokenizes rows.</summary>
internal static class TokenizedRows
{
    /// <summary>All rows, in their order.</summary>
    /// <param name="ranks">The ranks: each tokenizes a block of the rows.</param>
    /// <param name="rows">The rows, the same on every rank.</param>
    /// <param name="tokenize">Makes one row's examples.</param>
    public static IReadOnlyList<TokenizedRow> Of<T>(ICommunicator ranks, IReadOnlyList<T> rows, Func<T, TokenizedRow> tokenize)
    {
        if (ranks.Size == 1) return TextRows.OnAllCores(rows, tokenize);
        var (first, end) = ranks.Block(rows.Count);
        using var bytes = new MemoryStream();
        using (var writer = new BinaryWriter(bytes))
            foreach (var row in TextRows.OnAllCores(rows.Skip((int)first).Take((int)(end - first)), tokenize)) Write(writer, row);
        return [.. ranks.Gather(bytes.ToArray()).SelectMany(Read)];
    }

    private static void Write(BinaryWriter to, TokenizedRow row)
    {
        to.Write7BitEncodedInt(row.Length);
        to.Write(row.IsMarked);
        to.Write7BitEncodedInt(row.Examples.Count);
        foreach (var example in row.Examples)
        {
            foreach (int[] values in (int[][])[example.Ids, example.Types, example.ReadPositions, example.Targets, example.RowStarts]) Write(to, values);
            to.Write7BitEncodedInt(example.Means?.Length ?? -1);
            foreach (int[] mean in example.Means ?? []) Write(to, mean);
            to.Write7BitEncodedInt((int)example.Over);
            to.Write7BitEncodedInt(example.PassSize);
        }
    }

    // Most numbers are small, or a negative one's distance from 0.
    private static void Write(BinaryWriter to, int[] values)
    {
        to.Write7BitEncodedInt(values.Length);
        foreach (int value in values) to.Write7BitEncodedInt((value << 1) ^ (value >> 31));
    }

    private static IEnumerable<TokenizedRow> Read(byte[] bytes)
    {
        using var from = new BinaryReader(new MemoryStream(bytes));
        while (from.BaseStream.Position < bytes.Length)
        {
            int length = from.Read7BitEncodedInt();
            bool isMarked = from.ReadBoolean();
            var examples = new Example[from.Read7BitEncodedInt()];
            for (int i = 0; i < examples.Length; i++)
            {
                int[] ids = Numbers(from), types = Numbers(from), positions = Numbers(from), targets = Numbers(from), starts = Numbers(from);
                int means = from.Read7BitEncodedInt();
                examples[i] = new Example(ids, types, positions, targets)
                {
                    RowStarts = starts,
                    Means = means < 0 ? null : [.. Enumerable.Range(0, means).Select(_ => Numbers(from))],
                    Over = (SoftmaxOver)from.Read7BitEncodedInt(),
                    PassSize = from.Read7BitEncodedInt(),
                };
            }
            yield return new TokenizedRow(length, isMarked, examples);
        }
    }

    private static int[] Numbers(BinaryReader from)
    {
        var values = new int[from.Read7BitEncodedInt()];
        for (int i = 0; i < values.Length; i++)
        {
            int value = from.Read7BitEncodedInt();
            values[i] = (int)((uint)value >> 1) ^ -(value & 1);
        }
        return values;
    }
}
