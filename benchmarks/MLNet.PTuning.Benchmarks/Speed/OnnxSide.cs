// The rival in prediction: the backbone's own ONNX model in ONNX Runtime, with ML.NET's tokenizer, as an app without this library would run it.
using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.Tokenizers;

namespace MLNet.PTuning.Benchmarks.Speed;

internal sealed class OnnxSide : IDisposable
{
    private const int BatchSize = 32;
    private static readonly RunOptions Run = new();
    private readonly InferenceSession _session;
    private readonly BertTokenizer _tokenizer;

    /// <param name="folder">Folder with model.onnx and vocab.txt.</param>
    public OnnxSide(string folder)
    {
        // Its default is a thread for each core.
        _session = new InferenceSession(Path.Combine(folder, "model.onnx"));
        _tokenizer = BertTokenizer.Create(Path.Combine(folder, "vocab.txt"));
    }

    /// <summary>Milliseconds a row of batches of 32, padded to the longest row of each: in the order of the texts, or sorted by length.</summary>
    public double Batches(string[] texts, bool sorted)
    {
        long started = Stopwatch.GetTimestamp();
        IEnumerable<long[]> rows = texts.Select(Encode);
        foreach (long[][] batch in (sorted ? rows.OrderBy(row => row.Length) : rows).Chunk(BatchSize)) Predict(batch);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds / texts.Length;
    }

    /// <summary>Milliseconds a row of texts one by one.</summary>
    public double OneByOne(string[] texts)
    {
        long started = Stopwatch.GetTimestamp();
        foreach (string text in texts) Predict([Encode(text)]);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds / texts.Length;
    }

    /// <summary>Milliseconds a row of the tokenizer alone.</summary>
    public double Tokenize(string[] texts)
    {
        long started = Stopwatch.GetTimestamp();
        foreach (string text in texts) Encode(text);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds / texts.Length;
    }

    public void Dispose() => _session.Dispose();

    private long[] Encode(string text) => [.. _tokenizer.EncodeToIds(text).Select(id => (long)id)];

    private void Predict(long[][] batch)
    {
        int longest = batch.Max(row => row.Length);
        long[] ids = new long[batch.Length * longest], mask = new long[ids.Length], types = new long[ids.Length];
        for (int row = 0; row < batch.Length; row++)
        {
            batch[row].CopyTo(ids, row * longest);
            mask.AsSpan(row * longest, batch[row].Length).Fill(1);
        }
        var inputs = new Dictionary<string, OrtValue>();
        try
        {
            foreach (var (name, values) in new[] { ("input_ids", ids), ("attention_mask", mask), ("token_type_ids", types) })
                inputs[name] = OrtValue.CreateTensorValueFromMemory(values, [batch.Length, longest]);
            using var outputs = _session.Run(Run, inputs, _session.OutputNames);
        }
        finally
        {
            foreach (var input in inputs.Values) input.Dispose();
        }
    }
}
