// Two network namespaces of this machine, joined by a pair of virtual interfaces: two hosts as far as MPI can see, with an address each and TCP between them.
using System.Diagnostics;

namespace MLNet.PTuning.Tests.Mpi;

/// <summary>Two hosts; removed when disposed.</summary>
internal sealed class TwoNetworks : IDisposable
{
    private const string FirstAddress = "10.91.7.1", SecondAddress = "10.91.7.2";

    private readonly string _first, _second;

    public TwoNetworks()
    {
        string id = $"{Environment.ProcessId % 100_000}";
        (_first, _second) = ($"ptuning-{id}-a", $"ptuning-{id}-b");
        string here = "va" + id, there = "vb" + id;
        foreach (string command in (string[])
        [
            $"netns add {_first}", $"netns add {_second}", $"link add {here} type veth peer name {there}", $"link set {here} netns {_first}", $"link set {there} netns {_second}",
            $"-n {_first} address add {FirstAddress}/24 dev {here}", $"-n {_second} address add {SecondAddress}/24 dev {there}",
            $"-n {_first} link set lo up", $"-n {_second} link set lo up", $"-n {_first} link set {here} up", $"-n {_second} link set {there} up",
        ]) Ip(command);
    }

    /// <summary>Why there can be none here; null where there can.</summary>
    public static string? ReasonToSkip =>
        MpiJob.ReasonToSkip ?? (!OperatingSystem.IsLinux() || Environment.UserName != "root" || !MpiJob.Exists("unshare") || Try("netns add ptuning-probe") != 0 || Try("netns delete ptuning-probe") != 0
            ? "needs network namespaces (ip netns add), which this machine does not allow" : null);

    /// <summary>Starts two ranks, one on each host.</summary>
    /// <param name="agent">A file that is written: what mpirun starts its part of the other host with, in place of ssh.</param>
    /// <param name="arguments">Of the program.</param>
    public MpiJob Start(string agent, string[] arguments)
    {
        // Two names: Open MPI takes hosts of one name for one machine, with memory that both have.
        File.WriteAllText(agent, $"#!/bin/sh\nshift\nexec ip netns exec {_second} unshare --uts sh -c \"hostname {_second}; $*\"\n");
        File.SetUnixFileMode(agent, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string program = string.Join(' ', arguments.Prepend(MpiJob.Program).Select(argument => $"'{argument}'"));
        return MpiJob.Start("ip", ["netns", "exec", _first, "unshare", "--uts", "sh", "-c",
            $"hostname {_first}; exec mpirun --host {FirstAddress}:1,{SecondAddress}:1 -n 2 --bind-to none --mca plm_rsh_agent {agent} --mca btl tcp,self --mca btl_tcp_if_include 10.91.7.0/24 --mca oob_tcp_if_include 10.91.7.0/24 -x DOTNET_PROCESSOR_COUNT dotnet exec {program}"]);
    }

    /// <summary>Bytes that went from the first host to the second.</summary>
    public long BytesSent()
    {
        var start = new ProcessStartInfo("ip", ["netns", "exec", _first, "cat", "/proc/net/dev"]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        string line = process.StandardOutput.ReadToEnd().Split('\n').Single(line => line.TrimStart().StartsWith("va", StringComparison.Ordinal));
        return long.Parse(line.Split((char[])[' ', ':'], StringSplitOptions.RemoveEmptyEntries)[9]);
    }

    public void Dispose()
    {
        foreach (string name in (string[])[_first, _second]) Try("netns delete " + name);
    }

    private static void Ip(string command) => Assert.True(Try(command) == 0, $"ip {command} failed.");

    private static int Try(string command)
    {
        if (!MpiJob.Exists("ip")) return -1;
        using var process = Process.Start(new ProcessStartInfo("ip", command) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}

/// <summary>A test over two network namespaces; skipped with the reason where there can be none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TwoNetworksFactAttribute : FactAttribute
{
    public TwoNetworksFactAttribute() => Skip = TwoNetworks.ReasonToSkip;
}
