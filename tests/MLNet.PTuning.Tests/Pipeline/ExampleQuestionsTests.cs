// The question answering example's own data: what SQuAD's form demands of it, and all steps of an app on it.
using System.Text.Json;
using Microsoft.ML;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class ExampleQuestionsTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new(seed: 1);

    [Theory]
    [InlineData("train.json", 26, 185, 23)]
    [InlineData("test.json", 8, 56, 8)]
    public void Every_answer_is_in_its_paragraph_at_the_code_point_that_it_names(string file, int paragraphs, int questions, int withoutAnswer)
    {
        using var json = Parse(file);
        var all = Paragraphs(json).ToList();
        var qas = all.SelectMany(p => p.GetProperty("qas").EnumerateArray(), (p, qa) => (Context: p.GetProperty("context").GetString()!, Qa: qa)).ToList();
        Assert.Equal((paragraphs, questions), (all.Count, qas.Count));
        Assert.Equal(withoutAnswer, qas.Count(q => q.Qa.GetProperty("is_impossible").GetBoolean()));
        Assert.All(qas, q => Assert.Equal(q.Qa.GetProperty("is_impossible").GetBoolean(), q.Qa.GetProperty("answers").GetArrayLength() == 0));
        foreach (var (context, qa) in qas)
        {
            var runes = context.EnumerateRunes().ToList();
            foreach (var answer in qa.GetProperty("answers").EnumerateArray())
            {
                string text = answer.GetProperty("text").GetString()!;
                var there = runes.Skip(answer.GetProperty("answer_start").GetInt32()).Take(text.EnumerateRunes().Count());
                Assert.Equal(text, string.Concat(there));
            }
        }
    }

    [Fact]
    public void No_paragraph_and_no_id_is_in_both_files()
    {
        using JsonDocument train = Parse("train.json"), test = Parse("test.json");
        var all = Paragraphs(train).Concat(Paragraphs(test)).ToList();
        Assert.Distinct(all.Select(p => p.GetProperty("context").GetString()));
        Assert.Distinct(all.SelectMany(p => p.GetProperty("qas").EnumerateArray()).Select(q => q.GetProperty("id").GetString()));
    }

    [Fact]
    public void A_model_of_the_examples_questions_trains_is_evaluated_and_answers_the_same_after_loading()
    {
        var train = _ml.Data.TakeRows(_ml.Data.LoadFromSquad(DataFile("train.json")), 24);
        var options = new QuestionAnsweringOptions(Examples.At("backbones", "tiny-bert-en")) { Epochs = 1, BatchSize = 8 };
        using var model = _ml.Transforms.PTuningV2AnswerQuestions(options).Fit(train);
        Assert.Equal(0, model.Report!.SkippedRows);
        var test = _ml.Data.TakeRows(_ml.Data.LoadFromSquad(DataFile("test.json")), 14);
        var metrics = _ml.MulticlassClassification.EvaluateAnswers(model.Transform(test));
        Assert.Equal((12, 2), (metrics.WithAnswers.Questions, metrics.WithoutAnswers.Questions));

        _ml.Model.SaveSafely(model, train.Schema, _folder.At("answers.zip"));
        using var loaded = (PTuningQuestionAnsweringTransformer)_ml.Model.Load(_folder.At("answers.zip"), out _);
        string text = File.ReadAllText(DataFile("house-rules.txt"));
        QuestionRow[] asked = [Questions.Of(text, "What did the new boiler cost?", "", 0)];
        AnsweredQuestion here = Questions.Predict(model, asked)[0], after = Questions.Predict(loaded, asked)[0];
        Assert.Equal(here.PredictedAnswer, after.PredictedAnswer);
        Assert.All(after.PredictedAnswer.Zip(after.AnswerStart, after.AnswerEnd), answer => Assert.Equal(text[answer.Second..answer.Third], answer.First));
    }

    public void Dispose() => _folder.Dispose();

    private static JsonDocument Parse(string file) => JsonDocument.Parse(File.ReadAllText(DataFile(file)));

    private static IEnumerable<JsonElement> Paragraphs(JsonDocument json) =>
        json.RootElement.GetProperty("data").EnumerateArray().SelectMany(article => article.GetProperty("paragraphs").EnumerateArray());

    private static string DataFile(string name) => Examples.At("QuestionAnswering", "data", name);
}
