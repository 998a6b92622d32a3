// Damages files in many ways, always the same ones for a seed, to see that readers report the damage.
using System.Globalization;
using System.Text;

namespace MLNet.PTuning.Tests.Files;

internal static class Mutations
{
    private static readonly long[] s_lengths = [0, 1, -1, 7, 255, 256, 65535, int.MaxValue, uint.MaxValue, int.MinValue, long.MaxValue, long.MinValue, 1L << 30, 1L << 40, 100_000_000];

    private static readonly string[] s_numbers = ["0", "-1", "1e999", "0.5", "2147483647", "2147483648", "4294967296", "9223372036854775807", "99999999999999999999", "null", "\"1\"", "[]", "{}", "true"];

    /// <summary>Loads damaged copies of a file and checks that each loads or fails with an error made for files that are damaged or not supported.</summary>
    /// <param name="name">What the file is, for messages.</param>
    /// <param name="original">The undamaged bytes.</param>
    /// <param name="count">Number of copies.</param>
    /// <param name="load">Reads everything that a copy holds.</param>
    public static void AllLoadOrFailCleanly(string name, byte[] original, int count, Action<byte[]> load)
    {
        int current = 0, failed = 0;
        Task run = Task.Factory.StartNew(() =>
        {
            load(original);
            for (; current < count; current++)
            {
                (string how, byte[] bytes) = Mutate(original, new Random(current));
                long before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    load(bytes);
                }
                catch (Exception error) when (error is InvalidDataException or FileNotFoundException or NotSupportedException)
                {
                    failed++;
                }
                catch (Exception error)
                {
                    throw new InvalidOperationException($"{name}, copy {current} ({how}): {error.GetType().Name}: {error.Message}", error);
                }
                long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.True(allocated < 1L << 28, $"{name}, copy {current} ({how}): {allocated} bytes were allocated");
            }
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        // Only so that a hang fails the test instead of stopping the run.
        Assert.True(Task.WhenAny(run, Task.Delay(TimeSpan.FromMinutes(2))).GetAwaiter().GetResult() == run, $"{name}: copy {current} hangs");
        run.GetAwaiter().GetResult();
        Assert.True(failed > count / 10, $"{name}: only {failed} of {count} damaged copies were noticed, so the damage does not reach what is checked");
    }

    private static (string How, byte[] Bytes) Mutate(byte[] original, Random random)
    {
        // Damage to lengths, names and offsets shows more than damage among the numbers: half of it goes to the beginning or the end.
        int near = Math.Min(original.Length, 600);
        int at = random.Next(4) switch { 0 => random.Next(near), 1 => original.Length - 1 - random.Next(near), _ => random.Next(original.Length) };
        byte[] bytes = [.. original];
        switch (random.Next(8))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return ($"a bit of byte {at} flipped", bytes);
            case 1:
                for (int i = 0; i < 8; i++)
                    bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return ("eight bits flipped", bytes);
            case 2:
                return ($"cut at byte {at}", bytes[..at]);
            case 3:
                int end = Math.Min(bytes.Length, at + 1 + random.Next(64));
                return ($"bytes {at} to {end} removed", [.. bytes[..at], .. bytes[end..]]);
            case 4:
                end = Math.Min(bytes.Length, at + 1 + random.Next(64));
                return ($"bytes {at} to {end} repeated", [.. bytes[..end], .. bytes[at..]]);
            case 5:
                byte[] length = BitConverter.GetBytes(s_lengths[random.Next(s_lengths.Length)])[..(1 << random.Next(1, 4))];
                length.AsSpan(0, Math.Min(length.Length, bytes.Length - at)).CopyTo(bytes.AsSpan(at));
                return ($"the length {Convert.ToHexString(length)} written at byte {at}", bytes);
            case 6:
                int other = random.Next(bytes.Length), width = Math.Min(1 << random.Next(1, 4), bytes.Length - Math.Max(at, other));
                byte[] kept = bytes[at..(at + width)];
                bytes.AsSpan(other, width).CopyTo(bytes.AsSpan(at));
                kept.CopyTo(bytes, other);
                return ($"{width} bytes at {at} and {other} swapped", bytes);
            default:
                return ReplaceNumber(bytes, at, s_numbers[random.Next(s_numbers.Length)]);
        }
    }

    // The run of digits at or after an offset becomes another number, or no number.
    private static (string How, byte[] Bytes) ReplaceNumber(byte[] bytes, int at, string number)
    {
        int start = at;
        while (start < bytes.Length && !char.IsAsciiDigit((char)bytes[start]))
            start++;
        int end = start;
        while (end < bytes.Length && char.IsAsciiDigit((char)bytes[end]))
            end++;
        return (string.Create(CultureInfo.InvariantCulture, $"{number} in place of the digits at byte {start}"), [.. bytes[..start], .. Encoding.ASCII.GetBytes(number), .. bytes[end..]]);
    }
}
