// Texts that a decoder writes after others.
using Microsoft.ML;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Tasks;

internal sealed class GenerateModel : TaskModel
{
    public override TaskKind Kind => TaskKind.Generate;

    public override bool HasHead => false;

    public override PTuningOptions Options(string backbone, IReadOnlyList<InputColumn> columns, Pooling pooling) => new TextGenerationOptions(backbone);

    public override IDataView TrainingView(MLContext ml, IEnumerable<TaskRow> rows, IReadOnlyList<InputColumn> columns) => View<WritingRow>(ml, rows, columns.Select(column => column.Input));

    public override TrainedModel Train(MLContext ml, PTuningOptions options, PromptSearchOptions? search, IDataView data)
    {
        var own = (TextGenerationOptions)options;
        IEstimator<PTuningTextGenerationTransformer> estimator = search is null ? ml.Transforms.PTuningV2Generate(own) : ml.Transforms.PTuningV2Search(own, search);
        var model = estimator.Fit(data);
        return new TrainedModel(model, model);
    }

    public override IEnumerable<TestRow> Predict(MLContext ml, ITransformer model, IEnumerable<TaskRow> rows) =>
        Predictions<WritingRow, Predicted>(ml, model, rows).Select(row => new GeneratedText(row.Place, row.Text, row.Target, row.GeneratedText));

    public override TestScores Score(MLContext ml, IReadOnlyList<TestRow> rows)
    {
        var metrics = ml.MulticlassClassification.EvaluateGeneratedText(ml.Data.LoadFromEnumerable(rows.Cast<GeneratedText>().Select(row => new Pair { Target = row.Gold, GeneratedText = row.Written }).ToList()));
        return new TestScores("rougeL", new Dictionary<string, double>
        {
            ["rougeL"] = metrics.RougeL, ["rouge1"] = metrics.Rouge1, ["rouge2"] = metrics.Rouge2, ["bleu"] = metrics.Bleu, ["exactMatch"] = metrics.ExactMatch,
        });
    }

    private sealed class Pair
    {
        public string Target { get; set; } = "";
        public string GeneratedText { get; set; } = "";
    }

    private sealed class Predicted
    {
        public string Place { get; set; } = "";
        public string Text { get; set; } = "";
        public string Target { get; set; } = "";
        public string GeneratedText { get; set; } = "";
    }
}
