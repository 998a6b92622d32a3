// Records of training runs, made without training.
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tests.Tool;

internal static class ExampleRuns
{
    /// <summary>A run of a task with a file's columns, each given as the column of ML.NET's rows and its name in the file.</summary>
    public static TrainingRun Of(TaskKind task, FileForm form, params (string Input, string Column)[] columns) => new()
    {
        Name = "rows",
        Task = task,
        Data = new DataSummary
        {
            TrainingFile = new DataFile("/data/rows.txt", form, "UTF-8", form == FileForm.Delimited ? ',' : null, form == FileForm.Delimited, [.. columns.Select(column => column.Column)]),
            Columns = [.. columns.Select((column, i) => new InputColumn(column.Input, column.Column, i, "its name", "--" + column.Input.ToLowerInvariant()))],
            TrainingRows = 8,
            TestRows = 2,
        },
        Options = task switch
        {
            TaskKind.Classify => new TextClassificationOptions("/models/small") { TextPairColumnName = columns.Any(column => column.Input == "TextPair") ? "TextPair" : null },
            TaskKind.Label => new TokenLabelingOptions("/models/small"),
            TaskKind.Answer => new QuestionAnsweringOptions("/models/small"),
            TaskKind.Choose => new MultipleChoiceOptions("/models/small") { QuestionColumnName = columns.Any(column => column.Input == "Question") ? "Question" : null },
            _ => new TextGenerationOptions("/models/small"),
        },
        Training = new TrainingReport([], 1, 8, 0, 10, 100, 1, 1, "cpu"),
        ClassNames = ["no", "yes"],
        TestRows =
        [
            task switch
            {
                TaskKind.Classify => new ClassifiedText("2", "A text", columns.Any(column => column.Input == "TextPair") ? "Its pair" : null, "yes", "yes", [0.1f, 0.9f]),
                TaskKind.Label => new LabeledWords("1", ["A", "word"], ["O", "O"], ["O", "O"], [0.9f, 0.8f]),
                TaskKind.Answer => new AnsweredQuestion("1", "It was red.", "What color?", ["red"], "red", 0.9f, 1, true),
                TaskKind.Choose => new ChosenText("1", "It rained.", ["wet", "dry"], 0, 0, [0.7f, 0.3f]),
                _ => new GeneratedText("1", "Once", "there was", "there was"),
            },
        ],
        ModelFile = "/out/my-rows/model.zip",
        ModelBytes = 1000,
        BackboneFolder = "/models/small",
        Seconds = 1,
        Seed = 1,
        CommandLine = "ptuning train",
        Version = "0.1.0",
        Finished = DateTimeOffset.UnixEpoch,
    };

    /// <summary>The same run with other columns of its file.</summary>
    public static TrainingRun WithFile(this TrainingRun run, Func<DataFile, DataFile> change) => run with { Data = run.Data with { TrainingFile = change(run.Data.TrainingFile) } };
}
