// Cursors over predictions behave as ML.NET's own, although rows are read ahead and predicted in batches.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Tests.Backbones;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class CursorTests(TrainedModel model) : IClassFixture<TrainedModel>
{
    private static readonly string[] SourceColumns = ["Text", "Label", "Other", "Number", "Three", "Tags", "Stars", "When"];

    private IDataView Predictions => model.Classifier.Transform(model.Data);

    [Fact]
    public void Source_columns_of_every_type_are_unchanged_next_to_the_predictions() =>
        Assert.Equal(Values.Rows(model.Data, SourceColumns), Values.Rows(Predictions, SourceColumns.Append("Score")).Select(row => row[..^1]));

    [Fact]
    public void Any_subset_of_active_columns_gives_the_same_values()
    {
        string[] columns = ["Text", "Three", "Tags", "Stars", "PredictedLabel", "Score"];
        var all = Values.Rows(Predictions, columns);
        for (int subset = 1; subset < 1 << columns.Length; subset++)
        {
            int[] active = [.. Enumerable.Range(0, columns.Length).Where(c => (subset >> c & 1) != 0)];
            Assert.Equal(all.Select(row => active.Select(c => row[c]).ToArray()), Values.Rows(Predictions, active.Select(c => columns[c])));
        }
    }

    [Fact]
    public void A_cursor_of_no_columns_counts_the_rows()
    {
        using var cursor = Predictions.GetRowCursor([]);
        int rows = 0;
        while (cursor.MoveNext()) rows++;
        Assert.Equal(model.Rows.Count, rows);
    }

    [Fact]
    public void A_cursor_left_after_its_first_batch_has_read_no_further()
    {
        int read = 0;
        var counted = model.Context.Data.LoadFromEnumerable(model.Rows.Select(row => { read++; return row; }));
        var view = model.Classifier.Transform(counted);
        read = 0;
        using (var cursor = view.GetRowCursor([view.Schema["Score"]]))
            for (int row = 0; row < 3; row++) Assert.True(cursor.MoveNext());
        Assert.Equal(3, read);
    }

    [Fact]
    public void Predictions_of_inactive_columns_are_not_made()
    {
        using var backbone = new TinyBackbone();
        var options = Reviews.Options(backbone);
        options.Epochs = 1;
        using var classifier = Reviews.Train(options, model.Rows);
        var view = classifier.Transform(model.Data);
        // Without its backbone a disposed model cannot predict.
        classifier.Dispose();
        File.Delete(backbone.At("config.json"));
        Assert.Equal(Values.Rows(model.Data, "Text"), Values.Rows(view, "Text"));
        Assert.Throws<FileNotFoundException>(() => Values.Rows(view, "Text", "Score"));
    }

    [Fact]
    public void Two_cursors_at_once_do_not_disturb_each_other()
    {
        var expected = Values.Rows(Predictions, "Text", "Score");
        var view = Predictions;
        DataViewSchema.Column[] columns = [view.Schema["Text"], view.Schema["Score"]];
        using var first = view.GetRowCursor(columns);
        using var second = view.GetRowCursor(columns);
        Func<string>[] ofFirst = [.. columns.Select(c => Values.Reader(first, c))], ofSecond = [.. columns.Select(c => Values.Reader(second, c))];
        for (int i = 0; i < 5; i++) Assert.True(second.MoveNext());
        for (int row = 0; row + 4 < expected.Count; row++)
        {
            Assert.True(first.MoveNext());
            Assert.Equal(expected[row], ofFirst.Select(read => read()));
            Assert.Equal(expected[row + 4], ofSecond.Select(read => read()));
            second.MoveNext();
        }
    }

    [Fact]
    public async Task Cursors_on_several_threads_give_the_same()
    {
        var expected = Values.Rows(Predictions, "Text", "Score");
        var read = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Values.Rows(Predictions, "Text", "Score"))));
        Assert.All(read, rows => Assert.Equal(expected, rows));
    }

    [Fact]
    public void A_shuffled_cursor_keeps_rows_together()
    {
        var inOrder = Values.Rows(Predictions, "Text", "Number", "Score");
        var view = model.Classifier.Transform(model.Context.Data.Cache(model.Data));
        Assert.True(view.CanShuffle);
        var shuffled = Values.Rows(view, new Random(3), ["Text", "Number", "Score"]);
        Assert.NotEqual(inOrder.Select(r => r[0]), shuffled.Select(r => r[0]));
        // Rows of another batch are padded otherwise, so scores agree but for rounding.
        Assert.Equal(inOrder.Select(r => (r[0], r[1])).Order(), shuffled.Select(r => (r[0], r[1])).Order());
        var scores = inOrder.ToDictionary(r => r[0] + r[1], r => Numbers(r[2]));
        Assert.All(shuffled, r => Assert.All(scores[r[0] + r[1]].Zip(Numbers(r[2])), pair => Assert.Equal(pair.First, pair.Second, 1e-5)));
    }

    [Fact]
    public void Shuffling_and_row_count_are_those_of_the_source()
    {
        Assert.Equal(model.Data.CanShuffle, Predictions.CanShuffle);
        Assert.Equal(model.Data.GetRowCount(), Predictions.GetRowCount());
    }

    [Fact]
    public void Ids_and_positions_follow_the_source()
    {
        using var source = model.Data.GetRowCursor([]);
        using var cursor = Predictions.GetRowCursor([Predictions.Schema["Score"]]);
        var (sourceId, id) = (source.GetIdGetter(), cursor.GetIdGetter());
        DataViewRowId expected = default, actual = default;
        Assert.Equal(-1, cursor.Position);
        while (cursor.MoveNext())
        {
            Assert.True(source.MoveNext());
            sourceId(ref expected);
            id(ref actual);
            Assert.Equal((expected, source.Position, source.Batch), (actual, cursor.Position, cursor.Batch));
        }
        Assert.Equal(-1, cursor.Position);
        Assert.False(cursor.MoveNext());
    }

    [Fact]
    public void A_getter_before_the_first_row_and_after_the_last_is_refused()
    {
        var view = Predictions;
        using var cursor = view.GetRowCursor([view.Schema["Score"], view.Schema["Text"]]);
        var readers = new[] { "Score", "Text" }.Select(c => Values.Reader(cursor, view.Schema[c])).ToList();
        Assert.All(readers, read => Assert.Throws<InvalidOperationException>(() => read()));
        while (cursor.MoveNext()) { }
        Assert.All(readers, read => Assert.Throws<InvalidOperationException>(() => read()));
    }

    [Fact]
    public void A_column_that_is_not_active_or_of_another_type_is_refused_by_name()
    {
        var view = Predictions;
        using var cursor = view.GetRowCursor([view.Schema["Score"]]);
        Assert.True(cursor.IsColumnActive(view.Schema["Score"]));
        Assert.False(cursor.IsColumnActive(view.Schema["Text"]));
        Assert.Contains("'Text'", Assert.Throws<InvalidOperationException>(() => cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Text"])).Message);
        Assert.Contains("'PredictedLabel'", Assert.Throws<InvalidOperationException>(() => cursor.GetGetter<uint>(view.Schema["PredictedLabel"])).Message);
        Assert.Contains("'Score'", Assert.Throws<InvalidOperationException>(() => cursor.GetGetter<float>(view.Schema["Score"])).Message);
    }

    [Fact]
    public void A_value_that_was_read_stays_when_the_cursor_moves_on()
    {
        var view = Predictions;
        using var cursor = view.GetRowCursor([view.Schema["Score"], view.Schema["Three"]]);
        var (score, three) = (cursor.GetGetter<VBuffer<float>>(view.Schema["Score"]), cursor.GetGetter<VBuffer<float>>(view.Schema["Three"]));
        var kept = new List<(VBuffer<float> Score, VBuffer<float> Three)>();
        while (cursor.MoveNext())
        {
            VBuffer<float> s = default, t = default;
            score(ref s);
            three(ref t);
            kept.Add((s, t));
        }
        Assert.Equal(model.Rows.SelectMany(r => r.Three), kept.SelectMany(k => k.Three.DenseValues()));
        Assert.Equal(Reviews.Scores(model.Classifier, model.Rows), kept.SelectMany(k => k.Score.DenseValues()));
    }

    [Fact]
    public void Predictions_can_be_cached_shuffled_and_cut_like_any_view()
    {
        var expected = Values.Rows(Predictions, "Text", "PredictedLabel");
        var data = model.Context.Data;
        Assert.Equal(expected, Values.Rows(data.Cache(Predictions), "Text", "PredictedLabel"));
        Assert.Equal(expected[5..12], Values.Rows(data.TakeRows(data.SkipRows(Predictions, 5), 7), "Text", "PredictedLabel"));
        Assert.Equal(expected.Select(r => (r[0], r[1])).Order(), Values.Rows(data.ShuffleRows(Predictions), "Text", "PredictedLabel").Select(r => (r[0], r[1])).Order());
    }

    [Fact]
    public void No_rows_give_no_predictions() => Assert.Empty(Reviews.Predict(model.Classifier, []));

    [Fact]
    public void A_cursor_set_gives_every_row_once()
    {
        var view = Predictions;
        var texts = new List<string>();
        foreach (var cursor in view.GetRowCursorSet([view.Schema["Text"]], 4))
            using (cursor)
            {
                var read = Values.Reader(cursor, view.Schema["Text"]);
                while (cursor.MoveNext()) texts.Add(read());
            }
        Assert.Equal(model.Rows.Select(r => r.Text).Order(), texts.Order());
    }

    private static float[] Numbers(string vector) => [.. vector[(vector.IndexOf(':') + 1)..].Split(',').Select(n => float.Parse(n, System.Globalization.CultureInfo.InvariantCulture))];
}
