// Tokenization of generated texts with the tokenizer of a BERT folder: on one core, and on all as training does it. "Op/s" is texts a second.
using BenchmarkDotNet.Attributes;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.MicroBenchmarks;

[MemoryDiagnoser, OperationsPerSecond]
public class TokenizationBenchmarks
{
    private const int Texts = 1000, MaxLength = 256;
    private readonly TextTokenizer _tokenizer = TextTokenizer.Load(SampleTexts.Backbone);
    private string[] _texts = [];

    /// <summary>Words a text.</summary>
    [Params(8, 32, 128)]
    public int Words { get; set; }

    [GlobalSetup]
    public void MakeTexts() => _texts = SampleTexts.Make(Texts, Words);

    [Benchmark(Baseline = true, OperationsPerInvoke = Texts)]
    public int OneCore() => _texts.Sum(Pieces);

    [Benchmark(OperationsPerInvoke = Texts)]
    public int AllCores() => _texts.AsParallel().AsOrdered().Select(Pieces).Sum();

    private int Pieces(string text) => _tokenizer.Encode(text, null, MaxLength).Ids.Length;
}
