// A link between two network namespaces of a given rate and delay, for kernels that cannot delay packets themselves: this process carries them from one to the other.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace MLNet.PTuning.Benchmarks.Ranks;

/// <summary>Two ends, each a network interface without hardware (TUN) that moves to another namespace; packets pass while it is not disposed.</summary>
internal sealed partial class SlowLink : IDisposable
{
    private const int ReadAndWrite = 2, LongestPacket = 1 << 16;
    private const nuint SetInterface = 0x400454ca;
    private const short PacketsAlone = 0x0001 | 0x1000;

    private readonly int[] _ends;
    private readonly CancellationTokenSource _ended = new();

    /// <summary>Makes the ends; <see cref="Start"/> lets packets pass.</summary>
    /// <exception cref="InvalidOperationException">This process may not.</exception>
    public SlowLink(string first, string second) => _ends = [Open(first), Open(second)];

    /// <summary>Begins to carry packets.</summary>
    /// <param name="megabits">A second, in each direction.</param>
    /// <param name="delayMilliseconds">Of each packet.</param>
    public void Start(int megabits, double delayMilliseconds)
    {
        double ticksPerByte = 8.0 / (megabits * 1e6) * Stopwatch.Frequency;
        long delay = (long)(delayMilliseconds / 1000 * Stopwatch.Frequency);
        for (int i = 0; i < 2; i++)
        {
            var (from, to, queue) = (_ends[i], _ends[1 - i], new BlockingCollection<(long Due, byte[] Packet)>());
            Begin(() => Take(from, queue, ticksPerByte, delay));
            Begin(() => Give(to, queue));
        }

        static void Begin(Action work) => new Thread(() => work()) { IsBackground = true, Priority = ThreadPriority.Highest }.Start();
    }

    public void Dispose()
    {
        _ended.Cancel();
        foreach (int end in _ends) Close(end);
    }

    // A packet is on the wire for as long as its bits take, after those before it, and arrives a delay later.
    private void Take(int from, BlockingCollection<(long, byte[])> queue, double ticksPerByte, long delay)
    {
        var buffer = new byte[LongestPacket];
        double free = 0;
        while (!_ended.IsCancellationRequested)
        {
            int count = (int)Read(from, buffer, LongestPacket);
            if (count <= 0) return;
            free = Math.Max(free, Stopwatch.GetTimestamp()) + count * ticksPerByte;
            queue.Add(((long)free + delay, buffer[..count]));
        }
    }

    private void Give(int to, BlockingCollection<(long Due, byte[] Packet)> queue)
    {
        try
        {
            foreach (var (due, packet) in queue.GetConsumingEnumerable(_ended.Token))
            {
                while (Stopwatch.GetTimestamp() < due) Thread.Yield();
                Write(to, packet, packet.Length);
            }
        }
        catch (OperationCanceledException)
        {
            // The link has ended.
        }
    }

    private static unsafe int Open(string name)
    {
        int end = Open("/dev/net/tun", ReadAndWrite);
        // struct ifreq: a name of 16 bytes, then the flags.
        var request = new byte[40];
        Encoding.ASCII.GetBytes(name, request);
        BitConverter.TryWriteBytes(request.AsSpan(16), PacketsAlone);
        fixed (byte* at = request)
            if (end < 0 || Control(end, SetInterface, at) < 0)
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"/dev/net/tun: error {Marshal.GetLastPInvokeError()}; a link with a delay needs it where the kernel has no netem."));
        return end;
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static unsafe partial int Control(int file, nuint request, byte* argument);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(int file, byte[] buffer, nint count);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int file, byte[] buffer, nint count);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
