// Two network namespaces of this machine, joined by a pair of virtual interfaces: two hosts as far as MPI can see, with an address each and TCP between them.
using System.Diagnostics;
using System.Globalization;

namespace MLNet.PTuning.Benchmarks.Ranks;

/// <summary>Two hosts; removed when disposed. Needs root, and iproute2.</summary>
internal sealed class NetworkPair : IDisposable
{
    private const string FirstAddress = "10.91.7.1", SecondAddress = "10.91.7.2", Both = "10.91.7.0/24";

    private readonly string _first, _second, _here, _there;

    /// <exception cref="InvalidOperationException">This machine allows none.</exception>
    public NetworkPair()
    {
        string id = (Environment.ProcessId % 100_000).ToString(CultureInfo.InvariantCulture);
        (_first, _second, _here, _there) = ($"ptuning-{id}-a", $"ptuning-{id}-b", "va" + id, "vb" + id);
        foreach (string command in (string[])
        [
            $"netns add {_first}", $"netns add {_second}", $"link add {_here} type veth peer name {_there}", $"link set {_here} netns {_first}", $"link set {_there} netns {_second}",
            $"-n {_first} address add {FirstAddress}/24 dev {_here}", $"-n {_second} address add {SecondAddress}/24 dev {_there}",
            $"-n {_first} link set lo up", $"-n {_second} link set lo up", $"-n {_first} link set {_here} up", $"-n {_second} link set {_there} up",
        ])
            if (Run("ip", command.Split(' ')) is { } error) throw new InvalidOperationException($"ip {command}: {error}");
    }

    /// <summary>Whether this machine allows network namespaces to this user.</summary>
    public static bool IsPossible => OperatingSystem.IsLinux() && Run("unshare", ["--uts", "true"]) is null && Run("ip", ["netns", "add", "ptuning-probe"]) is null && Run("ip", ["netns", "delete", "ptuning-probe"]) is null;

    /// <summary>Limits what each host sends, and delays it.</summary>
    /// <param name="megabits">A second.</param>
    /// <param name="delayMilliseconds">Of each packet; 0 for none.</param>
    /// <returns>False where the kernel can limit, but not delay (it has no netem).</returns>
    /// <exception cref="InvalidOperationException">It can do neither.</exception>
    public bool Limit(int megabits, double delayMilliseconds)
    {
        string delay = delayMilliseconds.ToString(CultureInfo.InvariantCulture);
        if (Queue($"netem rate {megabits}mbit delay {delay}ms limit 100000") is null) return true;
        return Queue($"tbf rate {megabits}mbit burst 256kb latency 100ms") is { } error ? throw new InvalidOperationException("tc: " + error) : delayMilliseconds == 0;

        string? Queue(string discipline) => Of(_first, _here, discipline) ?? Of(_second, _there, discipline);

        static string? Of(string host, string device, string discipline) => Run("ip", ["netns", "exec", host, "tc", "qdisc", "replace", "dev", device, "root", .. discipline.Split(' ')]);
    }

    /// <summary>The command that starts a program as two ranks, one on each host.</summary>
    /// <param name="agent">A file that is written: what mpirun starts its part of the other host with, in place of ssh.</param>
    /// <param name="program">Program and arguments.</param>
    public string[] Command(string agent, IEnumerable<string> program)
    {
        // Two names: Open MPI takes hosts of one name for one machine, with memory that both have.
        File.WriteAllText(agent, $"#!/bin/sh\nshift\nexec ip netns exec {_second} unshare --uts sh -c \"hostname {_second}; $*\"\n");
        File.SetUnixFileMode(agent, UnixFileMode.UserRead | UnixFileMode.UserExecute);
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
        foreach (string name in (string[])[_first, _second]) Run("ip", ["netns", "delete", name]);
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
