// How a model writes: drawing with seeds, stop texts, streams, lengths; and inputs, settings and backbones that are refused.
using Microsoft.ML;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class WritingSettingsTests : IDisposable
{
    private readonly TinyDecoder _backbone = new("gpt2");
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<Ending> _rows = Endings.Rows(12, seed: 3);

    [Fact]
    public void Drawing_follows_its_seed_and_from_few_tokens_it_is_greedy()
    {
        using var model = Untuned(maxNewTokens: 8);
        string[] greedy = Endings.Texts(model, _rows);
        model.Generation = new() { MaxNewTokens = 8, Temperature = 1.3, Seed = 5 };
        string[] drawn = Endings.Texts(model, _rows);
        Assert.NotEqual(greedy, drawn);
        Assert.Equal(drawn, Endings.Texts(model, _rows));
        Assert.Equal(drawn.Reverse(), Endings.Texts(model, Enumerable.Reverse(_rows)));
        Assert.Equal([drawn[0], drawn[0]], Endings.Texts(model, [_rows[0], _rows[0]]));
        model.Generation = model.Generation with { Seed = 6 };
        Assert.NotEqual(drawn, Endings.Texts(model, _rows));
        foreach (var few in new[] { model.Generation with { TopK = 1 }, model.Generation with { TopP = 1e-6 }, model.Generation with { Temperature = 1e-4 }, model.Generation with { Temperature = 0 } })
        {
            model.Generation = few;
            Assert.Equal(greedy, Endings.Texts(model, _rows));
        }
        model.Generation = new() { MaxNewTokens = 1 };
        greedy = Endings.Texts(model, _rows);
        model.Generation = model.Generation with { BeamCount = int.MaxValue };
        Assert.Equal(greedy, Endings.Texts(model, _rows));
        model.Generation = new() { MaxNewTokens = 8, Temperature = 1.3, Seed = 5, TopK = TinyBackbone.Vocabulary.Length, TopP = 1 };
        Assert.Equal(drawn.Length, Endings.Texts(model, _rows).Length);
    }

    [Fact]
    public void Tokens_are_drawn_as_often_as_their_probabilities_say()
    {
        using var model = Untuned(maxNewTokens: 1);
        const int Draws = 4000;
        // The same pieces, each with a text of its own for the seed.
        using var rows = new TokenByToken(model.Model, new GenerationSettings { MaxNewTokens = 1, Temperature = 2, TopK = 3 }, [], [.. Enumerable.Range(0, Draws).Select(i => (new[] { 2, 20, 24 }, $"text {i}"))]);
        rows.Step();
        Assert.True(rows.IsDone);
        var drawn = rows.Rows.Select(row => row.Result).GroupBy(row => row.Tokens[0]).Select(token => (Share: token.Count() / (double)Draws, token.First().Score)).ToList();
        Assert.Equal(3, drawn.Count);
        double total = drawn.Sum(token => Math.Exp(token.Score / 2));
        Assert.All(drawn, token => Assert.Equal(Math.Exp(token.Score / 2) / total, token.Share, 0.04));
    }

    [Fact]
    public void A_text_ends_before_the_first_stop_text_whatever_search_writes_it()
    {
        using var model = Untuned(maxNewTokens: 10);
        string[] whole = Endings.Texts(model, _rows);
        string stop = whole[0].Split(' ')[2];
        model.Generation = model.Generation with { StopTexts = ["no such text", " " + stop] };
        foreach (var (before, after) in whole.Zip(Endings.Texts(model, _rows)))
            Assert.Equal(before.IndexOf(" " + stop, StringComparison.Ordinal) is >= 0 and var at ? before[..at] : before, after);
        model.Generation = model.Generation with { BeamCount = 3 };
        Assert.All(Endings.Texts(model, _rows), text => Assert.DoesNotContain(" " + stop, text));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1.2)]
    public async Task The_parts_of_a_stream_are_the_text_that_prediction_gives_and_hold_back_what_may_be_a_stop_text(double? temperature)
    {
        using var model = Untuned(maxNewTokens: 10);
        string[] whole = Endings.Texts(model, _rows);
        foreach (string[] stops in new string[][] { [], [whole[0].Split(' ')[3]], [$"{whole[0].Split(' ')[1]} {whole[0].Split(' ')[2]} nothing"] })
        {
            model.Generation = new() { MaxNewTokens = 10, StopTexts = stops, Temperature = temperature };
            var generator = model.CreateGenerator();
            foreach (var (row, text) in _rows.Zip(Endings.Texts(model, _rows)))
            {
                var parts = await generator.StreamAsync(row.Text!).ToListAsync();
                Assert.Equal(text, string.Concat(parts));
                Assert.DoesNotContain("", parts);
                if (stops.Length == 0 && text.Contains(' ')) Assert.True(parts.Count > 1);
            }
        }
    }

    [Fact]
    public async Task A_stream_stops_when_it_is_canceled_or_left_and_beams_are_not_streamed()
    {
        using var model = Untuned(maxNewTokens: 20);
        using var stop = new CancellationTokenSource();
        int parts = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (string part in model.CreateGenerator().StreamAsync("it was", stop.Token))
                if (++parts == 2) stop.Cancel();
        });
        Assert.Equal(2, parts);
        await foreach (string part in model.CreateGenerator().StreamAsync("it was")) break;
        model.Generation = model.Generation with { BeamCount = 2 };
        Assert.Contains("BeamCount is 2", Assert.Throws<InvalidOperationException>(model.CreateGenerator).Message);
    }

    [Fact]
    public void Long_texts_are_cut_at_their_start_and_long_targets_at_their_end()
    {
        var warnings = new List<string>();
        _ml.Log += (_, e) => warnings.Add(e.Message);
        string words = string.Concat(Enumerable.Repeat("the film was so odd and ", 20));
        var rows = _rows.Append(new() { Text = words + "it is", Target = "very good day" }).Append(new() { Text = "it", Target = words }).Append(new() { Text = "", Target = "it" });
        using var model = _ml.Transforms.PTuningV2Generate(Endings.Options(_backbone)).Fit(_ml.Data.LoadFromEnumerable(rows));
        Assert.Contains(warnings, w => w.Contains("1 of 15 rows are longer than 60 word pieces with their target"));
        Assert.Contains(warnings, w => w.Contains("1 of 15 targets are longer than"));
        Assert.Contains(warnings, w => w.Contains("1 of 15 rows have no text"));
        // Only the end counts: 60 positions less two special tokens and six new tokens leave 52 word pieces.
        Ending[] texts = [new() { Text = words + "it is" }, new() { Text = "we saw " + words + "it is" }, new() { Text = "" }, new() { Text = null }];
        var written = Endings.Write(model, texts);
        Assert.Equal(written[0].GeneratedText, written[1].GeneratedText);
        Assert.Equal(written[2].GeneratedText, written[3].GeneratedText);
    }

    [Fact]
    public void Rows_are_in_more_passes_where_the_vocabulary_makes_many_scores()
    {
        Example[] rows = [.. Enumerable.Range(0, 8).Select(_ => new Example(new int[50], new int[50], [49], [1]) { Over = SoftmaxOver.Tokens, PassSize = 1500 })];
        Assert.Equal(3, Batch.Passes(rows).Count);
        Assert.Single(Batch.Passes([.. rows.Select(row => row with { PassSize = 6 })]));
        var tokenizer = new TextTokenizer([], null, new WholeText(), new UnigramModel([.. Enumerable.Range(0, 50_000).Select(i => ($"piece {i}", 0.0))], 0, fallsBackToBytes: false), SpecialLayout.WithoutSpecials) { PadId = 0 };
        var (example, _, _) = new TextGeneration(tokenizer, new HeadOnly(), 100, [7]).Example("piece 1", "piece 2", 1);
        Assert.Equal([1, 2], example.Ids);
        Assert.Equal([2, 7], example.Targets);
        Assert.Equal(2 * 50_000 / 8192, example.PassSize);
    }

    [Fact]
    public void Rows_that_are_written_together_are_bounded_by_the_longest_one_and_by_its_beams()
    {
        var greedy = new GenerationSettings { MaxNewTokens = 24 };
        Assert.Equal(8, TextGeneration.RowsAtOnce([.. Enumerable.Repeat(1000, 20)], greedy));
        Assert.Equal(2, TextGeneration.RowsAtOnce([.. Enumerable.Repeat(1000, 20)], greedy with { BeamCount = 4 }));
        Assert.Equal(1, TextGeneration.RowsAtOnce([4000, 8000], greedy));
        Assert.Equal(1, TextGeneration.RowsAtOnce([9000, 1], greedy));
    }

    [Fact]
    public void An_empty_text_of_a_tokenizer_that_puts_a_token_after_texts_alone_is_continued_after_it()
    {
        var ends = new SpecialLayout([LayoutPart.First(0), LayoutPart.Special(5, 0)], [LayoutPart.First(0), LayoutPart.Special(5, 0), LayoutPart.Second(0)]);
        var tokenizer = new TextTokenizer([], null, new WholeText(), new UnigramModel([.. Enumerable.Range(0, 8).Select(i => ($"piece {i}", 0.0))], 0, fallsBackToBytes: false), ends) { PadId = 0 };
        var task = new TextGeneration(tokenizer, new HeadOnly(), 20, [7]);
        Assert.Equal([1], task.Input("piece 1", 3).Ids);
        Assert.Equal([5], task.Input("", 3).Ids);
        Assert.Equal([0], task.Example("", "piece 2", 1).Example.ReadPositions[..1]);
    }

    [Fact]
    public void Settings_out_of_range_and_without_effect_are_refused()
    {
        Refused("MaxNewTokens must be at least 1", o => o.MaxNewTokens = 0);
        Refused("BeamCount must be at least 1", o => o.BeamCount = 0);
        Refused("Temperature must be at least 0", o => o.Temperature = -1);
        Refused("TopK must be at least 1", o => (o.Temperature, o.TopK) = (1, 0));
        Refused("TopP must be above 0", o => (o.Temperature, o.TopP) = (1, 1.5));
        Refused("beams are searched, not drawn", o => (o.Temperature, o.BeamCount) = (1, 2));
        Refused("set Temperature", o => o.TopK = 5);
        Refused("StopTexts must be texts", o => o.StopTexts = [""]);
        Refused("LengthPenalty", o => o.LengthPenalty = double.NaN);
        Refused("HeadOnly trains a head alone", o => o.Method = new HeadOnly());
        Refused("ClassWeights has no effect", o => o.ClassWeights = [1]);
        Refused("TargetColumnName names", o => o.LabelColumnName = "Target");
        Refused("leave Verbalizer null", o => o.Verbalizer = new Verbalizer());
        Refused("leaves no room for a text: a row has room for 57 new tokens", o => o.MaxNewTokens = 58);
        Refused("no column 'Missing'", o => o.TargetColumnName = "Missing");
        Refused("not text", o => o.TargetColumnName = "Number");
        Refused("Row 1 has no target", _ => { }, [new() { Text = "it", Target = " " }]);
        Refused("no rows", _ => { }, []);
        using var model = Untuned(maxNewTokens: 6);
        Assert.Contains("leaves no room", Assert.Throws<ArgumentException>(() => model.Generation = model.Generation with { MaxNewTokens = 1000 }).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Generation = model.Generation with { BeamCount = -1 });

        void Refused(string message, Action<TextGenerationOptions> set, List<Ending>? rows = null)
        {
            var options = Endings.Options(_backbone);
            set(options);
            Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(() => Endings.Train(options, rows)).Message);
        }
    }

    [Fact]
    public void Backbones_that_cannot_write_are_refused_with_what_to_do()
    {
        using var encoder = new TinyBackbone();
        Assert.Contains("take a decoder", Assert.Throws<NotSupportedException>(() => Endings.Train(new TextGenerationOptions(encoder.Path) { MaxNewTokens = 4 })).Message);
        _backbone.SetConfig("tie_word_embeddings", false);
        Assert.Contains("\"tie_word_embeddings\": true", Assert.Throws<InvalidDataException>(() => Endings.Train(Endings.Options(_backbone))).Message);
        _backbone.SetConfig("tie_word_embeddings", null);
        _backbone.SetConfig("eos_token_id", 28);
        Assert.Contains("eos_token_id is 28", Assert.Throws<InvalidDataException>(() => Endings.Train(Endings.Options(_backbone))).Message);
        _backbone.SetConfig("eos_token_id", null);
        Assert.Contains("names an end token", Assert.Throws<InvalidDataException>(() => Endings.Train(Endings.Options(_backbone))).Message);
        using (var endless = Untuned(maxNewTokens: 5)) Assert.All(Endings.Write(endless, _rows), row => Assert.InRange(row.Score, -20, 0));
        File.WriteAllText(_backbone.At("generation_config.json"), """{"eos_token_id": [3, 2]}""");
        using var model = Endings.Train(Endings.Options(_backbone));
        Assert.Equal(6, model.Generation.MaxNewTokens);
    }

    [Fact]
    public void A_head_of_its_own_scores_and_in_a_llama_that_does_not_say_the_embeddings_do_not()
    {
        using var llama = new TinyDecoder();
        llama.SetConfig("tie_word_embeddings", null);
        Assert.Throws<InvalidDataException>(() => Endings.Train(Endings.Options(llama)));
        using var tied = Untuned(maxNewTokens: 4);
        _backbone.AddHead(factor: 2);
        using var untied = Untuned(maxNewTokens: 4);
        // Twice the scores before the softmax: the same tokens, of higher probability.
        var (expected, actual) = (Endings.Write(tied, _rows), Endings.Write(untied, _rows));
        Assert.Equal(expected.Select(row => row.GeneratedText), actual.Select(row => row.GeneratedText));
        Assert.All(expected.Zip(actual), pair => Assert.True(pair.Second.Score > pair.First.Score));
    }

    public void Dispose() => _backbone.Dispose();

    private PTuningTextGenerationTransformer Untuned(int maxNewTokens) =>
        _ml.Transforms.PTuningV2GenerateUntuned(new TextGenerationOptions(_backbone.Path) { MaxNewTokens = maxNewTokens, PredictionBatchSize = 5 }).Model;
}
