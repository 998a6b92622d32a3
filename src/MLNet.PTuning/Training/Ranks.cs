// What ranks do together before, between and after the steps of a run.
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Training;

/// <summary>Work of several ranks. Of a single one it costs nothing.</summary>
internal static class Ranks
{
    /// <summary>Does this rank's part of work that all do; where it fails, the others are told.</summary>
    public static T Together<T>(this ICommunicator ranks, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e)
        {
            ranks.Fail(e.Message);
            throw;
        }
    }

    /// <summary>This rank's block of rows, from the first one until before the end: of as many blocks as there are ranks, which differ by a row at most.</summary>
    public static (long First, long End) Block(this ICommunicator ranks, long rows) => (rows * ranks.Rank / ranks.Size, rows * (ranks.Rank + 1) / ranks.Size);

    /// <summary>Rank 0's value, as JSON.</summary>
    public static T FromFirst<T>(this ICommunicator ranks, T value)
    {
        if (ranks.Size == 1) return value;
        byte[] bytes = ranks.Rank == 0 ? JsonSerializer.SerializeToUtf8Bytes(value, RunState.Json) : [];
        int[] length = [bytes.Length];
        ranks.Broadcast(MemoryMarshal.AsBytes(length.AsSpan()));
        if (ranks.Rank > 0) bytes = new byte[length[0]];
        ranks.Broadcast(bytes);
        return ranks.Rank == 0 ? value : JsonSerializer.Deserialize<T>(bytes, RunState.Json)!;
    }

    /// <summary>Refuses ranks that would train something else than rank 0.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="identity">Names and values of what must be the same on all.</param>
    /// <exception cref="ArgumentException">A rank's differ; the same message on every rank.</exception>
    public static void CheckAlike(this ICommunicator ranks, SortedDictionary<string, string> identity)
    {
        if (ranks.Size == 1) return;
        var all = ranks.Gather(JsonSerializer.SerializeToUtf8Bytes(identity)).Select(bytes => JsonSerializer.Deserialize<Dictionary<string, string>>(bytes)!).ToList();
        string[] different = [.. all[0].Keys.Union(identity.Keys).SelectMany(name => Enumerable.Range(1, ranks.Size - 1).Where(rank => Value(rank, name) != Value(0, name))
            .Take(1).Select(rank => $"{name}: {Value(0, name)} on rank 0, {Value(rank, name)} on rank {rank}"))];
        if (different.Length > 0)
            throw new ArgumentException($"The ranks would not do the same ({string.Join("; ", different)}). Start all of them with the same rows, settings and backbone.");

        string Value(int rank, string name) => all[rank].GetValueOrDefault(name, "nothing");
    }

    /// <summary>What one rank trained, on all ranks.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="owner">The one that has it.</param>
    /// <param name="own">Its tensors by name; not read on the others.</param>
    public static IReadOnlyDictionary<string, TensorData> FromRank(this ICommunicator ranks, int owner, Func<IReadOnlyDictionary<string, TensorData>> own)
    {
        TensorData[] tensors = ranks.Rank == owner ? [.. own().Values] : [];
        float[] values = [.. tensors.SelectMany(tensor => tensor.Floats.ToArray())];
        var shapes = JsonSerializer.Deserialize<Dictionary<string, long[]>>(ranks.Gather(JsonSerializer.SerializeToUtf8Bytes(tensors.ToDictionary(t => t.Name, t => t.Shape)))[owner])!;
        values = MemoryMarshal.Cast<byte, float>(ranks.Gather(MemoryMarshal.AsBytes(values.AsSpan()))[owner]).ToArray();
        int at = 0;
        return shapes.ToDictionary(shape => shape.Key, shape => new TensorData(shape.Key, shape.Value, values[at..(at += (int)shape.Value.Aggregate(1L, (a, b) => a * b))]));
    }

    /// <summary>Gives tensors the values that they have on rank 0.</summary>
    public static void Broadcast(this ICommunicator ranks, IEnumerable<torch.Tensor> tensors)
    {
        if (ranks.Size == 1) return;
        foreach (var tensor in tensors)
        {
            float[] values = ComputeThread.Run(() => ParameterFactory.ToArray(tensor));
            ranks.Broadcast(MemoryMarshal.AsBytes(values.AsSpan()));
            if (ranks.Rank > 0) ComputeThread.Run(() => ParameterFactory.Copy(values, tensor));
        }
    }

    /// <summary>What there is to say where they were not alike after an epoch, from 0.</summary>
    public static string NotAlike(int epoch) =>
        $"After epoch {epoch + 1} the ranks' parameters differ in their last bits, as they do where machines have different processors; all go on with those of rank 0.";

    /// <summary>Whether parameters have the same bits on all ranks. Where not, they have rank 0's from here on.</summary>
    public static bool Align(this ICommunicator ranks, IReadOnlyList<Parameter> parameters)
    {
        if (ranks.Size == 1) return true;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (float[] values in Validation.Snapshot(parameters)) hash.AppendData(MemoryMarshal.AsBytes(values.AsSpan()));
        var hashes = ranks.Gather(hash.GetHashAndReset());
        if (hashes.All(other => other.AsSpan().SequenceEqual(hashes[0]))) return true;
        ranks.Broadcast(parameters.Select(p => (torch.Tensor)p.Value));
        return false;
    }
}
