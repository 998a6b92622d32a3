// Runs the micro-benchmarks; the arguments are BenchmarkDotNet's.
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using Perfolizer.Horology;

// In this process, which finds libtorch: a project that BenchmarkDotNet writes for itself would not. Iterations are shorter and fewer than its default,
// so that all benchmarks end within minutes; as a mutator, so that `--job short` and the like still choose the rest.
var job = Job.Default.WithToolchain(InProcessNoEmitToolchain.Instance).WithIterationTime(TimeInterval.FromMilliseconds(200)).WithMaxWarmupCount(10).WithMaxIterationCount(20);
var config = DefaultConfig.Instance.AddJob(job.AsMutator()).WithArtifactsPath(Path.Combine("artifacts", "micro"));
var benchmarks = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly);
// Without a filter BenchmarkDotNet would ask on the terminal which ones to run.
var summaries = args.Contains("--filter") || args.Contains("-f") ? benchmarks.Run(args, config) : benchmarks.RunAll(config, args);
return summaries.Any(summary => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success)) ? 1 : 0;
