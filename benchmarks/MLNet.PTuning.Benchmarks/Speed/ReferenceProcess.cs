// Talks to benchmarks/reference/p_tuning_v2.py: a request a line, an answer a line.
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace MLNet.PTuning.Benchmarks.Speed;

internal sealed class ReferenceProcess : IDisposable
{
    private readonly Process _python;

    /// <param name="python">The interpreter, which must have torch.</param>
    /// <param name="backbone">Folder of the generated backbone.</param>
    /// <param name="prompt">Safetensors file of prompt and head.</param>
    /// <param name="workload">Rows.</param>
    /// <param name="dropout">Probability of every dropout in training.</param>
    public ReferenceProcess(string python, string backbone, string prompt, SpeedWorkload workload, double dropout)
    {
        var start = new ProcessStartInfo(python, [Path.Combine(AppContext.BaseDirectory, "p_tuning_v2.py")]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        _python = Process.Start(start)!;
        Send(new { folder = backbone, prompt, threads = Environment.ProcessorCount, dropout, rows = workload.Ids(), labels = workload.Labels() });
    }

    /// <summary>Seconds that one pass over the batches takes.</summary>
    public double Time(string verb, int[][] batches, object pad) => Ask(new { @do = verb, batches, pad }).GetProperty("seconds").GetDouble();

    /// <summary>Logits of a batch in training without dropout, and the prefix's gradient.</summary>
    public (float[] Logits, float[] Gradient) Check(int[] batch, string gradientFile)
    {
        var answer = Ask(new { @do = "check", batches = new[] { batch }, pad = "longest", gradient = gradientFile });
        float[] logits = [.. answer.GetProperty("logits").EnumerateArray().SelectMany(row => row.EnumerateArray()).Select(value => value.GetSingle())];
        return (logits, MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(gradientFile)).ToArray());
    }

    public void Dispose()
    {
        _python.StandardInput.Close();
        _python.WaitForExit();
        _python.Dispose();
    }

    private JsonElement Ask(object request)
    {
        Send(request);
        string answer = _python.StandardOutput.ReadLine()
            ?? throw new InvalidOperationException($"The reference ended: {_python.StartInfo.FileName} {_python.StartInfo.ArgumentList[0]} (its message is above). It needs Python 3 with torch: 'apt-get install python3-torch', or --python.");
        return JsonDocument.Parse(answer).RootElement;
    }

    private void Send(object message)
    {
        _python.StandardInput.WriteLine(JsonSerializer.Serialize(message));
        _python.StandardInput.Flush();
    }
}
