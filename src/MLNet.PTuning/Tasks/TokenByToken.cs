// Rows that are written a token at a time, each the most probable one or drawn; rows that have ended leave the batch.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tasks;

/// <summary>A row's generated text.</summary>
/// <param name="Text">Without special tokens and without the stop text that ended it.</param>
/// <param name="Score">The mean of its tokens' log-probabilities by the model itself (whatever the temperature), those of the end token or of a stop text included.</param>
/// <param name="Tokens">The tokens, in their order.</param>
internal sealed record GeneratedRow(string Text, float Score, IReadOnlyList<int> Tokens);

/// <summary>One row under way.</summary>
internal sealed class OpenRow(WrittenText text, Random? random)
{
    private double _sum;

    public WrittenText Text => text;

    /// <summary>What it draws with; null where nothing is drawn.</summary>
    public Random? Random => random;

    public List<int> Tokens { get; } = [];

    public GeneratedRow Result => new(text.ToString(), (float)(_sum / Tokens.Count), Tokens);

    /// <summary>Adds a token, and says whether it is the row's last one.</summary>
    public bool Add(int token, double logProbability, IReadOnlyList<int> ends, int most)
    {
        Tokens.Add(token);
        _sum += logProbability;
        bool isEnd = ends.Contains(token);
        if (!isEnd) text.Append(token);
        bool isLast = isEnd || text.IsStopped || Tokens.Count >= most;
        if (isLast) text.End();
        return isLast;
    }
}

/// <summary>Writes rows with greedy search or by drawing, as Hugging Face's <c>generate</c>: temperature, then the most probable tokens by number, then by probability.</summary>
internal sealed class TokenByToken : IDisposable
{
    private readonly TunedModel _model;
    private readonly GenerationSettings _settings;
    private readonly IReadOnlyList<int> _ends;
    private readonly KeyValueCache _cache;
    private readonly OpenRow[] _rows;
    private IReadOnlyList<int[]> _pieces;
    // The rows that are open, by index, and which of the cache's rows they are.
    private int[] _open;
    private int[]? _from;

    /// <param name="model">What writes.</param>
    /// <param name="settings">How.</param>
    /// <param name="ends">The end tokens.</param>
    /// <param name="rows">The inputs' word pieces, and their texts.</param>
    public TokenByToken(TunedModel model, GenerationSettings settings, IReadOnlyList<int> ends, IReadOnlyList<(int[] Pieces, string Text)> rows)
    {
        (_model, _settings, _ends) = (model, settings, ends);
        _cache = model.NewCache();
        _rows = [.. rows.Select(row => new OpenRow(new WrittenText(model.Backbone.Tokenizer, settings.StopTexts), settings.Draws ? new Random(SeedOf(settings.Seed, row.Text)) : null))];
        _pieces = [.. rows.Select(row => row.Pieces)];
        _open = [.. Enumerable.Range(0, rows.Count)];
    }

    public bool IsDone => _open.Length == 0;

    public IReadOnlyList<OpenRow> Rows => _rows;

    /// <summary>Writes one more token of each open row.</summary>
    public void Step()
    {
        var next = _model.Next(_cache, _pieces, _from, Choose);
        var kept = new List<int>();
        for (int i = 0; i < _open.Length; i++)
            if (!_rows[_open[i]].Add(next[i].Token, next[i].LogProbability, _ends, _settings.MaxNewTokens)) kept.Add(i);
        _from = kept.Count == _open.Length ? null : [.. kept];
        _open = [.. kept.Select(i => _open[i])];
        _pieces = [.. _open.Select(row => new[] { _rows[row].Tokens[^1] })];
    }

    public void Dispose() => _cache.Dispose();

    private (int Token, double LogProbability)[] Choose(torch.Tensor logits)
    {
        float[] total = ParameterFactory.ToArray(logits.logsumexp(1));
        bool isSorted = !_settings.Draws || _settings.TopK is not null || _settings.TopP is < 1;
        long vocabulary = logits.shape[1], count = !_settings.Draws ? 1 : Math.Min(_settings.TopK ?? vocabulary, vocabulary);
        var (values, indices) = isSorted ? logits.topk((int)count, 1) : (logits, null);
        float[] scores = ParameterFactory.ToArray(values);
        long[]? tokens = indices?.cpu().data<long>().ToArray();
        return [.. _open.Select((row, i) =>
        {
            var own = scores.AsSpan(i * (int)count, (int)count);
            int at = _rows[row].Random is { } random ? Draw(own, random) : 0;
            return ((int)(tokens?[i * count + at] ?? at), (double)own[at] - total[i]);
        })];
    }

    // The index of one of the scores; where their probabilities are cut, they are in descending order.
    private int Draw(ReadOnlySpan<float> scores, Random random)
    {
        double highest = double.NegativeInfinity, total = 0, kept = 0;
        foreach (float score in scores) highest = Math.Max(highest, score);
        var weights = new double[scores.Length];
        for (int i = 0; i < weights.Length; i++) total += weights[i] = Math.Exp((scores[i] - highest) / _settings.Temperature!.Value);
        int count = 0;
        // The first ones that have the probability together; at least one.
        for (double share = (_settings.TopP ?? 1) * total; count < weights.Length && (count == 0 || kept < share); count++) kept += weights[count];
        double left = random.NextDouble() * kept;
        for (int i = 0; i < count; i++)
            if ((left -= weights[i]) < 0) return i;
        return count - 1;
    }

    // FNV-1a (Fowler, Noll and Vo) over the text; the runtime's own hash of a text differs from process to process.
    private static int SeedOf(int seed, string text)
    {
        uint hash = 2166136261 ^ (uint)seed;
        foreach (char unit in text) hash = unchecked((hash ^ unit) * 16777619);
        return (int)hash;
    }
}
