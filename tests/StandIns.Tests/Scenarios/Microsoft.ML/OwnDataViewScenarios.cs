// Data views of one's own.
using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using static StandIns.Tests.Observe;

namespace StandIns.Tests;

public static class OwnDataViewScenarios
{
    private static readonly MLContext Ml = new(seed: 1);

    private static readonly string[] Classes = ["no", "yes"];

    private static readonly ScoredView View = new(
    [
        new("first", "yes", [0.2f, 0.8f]),
        new("second", "no", [0.6f, 0.4f]),
        new("third", "yes", [0.7f, 0.3f]),
        new("fourth", null, [0.9f, 0.1f]),
    ]);

    public static object? Schema() => Show.Schema(View.Schema);

    public static object? Rows() => Show.Rows(View);

    private sealed class Prediction
    {
        public string Text { get; set; } = "";
        public float[] Score { get; set; } = [];
        public uint PredictedLabel { get; set; }
    }

    public static object? CreateEnumerable() => Ml.Data.CreateEnumerable<Prediction>(View, reuseRowObject: false).Select(p => new { p.Text, p.Score, p.PredictedLabel });

    public static object? Cache()
    {
        IDataView cached = Ml.Data.Cache(View);
        int before = View.Cursors;
        Show.Rows(cached);
        Show.Rows(cached);
        return new { schema = Show.Schema(cached.Schema), rows = Show.Rows(cached), cursors = View.Cursors - before };
    }

    public static object? Evaluate()
    {
        MulticlassClassificationMetrics metrics = Ml.MulticlassClassification.Evaluate(View);
        return new
        {
            micro = Round(metrics.MicroAccuracy),
            logLoss = Round(metrics.LogLoss),
            table = metrics.ConfusionMatrix.GetFormattedConfusionTable().ReplaceLineEndings("\n").Split('\n'),
        };
    }

    public static object? TransformsOverIt()
    {
        var model = Ml.Transforms.Conversion.MapKeyToValue("Answer", "PredictedLabel").Append(Ml.Transforms.Conversion.MapValueToKey("TextKey", "Text")).Fit(View);
        return new { schema = Show.Schema(model.Transform(View).Schema), rows = Show.Rows(model.Transform(View), "Answer", "TextKey", "Label") };
    }

    public static object? RowOperationsOverIt() => new
    {
        take = Show.Values(Ml.Data.TakeRows(View, 2), "Text"),
        skip = Show.Values(Ml.Data.SkipRows(View, 3), "Text"),
        shuffle = Show.Values(Ml.Data.ShuffleRows(View, seed: 1), "Text").Order(),
        split = Show.Values(Ml.Data.TrainTestSplit(View, 0.5, seed: 1).TestSet, "Text"),
        preview = View.Preview().ToString(),
        column = View.GetColumn<string>("Text").ToArray(),
    };

    public static object? OnlyNeededColumnsAreAsked()
    {
        IDataView mapped = Ml.Transforms.Conversion.MapKeyToValue("Answer", "PredictedLabel").Fit(View).Transform(View);
        Show.Rows(mapped, "Answer");
        string forAnswer = View.LastAsked;
        Show.Rows(mapped, "Text");
        string forText = View.LastAsked;
        Ml.Data.CreateEnumerable<TextOnly>(mapped, false).Count();
        return new { forAnswer, forText, forEnumerable = View.LastAsked };
    }

    private sealed class TextOnly
    {
        public string Text { get; set; } = "";
    }

    public static object? CursorsAreDisposed()
    {
        int disposed = View.Disposed, made = View.Cursors;
        Show.Rows(Ml.Transforms.CopyColumns("Copy", "Text").Fit(View).Transform(View), "Copy");
        Ml.Data.CreateEnumerable<TextOnly>(View, false).First();
        View.GetColumn<string>("Text").Take(1).ToArray();
        return View.Cursors - made == View.Disposed - disposed;
    }

    private sealed record Example(string Text, string? Label, float[] Score);

    /// <summary>A data view written against the public API: text, key label, scores with slot names, predicted key.</summary>
    private sealed class ScoredView : IDataView
    {
        private readonly Example[] _rows;

        public ScoredView(Example[] rows)
        {
            _rows = rows;
            var keys = new DataViewSchema.Annotations.Builder();
            keys.Add("KeyValues", new VectorDataViewType(TextDataViewType.Instance, Classes.Length), (ref VBuffer<ReadOnlyMemory<char>> dst) => dst = Names());
            var slots = new DataViewSchema.Annotations.Builder();
            slots.Add("SlotNames", new VectorDataViewType(TextDataViewType.Instance, Classes.Length), (ref VBuffer<ReadOnlyMemory<char>> dst) => dst = Names());
            var builder = new DataViewSchema.Builder();
            builder.AddColumn("Text", TextDataViewType.Instance);
            builder.AddColumn("Label", new KeyDataViewType(typeof(uint), Classes.Length), keys.ToAnnotations());
            builder.AddColumn("Score", new VectorDataViewType(NumberDataViewType.Single, Classes.Length), slots.ToAnnotations());
            builder.AddColumn("PredictedLabel", new KeyDataViewType(typeof(uint), Classes.Length), keys.ToAnnotations());
            Schema = builder.ToSchema();
        }

        public int Cursors { get; private set; }

        public int Disposed { get; private set; }

        public string LastAsked { get; private set; } = "";

        public bool CanShuffle => false;

        public DataViewSchema Schema { get; }

        public long? GetRowCount() => _rows.Length;

        public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
        {
            Cursors++;
            bool[] active = new bool[Schema.Count];
            foreach (DataViewSchema.Column column in columnsNeeded)
                active[column.Index] = true;
            LastAsked = string.Join(",", Schema.Where(c => active[c.Index]).Select(c => c.Name));
            return new Cursor(this, active);
        }

        public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded, rand)];

        private static VBuffer<ReadOnlyMemory<char>> Names() => new(Classes.Length, Classes.Select(c => c.AsMemory()).ToArray());

        private sealed class Cursor(ScoredView view, bool[] active) : DataViewRowCursor
        {
            private long _position = -1;

            public override long Position => _position;

            public override long Batch => 0;

            public override DataViewSchema Schema => view.Schema;

            private Example Row => view._rows[_position];

            public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

            public override bool MoveNext()
            {
                if (_position + 1 >= view._rows.Length)
                    return false;
                _position++;
                return true;
            }

            public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)_position, 0);

            public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
            {
                if (!active[column.Index])
                    throw new ArgumentException($"Column {column.Name} was not asked for.", nameof(column));
                Delegate getter = column.Name switch
                {
                    "Text" => (ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> value) => value = Row.Text.AsMemory()),
                    "Label" => (ValueGetter<uint>)((ref uint value) => value = (uint)(Array.IndexOf(Classes, Row.Label) + 1)),
                    "Score" => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => value = new VBuffer<float>(Row.Score.Length, Row.Score)),
                    _ => (ValueGetter<uint>)((ref uint value) => value = Row.Score[1] > Row.Score[0] ? 2u : 1u),
                };
                return getter as ValueGetter<TValue> ?? throw new InvalidOperationException($"Column {column.Name} is of type {column.Type}.");
            }

            protected override void Dispose(bool disposing)
            {
                if (disposing)
                    view.Disposed++;
                base.Dispose(disposing);
            }
        }
    }
}
