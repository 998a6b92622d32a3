// What a pass over a file's rows keeps of them: how many there are, their classes, and what tells equal ones.
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace MLNet.PTuning.Tool.Data;

/// <summary>20 bytes a row, whatever its length.</summary>
internal sealed class RowTable
{
    private RowTable() { }

    /// <summary>For each row that has all it needs, a hash of what the model reads.</summary>
    public List<UInt128> Inputs { get; } = [];

    /// <summary>For each of these, a hash of its gold label.</summary>
    public List<int> Golds { get; } = [];

    /// <summary>Rows without a text or a label.</summary>
    public int Skipped { get; private set; }

    /// <summary>Reads all rows.</summary>
    public static RowTable Of(RowReader rows, CancellationToken cancellation)
    {
        var table = new RowTable();
        foreach (var row in rows.Read())
        {
            cancellation.ThrowIfCancellationRequested();
            if (row is null)
            {
                table.Skipped++;
                continue;
            }
            table.Inputs.Add(Hash(row.Input));
            table.Golds.Add((int)(uint)Hash(row.Gold));
        }
        return table;
    }

    private static UInt128 Hash(string text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(MemoryMarshal.AsBytes(text.AsSpan()), hash);
        return MemoryMarshal.Read<UInt128>(hash);
    }
}
