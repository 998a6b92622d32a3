// Two network namespaces of this machine, joined by a pair of virtual interfaces: two hosts as far as MPI can see, with an address each and TCP between them.
using System.Diagnostics;
using System.Globalization;

namespace MLNet.PTuning.Benchmarks.Ranks;

/// <summary>Two hosts; removed when disposed. Needs root, and iproute2.</summary>
internal sealed class NetworkPair : IDisposable
{
    private const string FirstAddress = "10.91.7.1", SecondAddress = "10.91.7.2", Both = "10.91.7.0/24";
    private const int PacketBytes = 9000;

    private readonly string _first, _second, _here, _there;
    private readonly SlowLink? _link;

    /// <param name="megabits">What each host can send, a second; 0 for no limit.</param>
    /// <param name="delayMilliseconds">Of each packet.</param>
    /// <exception cref="InvalidOperationException">This machine allows none.</exception>
    public NetworkPair(int megabits = 0, double delayMilliseconds = 0)
    {
        string id = (Environment.ProcessId % 100_000).ToString(CultureInfo.InvariantCulture);
        (_first, _second, _here, _there) = ($"ptuning-{id}-a", $"ptuning-{id}-b", "va" + id, "vb" + id);
        Ip($"netns add {_first}");
        Ip($"netns add {_second}");
        Ip($"link add {_here} type veth peer name {_there}");
        if (megabits > 0 && !IsLimited(megabits, delayMilliseconds))
        {
            Ip($"link delete {_here}");
            _link = new SlowLink(_here, _there);
        }
        foreach (var (host, device, address) in new[] { (_first, _here, FirstAddress), (_second, _there, SecondAddress) })
        {
            Ip($"link set {device} netns {host}");
            Ip($"-n {host} address add {address}/24 dev {device}");
            // As many bytes a packet as networks of computing centers have.
            Ip($"-n {host} link set {device} mtu {PacketBytes}");
            Ip($"-n {host} link set lo up");
            Ip($"-n {host} link set {device} up");
        }
        _link?.Start(megabits, delayMilliseconds);
        Description = megabits == 0 ? "TCP" : string.Create(CultureInfo.InvariantCulture, $"{megabits} Mbit/s, {delayMilliseconds} ms{(_link is null ? "" : " (carried by a process)")}");
    }

    /// <summary>What the hosts are joined by.</summary>
    public string Description { get; }

    /// <summary>Whether this machine allows network namespaces to this user.</summary>
    public static bool IsPossible => OperatingSystem.IsLinux() && Run("unshare", ["--uts", "true"]) is null && Run("ip", ["netns", "add", "ptuning-probe"]) is null && Run("ip", ["netns", "delete", "ptuning-probe"]) is null;

    /// <summary>The command that starts a program as two ranks, one on each host.</summary>
    /// <param name="agent">A file that is written: what mpirun starts its part of the other host with, in place of ssh.</param>
    /// <param name="program">Program and arguments.</param>
    public string[] Command(string agent, IEnumerable<string> program)
    {
        // Two names: Open MPI takes hosts of one name for one machine, with memory that both have.
        File.WriteAllText(agent, $"#!/bin/sh\nshift\nexec ip netns exec {_second} unshare --uts sh -c \"hostname {_second}; $*\"\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(agent, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return ["ip", "netns", "exec", _first, "unshare", "--uts", "sh", "-c",
            $"hostname {_first}; exec mpirun --host {FirstAddress}:1,{SecondAddress}:1 -n 2 --bind-to none --mca plm_rsh_agent {agent} --mca btl tcp,self --mca btl_tcp_if_include {Both} --mca oob_tcp_if_include {Both} {string.Join(' ', program.Select(argument => $"'{argument}'"))}"];
    }

    /// <summary>Bytes that the first host has sent, headers included.</summary>
    public long BytesSent()
    {
        var start = new ProcessStartInfo("ip", ["netns", "exec", _first, "cat", "/proc/net/dev"]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        string line = process.StandardOutput.ReadToEnd().Split('\n').Single(line => line.Contains(_here, StringComparison.Ordinal));
        return long.Parse(line.Split((char[])[' ', ':'], StringSplitOptions.RemoveEmptyEntries)[9], CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        _link?.Dispose();
        foreach (string name in (string[])[_first, _second]) Run("ip", ["netns", "delete", name]);
    }

    // By the kernel's netem, which not every kernel has.
    private bool IsLimited(int megabits, double delayMilliseconds)
    {
        string discipline = string.Create(CultureInfo.InvariantCulture, $"netem rate {megabits}mbit delay {delayMilliseconds}ms limit 100000");
        return new[] { _here, _there }.All(device => Run("tc", ["qdisc", "replace", "dev", device, "root", .. discipline.Split(' ')]) is null);
    }

    private static void Ip(string command)
    {
        if (Run("ip", command.Split(' ')) is { } error) throw new InvalidOperationException($"ip {command}: {error}");
    }

    // What a command says where it fails; null where it does not.
    private static string? Run(string command, string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : error.Trim();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return e.Message;
        }
    }
}
