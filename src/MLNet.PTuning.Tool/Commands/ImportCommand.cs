// ptuning import: a model of an adapter folder of Hugging Face PEFT.
using System.CommandLine;
using System.Text.Json;
using Microsoft.ML;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;
using MLNet.PTuning.Tool.Tasks;

namespace MLNet.PTuning.Tool.Commands;

internal static class ImportCommand
{
    private static readonly Dictionary<string, TaskKind> TasksOfPeft = new() { ["SEQ_CLS"] = TaskKind.Classify, ["TOKEN_CLS"] = TaskKind.Label, ["QUESTION_ANS"] = TaskKind.Answer, ["CAUSAL_LM"] = TaskKind.Generate };

    public static Command Create(Terminal terminal)
    {
        var folder = new Argument<string>("PEFTFOLDER") { Description = "The adapter's folder." };
        var backbone = new Option<string>("--backbone") { Description = "The folder of the model that it was trained on.", Required = true, HelpName = "FOLDER" };
        var output = new Option<string>("--output", "-o") { Description = "The model file to write.", Required = true, HelpName = "FILE" };
        var task = new Option<TaskKind?>("--task") { Description = "What it was trained for. Default: what the folder says." };
        var classes = new Option<string[]>("--classes") { Description = "The names of the classes, in the order of the head's rows. Default: the folder's, else 0, 1, …", AllowMultipleArgumentsPerToken = true };
        var pairs = new Option<bool>("--pairs") { Description = "It was trained on pairs of texts." };
        return new Command("import", "Makes a model file of an adapter folder of Hugging Face PEFT, or of a checkpoint of P-Tuning v2.") { folder, backbone, output, task, classes, pairs }.Runs(terminal, (parsed, _) =>
        {
            var peft = PeftFolder.Load(parsed.GetRequiredValue(folder));
            var kind = parsed.GetValue(task) ?? (peft.TaskType is { } type ? TasksOfPeft.GetValueOrDefault(type, (TaskKind)(-1)) : (TaskKind)(-1));
            if (!Enum.IsDefined(kind)) throw new BadUsageException($"{peft.Path} does not say what it was trained for{(peft.TaskType is null ? "" : $" ('{peft.TaskType}' is not known here)")}; say it with --task.");
            string[]? names = parsed.GetValue(classes) is { Length: > 0 } given ? given : peft.ClassNames is null && peft.ClassCount is { } count ? [.. Enumerable.Range(0, count).Select(i => $"{i}")] : null;
            string file = parsed.GetRequiredValue(output);
            Save(peft, kind, parsed.GetRequiredValue(backbone), names, parsed.GetValue(pairs), file);
            terminal.Output.WriteLine(terminal.Json ? JsonSerializer.Serialize(new { file, task = kind, classNames = names ?? peft.ClassNames, method = JsonSerializer.SerializeToElement(peft.Method) }, Json.Compact)
                : $"{file}: {kind.ToString().ToLowerInvariant()}, {peft.Method.GetType().Name}{((names ?? peft.ClassNames) is { } known ? $", classes {string.Join(", ", known)}" : "")}.");
        });
    }

    private static void Save(PeftFolder peft, TaskKind kind, string backbone, string[]? names, bool pairs, string file)
    {
        var ml = new MLContext();
        var columns = TaskColumns.Of(kind).Where(column => column.IsRequired || (pairs && column.Input == "TextPair")).Select(column => new InputColumn(column.Input, column.Input, 0, null, column.Option)).ToList();
        var task = TaskModel.Of(kind);
        var options = task.Options(Path.GetFullPath(backbone), columns, Pooling.FirstToken);
        options.StartFrom = peft;
        var data = task.TrainingView(ml, [], columns);
        ITransformer model = options switch
        {
            TextClassificationOptions text => WithNames(ml.Transforms.PTuningV2ClassifyFromPeft(text, names)),
            TokenLabelingOptions words => WithNames(ml.Transforms.PTuningV2LabelTokensFromPeft(words, names)),
            QuestionAnsweringOptions question => ml.Transforms.PTuningV2AnswerQuestionsFromPeft(question).Fit(data),
            MultipleChoiceOptions choice => ml.Transforms.PTuningV2ChooseFromPeft(choice).Fit(data),
            TextGenerationOptions writing => ml.Transforms.PTuningV2GenerateFromPeft(writing).Fit(data),
            _ => throw new NotSupportedException($"{kind} cannot be imported."),
        };
        using (model as IDisposable) ml.Model.SaveSafely(model, data.Schema, file);

        // As training saves it: the predicted label is the class's name.
        ITransformer WithNames<TTransformer>(PeftEstimator<TTransformer> estimator) where TTransformer : PTuningTransformer => estimator.Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel")).Fit(data);
    }
}
