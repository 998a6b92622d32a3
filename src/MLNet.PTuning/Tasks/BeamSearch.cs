// Beam search, as Hugging Face's generate with early_stopping=False: of each row as many texts as there are beams, the best finished ones kept.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Text;
using MLNet.PTuning.Tuning;
using TorchSharp;

namespace MLNet.PTuning.Tasks;

/// <summary>Searches rows together; a row whose open beams cannot become better than its finished ones leaves the batch.</summary>
internal static class BeamSearch
{
    /// <param name="Tokens">Its tokens so far.</param>
    /// <param name="Sum">The sum of their log-probabilities.</param>
    /// <param name="Place">Its row in the cache.</param>
    private sealed record Beam(int[] Tokens, double Sum, int Place);

    private sealed class Row
    {
        /// <summary>The most probable first.</summary>
        public List<Beam> Open { get; set; } = [];

        /// <summary>With their scores, the best first.</summary>
        public List<(Beam Beam, double Score)> Finished { get; set; } = [];
    }

    /// <summary>The best text of each row.</summary>
    /// <inheritdoc cref="TokenByToken(TunedModel, GenerationSettings, IReadOnlyList{int}, IReadOnlyList{ValueTuple{int[], string}})"/>
    public static IReadOnlyList<GeneratedRow> Run(TunedModel model, GenerationSettings settings, IReadOnlyList<int> ends, IReadOnlyList<int[]> rows)
    {
        var tokenizer = model.Backbone.Tokenizer;
        using var cache = model.NewCache();
        Row[] all = [.. rows.Select((_, i) => new Row { Open = [new Beam([], 0, i)] })];
        var open = all.ToList();
        var pieces = rows;
        int[]? from = null;
        // As many candidates of each beam as leave enough that go on where all of the others end.
        int candidates = (int)Math.Min(Math.Max(2, 1 + ends.Count) * (long)settings.BeamCount, int.MaxValue);
        for (int length = 1; open.Count > 0; length++)
        {
            var next = model.Next(cache, pieces, from, logits => MostProbable(logits, candidates));
            foreach (var row in open) Advance(row, next, length);
            open.RemoveAll(row => row.Open.Count == 0);
            Beam[] beams = [.. open.SelectMany(row => row.Open)];
            (from, pieces) = ([.. beams.Select(beam => beam.Place)], [.. beams.Select(beam => new[] { beam.Tokens[^1] })]);
            int place = 0;
            foreach (var row in open) row.Open = row.Open.ConvertAll(beam => beam with { Place = place++ });
        }
        return [.. all.Select(row => Result(row.Finished[0].Beam))];

        void Advance(Row row, (int Token, double LogProbability)[][] next, int length)
        {
            var best = row.Open.SelectMany(beam => next[beam.Place].Select(c => new Beam([.. beam.Tokens, c.Token], beam.Sum + c.LogProbability, beam.Place)))
                .OrderByDescending(beam => beam.Sum).Take(candidates).Select(beam => (Beam: beam, Ends: IsLast(beam.Tokens))).ToList();
            // Those after the best ones are there only to go on.
            double divisor = Math.Pow(length, settings.LengthPenalty);
            row.Finished = [.. row.Finished.Concat(best.Take(settings.BeamCount).Where(c => c.Ends).Select(c => (c.Beam, Score: c.Beam.Sum / divisor))).OrderByDescending(f => f.Score).Take(settings.BeamCount)];
            row.Open = [.. best.Where(c => !c.Ends).Take(settings.BeamCount).Select(c => c.Beam)];
            if (row.Finished.Count == settings.BeamCount && row.Open.Count > 0 && row.Open[0].Sum / divisor <= row.Finished[^1].Score) row.Open = [];
        }

        bool IsLast(int[] tokens) => tokens.Length >= settings.MaxNewTokens || ends.Contains(tokens[^1]) || settings.StopTexts.Count > 0 && Written(tokens).IsStopped;

        WrittenText Written(IEnumerable<int> tokens) => WrittenText.Of(tokenizer, settings.StopTexts, tokens);

        GeneratedRow Result(Beam beam)
        {
            var text = Written(ends.Contains(beam.Tokens[^1]) ? beam.Tokens.SkipLast(1) : beam.Tokens);
            text.End();
            return new GeneratedRow(text.ToString(), (float)(beam.Sum / beam.Tokens.Length), beam.Tokens);
        }
    }

    private static (int Token, double LogProbability)[][] MostProbable(torch.Tensor logits, int count)
    {
        count = (int)Math.Min(count, logits.shape[1]);
        var (values, indices) = logits.log_softmax(1).topk(count, 1);
        float[] scores = ParameterFactory.ToArray(values);
        long[] tokens = indices.cpu().data<long>().ToArray();
        return [.. Enumerable.Range(0, (int)logits.shape[0]).Select(row => Enumerable.Range(row * count, count).Select(i => ((int)tokens[i], (double)scores[i])).ToArray())];
    }
}
