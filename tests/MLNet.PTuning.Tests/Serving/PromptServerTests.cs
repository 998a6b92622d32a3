// A server answers as the tasks' own transformers do, and says what is wrong with a request or a model.
using System.Diagnostics.Metrics;
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tests.Pipeline;

namespace MLNet.PTuning.Tests.Serving;

public sealed class PromptServerTests(TrainedTasks tasks) : IClassFixture<TrainedTasks>
{
    private readonly MLContext _ml = tasks.Context;

    [Fact]
    public async Task Requests_of_many_threads_and_tasks_get_the_answers_of_the_tasks_own_transformers_to_the_bit()
    {
        var texts = ServedTexts.Mixed(seed: 5);
        var own = texts.GroupBy(text => text.Task).SelectMany(task => task.Zip(ServedTexts.OwnAnswers(tasks.Own(task.Key), task.Key, task))).ToDictionary();
        await using var server = ServedTexts.Server(tasks, new() { MaxBatchSize = 11 });
        await Task.WhenAll(Enumerable.Range(0, 8).Select(seed => Task.Run(async () =>
        {
            ServedText[] order = [.. texts];
            new Random(seed).Shuffle(order);
            var answers = await Task.WhenAll(order.Select(text => server.PredictAsync(text.Task, text.Text, text.Pair)));
            Assert.All(order.Zip(answers), pair => Assert.Equal(own[pair.First], ServedTexts.TextOf(pair.Second, tasks.Own(pair.First.Task), pair.First.Task)));
        })));
        Assert.True(own.Values.Distinct().Count() > texts.Count / 2);
    }

    [Fact]
    public async Task A_text_is_classified_with_the_probability_of_each_class()
    {
        await using var server = ServedTexts.Server(tasks);
        var answer = await server.PredictAsync("SST-2", "good film");
        Assert.Equal(tasks.Own("SST-2").ClassNames, answer.Scores.Select(score => score.Label));
        Assert.Equal(answer.Scores.MaxBy(score => score.Probability).Label, answer.Label);
        Assert.Equal(1, answer.Scores.Sum(score => score.Probability), 1e-5);
        Assert.Empty(answer.Words);
        Assert.Empty(answer.Entities);
    }

    [Fact]
    public async Task Words_of_a_text_have_labels_probabilities_and_places()
    {
        const string Text = "the  good, very book";
        await using var server = ServedTexts.Server(tasks);
        var answer = await server.PredictAsync("NER", Text);
        Assert.Equal(["the", "good", ",", "very", "book"], answer.Words.Select(word => word.Text));
        Assert.All(answer.Words, word => Assert.Equal(word.Text, Text[word.Start..word.End]));
        Assert.All(answer.Entities, entity => Assert.Equal(entity.Text, Text[entity.Start..entity.End]));
        Assert.Equal(string.Join(' ', answer.Words.Select(word => word.Label)), answer.Label);
        Assert.Empty(answer.Scores);

        var classes = tasks.Own("NER").ClassNames;
        var own = Assert.Single(_ml.Data.CreateEnumerable<LabeledSentence>(tasks.Own("NER").Transform(_ml.Data.LoadFromEnumerable([new { Words = Text }])), reuseRowObject: false));
        Assert.Equal(own.PredictedLabel.Select((key, word) => own.Score[word * classes.Count + (int)key - 1]), answer.Words.Select(word => word.Probability));
    }

    [Fact]
    public async Task Any_text_gets_an_answer_beside_others()
    {
        // Empty texts, halves of surrogate pairs, a word of thousands of characters, a text of hundreds of windows.
        string[] texts = ["", " \n", "a good film", "\ud83d x \udc4d", "\0", new('a', 5000), string.Concat(Enumerable.Repeat("good 👍 film ", 2000))];
        await using var server = ServedTexts.Server(tasks);
        var answers = await Task.WhenAll(ServedTexts.Tasks.SelectMany(task => texts.Select(text => server.PredictAsync(task, text, task == "MRPC" ? text : null))));
        var own = ServedTexts.Tasks.SelectMany(task => ServedTexts.OwnAnswers(tasks.Own(task), task, texts.Select(text => new ServedText(task, text, task == "MRPC" ? text : null))));
        Assert.Equal(own, answers.Select((answer, i) => ServedTexts.TextOf(answer, tasks.Own(ServedTexts.Tasks[i / texts.Length]), ServedTexts.Tasks[i / texts.Length])));
    }

    [Fact]
    public async Task An_unknown_task_is_an_error_that_lists_the_tasks()
    {
        await using var server = ServedTexts.Server(tasks);
        Assert.Contains("no task 'sst-2'; it has MRPC, NER, SST-2.", (await Assert.ThrowsAsync<KeyNotFoundException>(() => server.PredictAsync("sst-2", "good"))).Message);
        await using var empty = new PromptServer();
        Assert.Contains("it has none", (await Assert.ThrowsAsync<KeyNotFoundException>(() => empty.PredictAsync("SST-2", "good"))).Message);
    }

    [Fact]
    public async Task A_request_with_too_many_or_too_few_texts_is_refused()
    {
        await using var server = ServedTexts.Server(tasks);
        Assert.Contains("'MRPC' reads two texts", (await Assert.ThrowsAsync<ArgumentException>(() => server.PredictAsync("MRPC", "good"))).Message);
        Assert.Contains("'NER' reads one text", (await Assert.ThrowsAsync<ArgumentException>(() => server.PredictAsync("NER", "good", "bad"))).Message);
        await Assert.ThrowsAsync<ArgumentNullException>(() => server.PredictAsync("NER", null!));
    }

    [Fact]
    public async Task Tasks_lists_names_classes_and_what_they_read()
    {
        await using var server = ServedTexts.Server(tasks);
        Assert.Equal([("MRPC", false, true), ("NER", true, false), ("SST-2", false, false)], server.Tasks.Select(task => (task.Name, task.LabelsWords, task.ReadsPairs)));
        Assert.All(server.Tasks, task => Assert.Equal(tasks.Own(task.Name).ClassNames, task.ClassNames));
    }

    [Fact]
    public async Task Models_that_need_more_than_texts_or_are_of_several_tasks_are_refused()
    {
        await using var server = new PromptServer();
        Assert.Contains("reads spans", Assert.Throws<ArgumentException>(() => server.Add("WiC", tasks.Models["WiC"])).Message);
        Assert.Contains("no trained model of one task", Assert.Throws<ArgumentException>(() => server.Add("all", tasks.Model)).Message);
        Assert.Throws<ArgumentException>(() => server.Add(" ", tasks.Models["NER"]));
        using var backbone = new TinyBackbone();
        using var answers = Questions.Train(Questions.BriefOptions(backbone), Questions.Rows(8));
        Assert.Contains("PTuningQuestionAnsweringTransformer; a server has tasks of classification", Assert.Throws<ArgumentException>(() => server.Add("QA", answers)).Message);
        Assert.Empty(server.Tasks);
    }

    [Fact]
    public async Task Files_of_a_chain_and_of_a_transformer_are_added_and_one_that_is_damaged_leaves_the_task_as_it_is()
    {
        using var folder = new TempFolder();
        await using var server = new PromptServer();
        foreach (string task in ServedTexts.Tasks)
        {
            _ml.Model.SaveSafely(tasks.Models[task], tasks.Data.Schema, folder.At("model.zip"));
            server.Add(task, folder.At("model.zip"));
        }
        await File.WriteAllBytesAsync(folder.At("model.zip"), (await File.ReadAllBytesAsync(folder.At("model.zip")))[..200]);
        Assert.NotNull(Record.Exception(() => server.Add("NER", folder.At("model.zip"))));
        Assert.NotNull(Record.Exception(() => server.Add("SST-2", folder.At("missing.zip"))));
        foreach (var text in ServedTexts.Mixed(seed: 6).DistinctBy(text => text.Task))
            Assert.Equal(ServedTexts.OwnAnswers(tasks.Own(text.Task), text.Task, [text])[0],
                ServedTexts.TextOf(await server.PredictAsync(text.Task, text.Text, text.Pair), tasks.Own(text.Task), text.Task));
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new PromptServer(new() { MaxBatchSize = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PromptServer(new() { QueueCapacity = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PromptServer(new() { MaxDelay = TimeSpan.FromTicks(-1) }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PromptServer(new() { MaxDelay = TimeSpan.FromDays(1) }));
    }

    [Fact]
    public async Task Requests_are_counted_by_task_and_outcome_and_no_metric_has_their_texts()
    {
        const string Task = "counted", Secret = "a secret word";
        var seen = new List<(string Instrument, double Value, string Tags)>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, l) => { if (instrument.Meter.Name == PromptServer.MeterName) l.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.Start();
        await using (var server = new PromptServer())
        {
            server.Add(Task, tasks.Models["SST-2"]);
            await server.PredictAsync(Task, Secret);
            await server.PredictAsync(Task, Secret);
            await Assert.ThrowsAsync<ArgumentException>(() => server.PredictAsync(Task, Secret, Secret));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server.PredictAsync(Task, Secret, null, new CancellationToken(true)));
            await Assert.ThrowsAsync<KeyNotFoundException>(() => server.PredictAsync(Secret, Secret));
            listener.RecordObservableInstruments();
        }
        lock (seen)
        {
            Assert.Equal(2, seen.Count(m => m.Instrument == "ptuning.server.requests" && m.Tags == "outcome=answered, task=counted"));
            Assert.Equal(1, seen.Count(m => m.Instrument == "ptuning.server.requests" && m.Tags == "outcome=failed, task=counted"));
            Assert.Equal(1, seen.Count(m => m.Instrument == "ptuning.server.requests" && m.Tags == "outcome=cancelled, task=counted"));
            Assert.Contains(seen, m => m.Instrument == "ptuning.server.requests" && m.Tags == "outcome=unknown task");
            Assert.Equal(2, seen.Count(m => m.Instrument == "ptuning.server.request.duration" && m.Tags == "task=counted" && m.Value > 0));
            Assert.Contains(seen, m => m.Instrument == "ptuning.server.batch.size" && m.Value >= 1);
            Assert.Contains(seen, m => m.Instrument == "ptuning.server.queue.length");
            Assert.DoesNotContain(seen, m => m.Tags.Contains(Secret));
        }

        void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            string text = string.Join(", ", tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"));
            lock (seen) seen.Add((instrument.Name, value, text));
        }
    }
}
