// Writes predicted rows one after the other, as CSV or as a JSON object a line.
using System.Globalization;
using System.Text.Json;
using CsvHelper;

namespace MLNet.PTuning.Tool.Run;

/// <summary>Columns are the row's place, what the model read, the gold label where there is one, the prediction, its probability, and for classes the probability of each.</summary>
internal abstract class PredictionWriter : IDisposable
{
    /// <summary>Whether a file's name says that it holds JSON lines.</summary>
    public static bool IsJson(string name) => Path.GetExtension(name).ToLowerInvariant() is ".jsonl" or ".json" or ".ndjson";

    /// <summary>A writer of CSV or of JSON lines.</summary>
    /// <param name="writer">Where to write; it is left open.</param>
    /// <param name="asJson">Whether as JSON lines.</param>
    /// <param name="classes">The classes, in the order of the probabilities, which a CSV file has columns of where the task is to classify.</param>
    /// <param name="hasGold">Whether rows have gold labels.</param>
    /// <param name="task">What the model was trained for.</param>
    public static PredictionWriter Create(TextWriter writer, bool asJson, IReadOnlyList<string> classes, bool hasGold, TaskKind task) =>
        asJson ? new Lines(writer, classes, hasGold) : new Delimited(writer, task == TaskKind.Classify ? classes : [], hasGold);

    /// <summary>Writes a row.</summary>
    public abstract void Write(TestRow row);

    public abstract void Dispose();

    private static string Number(float value) => value.ToString("r", CultureInfo.InvariantCulture);

    private sealed class Delimited : PredictionWriter
    {
        private readonly CsvWriter _csv;
        private readonly bool _hasGold;

        public Delimited(TextWriter writer, IReadOnlyList<string> classes, bool hasGold)
        {
            _csv = CsvWriter.Create(writer, new CsvWriterOptions { NewLine = "\n", ValidateFieldCount = false }, leaveOpen: true);
            _hasGold = hasGold;
            string[] header = ["row", "input", .. hasGold ? (string[])["gold"] : [], "predicted", "probability", .. classes.Select(name => "probability of " + name)];
            foreach (string name in header) _csv.WriteField(name);
            _csv.EndRecord();
        }

        public override void Write(TestRow row)
        {
            _csv.WriteField(row.Place);
            _csv.WriteField(row.InputText);
            if (_hasGold) _csv.WriteField(row.GoldText);
            _csv.WriteField(row.PredictedText);
            _csv.WriteField(row.Confidence is { } confidence ? Number(confidence) : "");
            if (row is ClassifiedText { Probabilities: var probabilities })
                foreach (float probability in probabilities) _csv.WriteField(Number(probability));
            _csv.EndRecord();
        }

        public override void Dispose() => _csv.Dispose();
    }

    private sealed class Lines(TextWriter writer, IReadOnlyList<string> classes, bool hasGold) : PredictionWriter
    {
        public override void Write(TestRow row) => writer.Write(JsonSerializer.Serialize(Content(row), Json.Compact) + "\n");

        public override void Dispose() => writer.Flush();

        private Dictionary<string, object?> Content(TestRow row)
        {
            var content = new Dictionary<string, object?> { ["row"] = row.Place };
            object? gold = row.GoldText, predicted = row.PredictedText;
            switch (row)
            {
                case ClassifiedText text:
                    content["text"] = text.Text;
                    if (text.Pair is not null) content["pair"] = text.Pair;
                    break;
                case LabeledWords words:
                    content["words"] = words.Words;
                    (gold, predicted) = (words.Gold, words.Predicted);
                    break;
                case AnsweredQuestion question:
                    (content["context"], content["question"], gold) = (question.Context, question.Question, question.Gold);
                    break;
                case ChosenText chosen:
                    (content["premise"], content["choices"], gold, predicted) = (chosen.Premise, chosen.Choices, chosen.Gold, chosen.Predicted);
                    break;
                default:
                    content["text"] = row.InputText;
                    break;
            }
            if (hasGold) content["gold"] = gold;
            content["predicted"] = predicted;
            switch (row)
            {
                case ClassifiedText text: content["probabilities"] = classes.Zip(text.Probabilities).ToDictionary(pair => pair.First, pair => pair.Second); break;
                case LabeledWords words: content["probabilities"] = words.Probabilities; break;
                case ChosenText chosen: content["probabilities"] = chosen.Probabilities; break;
                case { Confidence: { } confidence }: content["probability"] = confidence; break;
            }
            return content;
        }
    }
}
