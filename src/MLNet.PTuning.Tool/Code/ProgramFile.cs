// Program.cs: predicts a row with the trained model, as an app would.
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Code;

internal static class ProgramFile
{
    // A longer row would not be read as an example.
    private const int LongestRow = 4000;

    public static string Of(GeneratedModel model) => $$"""
        // Predicts a row with the trained model. Change the row, or call {{model.Name}} from your own app.
        using {{model.Namespace}};

        var sampleData = new {{model.Name}}.ModelInput
        {
        {{string.Concat(Sample(model).Select(value => $"    {model.Property(value.Input)} = {value.Code},\n"))}}};

        {{Prints(model)}}

        """;

    // The first test row that is no longer than an example should be.
    private static IEnumerable<(string Input, string Code)> Sample(GeneratedModel model)
    {
        (string Input, string Code)[] values = model.Run.TestRows.FirstOrDefault(row => row.InputText.Length <= LongestRow) switch
        {
            ClassifiedText row => [("Text", CSharpText.Literal(row.Text)), ("TextPair", CSharpText.Literal(row.Pair ?? ""))],
            LabeledWords row => [("Words", Words(row.Words))],
            AnsweredQuestion row => [("Context", CSharpText.Literal(row.Context)), ("Question", CSharpText.Literal(row.Question))],
            ChosenText row => [("Premise", CSharpText.Literal(row.Premise)), ("Choices", CSharpText.Literal(row.Choices))],
            GeneratedText row => [("Text", CSharpText.Literal(row.Text))],
            _ => Placeholders(),
        };
        return values.Where(value => model.Has(value.Input));

        string Words(string[] words) => model.Run.WordsAreText ? CSharpText.Literal(string.Join(' ', words)) : CSharpText.Literal(words);

        (string Input, string Code)[] Placeholders() => model.Run.Task switch
        {
            TaskKind.Classify => [("Text", "\"Write a text here.\""), ("TextPair", "\"And its pair here.\"")],
            TaskKind.Label => [("Words", Words(["Write", "words", "here"]))],
            TaskKind.Answer => [("Context", "\"Write a text here.\""), ("Question", "\"And a question here?\"")],
            TaskKind.Choose => [("Premise", "\"Write a text here.\""), ("Choices", "[\"And choices here.\", \"Two or more.\"]")],
            _ => [("Text", "\"Write a text here.\"")],
        };
    }

    private static string Prints(GeneratedModel model) => model.Run.Task switch
    {
        TaskKind.Classify => AllLabels(model, "Predicted label: {prediction.PredictedLabel}"),
        TaskKind.Label => $$"""
            var prediction = {{model.Name}}.Predict(sampleData);
            foreach (var (word, label, all) in sampleData.{{model.Property("Words")}}{{(model.Run.WordsAreText ? ".Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)" : "")}}.Zip(prediction.PredictedLabel, {{model.Name}}.PredictAllLabels(sampleData)))
                Console.WriteLine($"{word,-24}{label,-16}{string.Join(", ", all.Take(3).Select(pair => $"{pair.Key} {pair.Value:f4}"))}");
            """,
        TaskKind.Answer => AllLabels(model, "Answer: {prediction.PredictedAnswer.FirstOrDefault()}"),
        TaskKind.Choose => AllLabels(model, $$"""Choice: {sampleData.{{model.Property("Choices")}}[prediction.PredictedLabel]}"""),
        _ => $"Console.WriteLine({model.Name}.Predict(sampleData).GeneratedText);",
    };

    private static string AllLabels(GeneratedModel model, string first) => $$"""
        var prediction = {{model.Name}}.Predict(sampleData);
        Console.WriteLine($"{{first}}");
        foreach (var (label, probability) in {{model.Name}}.PredictAllLabels(sampleData)) Console.WriteLine($"{label,-40}{probability:f4}");
        """;
}
