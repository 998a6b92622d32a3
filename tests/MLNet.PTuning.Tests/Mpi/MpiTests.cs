// Training, search and scoring as jobs of MPI: the same results whatever the number of ranks, and an end with a message where a rank fails, is killed or does not answer.
using System.Diagnostics;
using System.Runtime.InteropServices;
using MLNet.PTuning.Benchmarks.Ranks;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tests.Pipeline;

namespace MLNet.PTuning.Tests.Mpi;

[Collection("MPI")]
public sealed class MpiTests : IDisposable
{
    private const int Kills = 10;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly TinyBackbone _backbone = new();
    private readonly TempFolder _folder = new();

    public MpiTests() => File.WriteAllLines(_folder.At("rows.tsv"), Reviews.Rows(80).Select(r => $"{r.Text}\t{r.Label}"));

    [MpiFact]
    public void Sums_broadcasts_and_messages_of_any_size_arrive_on_every_rank()
    {
        foreach (int ranks in (int[])[2, 4]) MpiJob.Run(ranks, Arguments("sum", "none"));
    }

    [MpiFact]
    public void Training_gives_the_same_weights_on_1_2_and_4_ranks()
    {
        float[] alone = Train(1);
        foreach (int ranks in (int[])[2, 4])
            Assert.All(alone.Zip(Train(ranks)), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));

        float[] Train(int ranks)
        {
            MpiJob.Run(ranks, Arguments("train", $"{ranks}"));
            return Floats(SavedWeights.Of(_folder.At($"{ranks}.zip")));
        }
    }

    [NetworkPairFact]
    public void Two_hosts_with_addresses_of_their_own_train_over_tcp_what_one_machine_trains()
    {
        MpiJob.Run(2, Arguments("train", "one machine"));
        using var networks = new NetworkPair();
        string[] command = networks.Command(_folder.At("agent"), ["dotnet", "exec", MpiJob.Program, .. Arguments("train", "hosts")]);
        using (var job = MpiJob.Start(command[0], command[1..]))
        {
            string output = job.Output.ReadToEnd();
            Assert.True(job.Wait(Limit) == 0, output + job.Error);
        }
        Assert.Equal(SavedWeights.Of(_folder.At("one machine.zip")), SavedWeights.Of(_folder.At("hosts.zip")));
        Assert.InRange(networks.BytesSent(), 100_000, 10_000_000);
    }

    [MpiFact]
    public void Without_a_launcher_the_same_program_is_alone_and_needs_no_library()
    {
        OtherProcess.DotNet(["exec", MpiJob.Program, .. Arguments("train", "direct")]);
        MpiJob.Run(1, Arguments("train", "launched"));
        Assert.Equal(SavedWeights.Of(_folder.At("direct.zip")), SavedWeights.Of(_folder.At("launched.zip")));
    }

    [MpiFact]
    public void A_rank_with_other_settings_is_refused_at_the_start_with_what_differs() =>
        Fails(3, Arguments("train", "none", "decay=0.5@2"), "WeightDecay: 0.01 on rank 0, 0.5 on rank 2");

    [MpiFact]
    public void An_exception_of_one_rank_ends_all_with_its_message() => Fails(3, Arguments("train", "none", "fail=2@0"), "the disk is full");

    [MpiFact]
    public void A_rank_that_does_not_answer_ends_the_others_after_the_time_limit() => Fails(2, Arguments("slow", "none"), "has waited 00:00:02 for the others (barrier)", ("TIME_LIMIT_SECONDS", "2"));

    [MpiFact]
    public void Ranks_that_end_early_do_not_end_the_one_that_still_saves()
    {
        MpiJob.Run(3, Arguments("late", "late"));
        Assert.Equal("saved", File.ReadAllText(_folder.At("late.zip")));
    }

    [MpiFact]
    public void A_missing_library_and_one_of_another_kind_are_refused_by_name()
    {
        Fails(1, Arguments("sum", "none"), "There is no MPI library here (looked for libnothing.so)", ("PTUNING_MPI_LIBRARY", "libnothing.so"));
        Fails(1, Arguments("sum", "none"), "whose binary interface is not known here", ("PTUNING_MPI_LIBRARY", "libm.so.6"));
    }

    [Fact]
    public void Processes_that_slurm_started_without_mpi_are_refused_rather_than_trained_alone()
    {
        using var job = MpiJob.Start("dotnet", ["exec", MpiJob.Program, .. Arguments("sum", "none")], ("SLURM_STEP_NUM_TASKS", "4"));
        job.Output.ReadToEnd();
        Assert.NotEqual(0, job.Wait(Limit));
        Assert.Contains("srun started 4 processes, but not as a job of MPI. Add --mpi=pmix", job.Error);
    }

    [MpichFact]
    public void Mpichs_ranks_sum_and_train_as_open_mpis_do()
    {
        foreach (string[] arguments in (string[][])[Arguments("sum", "none"), Arguments("train", "mpich")])
        {
            using var job = MpiJob.Start("mpirun.mpich", ["-n", "3", "dotnet", "exec", MpiJob.Program, .. arguments]);
            job.Output.ReadToEnd();
            Assert.True(job.Wait(Limit) == 0, job.Error);
        }
        OtherProcess.DotNet(["exec", MpiJob.Program, .. Arguments("train", "alone")]);
        Assert.All(Floats(SavedWeights.Of(_folder.At("alone.zip"))).Zip(Floats(SavedWeights.Of(_folder.At("mpich.zip")))), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [MpichFact]
    public void A_launcher_of_another_mpi_than_the_library_is_refused()
    {
        using var job = MpiJob.Start("mpirun.mpich", ["-n", "2", "dotnet", "exec", MpiJob.Program, .. Arguments("sum", "none")], ("PTUNING_MPI_LIBRARY", "libmpi.so.40"));
        job.Output.ReadToEnd();
        Assert.NotEqual(0, job.Wait(Limit));
        Assert.Contains("the launcher is of another MPI", job.Error);
    }

    [MpiFact]
    public void Ten_kills_of_one_rank_end_all_and_a_restart_goes_on_to_the_same_weights_bit_for_bit()
    {
        var random = new Random(5);
        string checkpoint = _folder.At("killed.ckpt");
        for (int kill = 0; kill < Kills; kill++)
        {
            using var job = MpiJob.Start(2, Arguments("train", "killed", checkpoint));
            string? line = job.Output.ReadLine();
            while (line is not null && !line.Contains("processes")) line = job.Output.ReadLine();
            Assert.True(line is not null, job.Error);
            int victim = int.Parse(line.Split(' ')[^(1 + kill % 2)]);
            // Some are killed as they start, the others in a step, between two, in a message, or while a checkpoint is written.
            int steps = random.Next(9);
            for (int step = 0; step < steps && line is not null; step++) line = job.Output.ReadLine();
            Thread.Sleep(random.Next(steps == 0 ? 200 : 6));
            using (var process = Process.GetProcessById(victim)) process.Kill();
            job.Output.ReadToEnd();
            Assert.NotEqual(0, job.Wait(Limit));
            if (File.Exists(checkpoint)) WeightFile.OpenOne(checkpoint).Dispose();
        }
        MpiJob.Run(2, Arguments("train", "killed", checkpoint));
        MpiJob.Run(2, Arguments("train", "left alone", _folder.At("left alone.ckpt")));
        Assert.Equal(SavedWeights.Of(_folder.At("left alone.zip")), SavedWeights.Of(_folder.At("killed.zip")));
    }

    [MpiFact]
    public void A_search_of_8_trials_over_2_ranks_finds_what_one_rank_finds()
    {
        string[] alone = MpiJob.Run(1, Arguments("search", "one")), together = MpiJob.Run(2, Arguments("search", "two"));
        Assert.Equal(Trials(alone), Trials(together));
        Assert.Equal(SavedWeights.Of(_folder.At("one.zip")), SavedWeights.Of(_folder.At("two.zip")));

        static string[] Trials(string[] lines) => [.. lines.Select(line => line[Math.Max(0, line.IndexOf("Length", StringComparison.Ordinal))..])];
    }

    [MpiFact]
    public void The_scores_of_ranks_one_after_the_other_are_those_of_one_rank()
    {
        MpiJob.Run(1, Arguments("train", "model"));
        MpiJob.Run(1, Arguments("score", "model"));
        string alone = File.ReadAllText(_folder.At("model.zip.0"));
        MpiJob.Run(3, Arguments("score", "model"));
        Assert.Equal(alone, string.Concat(Enumerable.Range(0, 3).Select(rank => File.ReadAllText(_folder.At($"model.zip.{rank}")))));
        Assert.True(File.ReadAllLines(_folder.At("model.zip.2")).Length is > 20 and < 30);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    private static void Fails(int ranks, string[] arguments, string message, params (string Name, string Value)[] environment)
    {
        using var job = MpiJob.Start(ranks, arguments, environment);
        job.Output.ReadToEnd();
        Assert.NotEqual(0, job.Wait(Limit));
        Assert.Contains(message, job.Error);
    }

    // After the header, whose length comes first.
    private static float[] Floats(byte[] safetensors) => MemoryMarshal.Cast<byte, float>(safetensors.AsSpan(8 + (int)BitConverter.ToInt64(safetensors))).ToArray();

    private string[] Arguments(string verb, string model, params string[] further) => [verb, _backbone.Path, _folder.At("rows.tsv"), _folder.At(model + ".zip"), .. further];
}
