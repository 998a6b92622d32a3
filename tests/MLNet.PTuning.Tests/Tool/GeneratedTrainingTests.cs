// The code that a training run leaves at work: it reads files of every form, trains, scores and predicts.
using System.Collections;
using System.Reflection;
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tests.Tool;

public sealed class GeneratedTrainingTests : IDisposable
{
    private readonly TempFolder _folder = new();

    // Beside the tests' assemblies, where the code looks for it.
    private readonly string _name = "generated-" + Guid.NewGuid().ToString("N");

    private string Backbone => Path.Combine(AppContext.BaseDirectory, _name);

    private string ModelFile => Backbone + ".zip";

    [Fact]
    public void Texts_of_a_quoted_file_with_line_ends()
    {
        using var model = Train(ExampleRuns.Of(TaskKind.Classify, FileForm.Delimited, ("Label", "the class"), ("Text", "my text")),
            "the class,my text\nyes,\"a good, \"\"great\"\" film\"\nno,\"a bad\nday\"\nyes,good\nno,awful\n");
        Assert.Equal(["a good, \"great\" film", "a bad\nday", "good", "awful"], model.Column("Text"));
        Assert.Equal(["yes", "no", "yes", "no"], model.Column("Label"));
        Assert.Equal(["no", "yes"], model.AllLabels(("MyText", "a good day")).Select(pair => pair.Key).Order());
        Assert.Equal(1, model.AllLabels(("MyText", "a good day")).Sum(pair => pair.Value), 4);
        Assert.Equal(2, ((Microsoft.ML.Data.MulticlassClassificationMetrics)model.Evaluate()).ConfusionMatrix.NumberOfClasses);
    }

    // As the tool takes labels.
    [Fact]
    public void Blanks_around_a_label_are_not_part_of_it()
    {
        using var model = Train(ExampleRuns.Of(TaskKind.Classify, FileForm.Delimited, ("Text", "text"), ("Label", "label"), ("TextPair", "pair")), "text,label,pair\ngood, yes ,so\nbad,no, it\n");
        Assert.Equal(["yes", "no"], model.Column("Label"));
    }

    [Fact]
    public void Labels_that_training_rows_do_not_have_are_left_out_of_scores()
    {
        using var model = Train(ExampleRuns.Of(TaskKind.Classify, FileForm.Delimited, ("Label", "label"), ("Text", "text")), "label,text\nyes,good\nno,bad\nyes,great\nno,awful\n");
        var metrics = (Microsoft.ML.Data.MulticlassClassificationMetrics)model.Evaluate("label,text\nyes,good\nmaybe,odd\n");
        Assert.Equal(1, metrics.ConfusionMatrix.Counts.Sum(row => row.Sum()));
    }

    [Fact]
    public void Pairs_of_a_JSON_file()
    {
        using var model = Train(ExampleRuns.Of(TaskKind.Classify, FileForm.JsonLines, ("Text", "a"), ("TextPair", "b"), ("Label", "same")),
            """
            {"a": "good", "b": "great", "same": true}

            {"a": ["the", "film"], "b": null, "same": false}
            {"a": "odd", "b": "weird", "same": true}
            """);
        Assert.Equal(["good", "the film", "odd"], model.Column("Text"));
        Assert.Equal(["great", "", "weird"], model.Column("TextPair"));
        Assert.Equal(["true", "false", "true"], model.Column("Label"));
        Assert.Equal(2, model.AllLabels(("A", "good"), ("B", "bad")).Count);
        Assert.NotNull(model.Evaluate());
    }

    [Fact]
    public void Boolean_labels()
    {
        using var model = Train(ExampleRuns.Of(TaskKind.Classify, FileForm.Delimited, ("Text", "text"), ("Label", "good")) with { HasBooleanLabel = true }, "text,good\ngood,true\nbad,false\ngreat,1\nawful,0\n");
        Assert.Equal(["False", "True"], model.AllLabels(("Text", "good")).Select(pair => pair.Key).Order());
        Assert.IsType<Microsoft.ML.Data.CalibratedBinaryClassificationMetrics>(model.Evaluate());
    }

    [Theory]
    [InlineData(nameof(FileForm.Conll), "good B-A\nfilm O\n\na O\nbad B-A\nday O\n")]
    [InlineData(nameof(FileForm.Delimited), "tokens,tags\ngood film,B-A O\na  bad day,O B-A O\n")]
    [InlineData(nameof(FileForm.JsonLines), "{\"tokens\": [\"good\", \"film\"], \"tags\": [\"B-A\", \"O\"]}\n{\"tokens\": \"a bad day\", \"tags\": \"O B-A O\"}\n")]
    public void Rows_of_words(string form, string text)
    {
        using var model = Train(ExampleRuns.Of(TaskKind.Label, Enum.Parse<FileForm>(form), ("Words", form == nameof(FileForm.Conll) ? "Words" : "tokens"), ("Label", form == nameof(FileForm.Conll) ? "Label" : "tags")), text);
        Assert.Equal(["good film", "a bad day"], model.Vectors("Words"));
        Assert.Equal(["B-A O", "O B-A O"], model.Vectors("Label"));
        Assert.Equal(3, model.AllLabelsOfWords((form == nameof(FileForm.Conll) ? "Words" : "Tokens", new[] { "a", "great", "book" })).Count);
        Assert.Equal(0, ((TokenLabelMetrics)model.Evaluate()).WordsLeftOut);
    }

    [Fact]
    public void Sentences_with_a_label_a_word_between_white_space()
    {
        using var model = Train(ExampleRuns.Of(TaskKind.Label, FileForm.Delimited, ("Words", "Sentence"), ("Label", "labels")) with { WordsAreText = true }, "Sentence,labels\n\"good, film\",B-A O\na bad day.,O B-A O\n");
        Assert.Equal(["good, film", "a bad day."], model.Column("Words"));
        Assert.Equal(3, model.AllLabelsOfWords(("Sentence", "a great, book.")).Count);
        Assert.NotNull(model.Evaluate());
    }

    [Theory]
    [InlineData(nameof(FileForm.Delimited), "passage,question,answer\nit was a good film,what was it,a good film\nwe saw a book,what is odd,\nthe meal was fine,what was the meal,fine\n")]
    [InlineData(nameof(FileForm.JsonLines), "{\"passage\":\"it was a good film\",\"question\":\"what was it\",\"answer\":[\"a good film\"]}\n{\"passage\":\"we saw a book\",\"question\":\"what is odd\",\"answer\":[]}\n{\"passage\":\"the meal was fine\",\"question\":\"what was the meal\",\"answer\":\"fine\"}\n")]
    public void Questions_whose_answers_have_no_place(string form, string text)
    {
        using var model = Train(ExampleRuns.Of(TaskKind.Answer, Enum.Parse<FileForm>(form), ("Context", "passage"), ("Question", "question"), ("TrainingAnswer", "answer")), text);
        Assert.Equal(["7", "", "13"], model.Vectors("AnswerIndex"));
        Assert.NotEmpty(model.AllLabels(("Passage", "it was so dull"), ("Question", "what was it")));
        Assert.NotNull(model.Evaluate());
    }

    [Theory]
    [InlineData(nameof(FileForm.Delimited), "passage,question,answer,start\nso it was so,was it,so,10\n")]
    [InlineData(nameof(FileForm.JsonLines), "{\"passage\":\"so it was so\",\"question\":\"was it\",\"answer\":[\"so\"],\"start\":[10]}\n")]
    public void Questions_whose_answers_have_a_place(string form, string text)
    {
        using var model = Train(ExampleRuns.Of(TaskKind.Answer, Enum.Parse<FileForm>(form), ("Context", "passage"), ("Question", "question"), ("TrainingAnswer", "answer"), ("AnswerIndex", "start")), text);
        Assert.Equal(["10"], model.Vectors("AnswerIndex"));
    }

    [Theory]
    [InlineData(nameof(FileForm.Delimited), "premise,one,other,label\nit was good,we saw it,it is a book,1\nit was bad,so it is,we saw a film,so it is\n")]
    [InlineData(nameof(FileForm.JsonLines), "{\"premise\":\"it was good\",\"one\":[\"we saw it\",\"it is a book\"],\"label\":1}\n{\"premise\":\"it was bad\",\"one\":[\"so it is\",\"we saw a film\"],\"label\":\"so it is\"}\n")]
    public void Choices(string form, string text)
    {
        (string, string)[] choices = form == nameof(FileForm.JsonLines) ? [("Choices", "one")] : [("Choices", "one"), ("Choices", "other")];
        using var model = Train(ExampleRuns.Of(TaskKind.Choose, Enum.Parse<FileForm>(form), [("Premise", "premise"), .. choices, ("Label", "label")]), text);
        Assert.Equal(["1", "0"], model.Column("Label"));
        Assert.Equal(["we saw it it is a book", "so it is we saw a film"], model.Vectors("Choices"));
        Assert.Equal(["a film", "the day"], model.AllLabels(("Premise", "it was great"), (form == nameof(FileForm.JsonLines) ? "One" : "Choices", new[] { "the day", "a film" })).Select(pair => pair.Key).Order());
        Assert.NotNull(model.Evaluate());
    }

    [Fact]
    public void Writing()
    {
        using var decoder = new TinyDecoder();
        var run = ExampleRuns.Of(TaskKind.Generate, FileForm.Delimited, ("Text", "text"), ("Target", "target"));
        using var model = Train(run with { Options = new TextGenerationOptions("/models/small") { MaxNewTokens = 4 } }, "text,target\nit was,a good film\nwe saw,a bad day\n", decoder.Path);
        Assert.NotNull(model.Predict(("Text", "it was")));
        Assert.NotNull(model.Evaluate());
    }

    public void Dispose()
    {
        if (Directory.Exists(Backbone)) Directory.Delete(Backbone, recursive: true);
        File.Delete(ModelFile);
        _folder.Dispose();
    }

    // Compiles the run's code and trains with it, an epoch of a prompt of 4 vectors.
    private GeneratedClass Train(TrainingRun run, string file, string? backbone = null)
    {
        using var tiny = new TinyBackbone();
        Directory.CreateDirectory(Backbone);
        foreach (string path in Directory.GetFiles(backbone ?? tiny.Path)) File.Copy(path, Path.Combine(Backbone, Path.GetFileName(path)));
        (run.Options.Epochs, run.Options.Method) = (1, new DeepPrompt { Length = 4 });
        string data = _folder.At("rows.txt");
        File.WriteAllText(data, file);
        var type = CompiledCode.Load(run with { BackboneFolder = Backbone, ModelFile = ModelFile }).GetTypes().Single(type => type.IsAbstract && type.IsSealed && type.Name.EndsWith("Model"));
        var model = new GeneratedClass(type, ModelFile, data);
        model.Call("Train", ModelFile, data);
        return model;
    }

    // The generated class through reflection.
    private sealed class GeneratedClass(Type type, string modelFile, string data) : IDisposable
    {
        public object? Call(string method, params object[] arguments)
        {
            var called = type.GetMethods().Single(m => m.Name == method && m.GetParameters() is var p && p.Length >= arguments.Length && p[0].ParameterType.IsInstanceOfType(arguments[0]) && p.Skip(arguments.Length).All(x => x.HasDefaultValue));
            return called.Invoke(null, [.. arguments, .. called.GetParameters().Skip(arguments.Length).Select(p => p.DefaultValue)]);
        }

        public object Evaluate() => Call("Evaluate", modelFile, data)!;

        public object Evaluate(string file)
        {
            File.WriteAllText(data, file);
            return Evaluate();
        }

        public object Predict(params (string Property, object Value)[] values) => Call("Predict", Input(values))!;

        public List<KeyValuePair<string, float>> AllLabels(params (string Property, object Value)[] values) => [.. (IEnumerable<KeyValuePair<string, float>>)Call("PredictAllLabels", Input(values))!];

        public List<object> AllLabelsOfWords(params (string Property, object Value)[] values) => [.. ((IEnumerable)Call("PredictAllLabels", Input(values))!).Cast<object>()];

        public List<string> Column(string name) => [.. Rows(name).Select(value => value.ToString()!)];

        public List<string> Vectors(string name) => [.. Rows(name).Select(value => string.Join(' ', ((IEnumerable)value).Cast<object>()))];

        public void Dispose() => ((IDisposable)((dynamic)type.GetField("PredictEngine")!.GetValue(null)!).Value).Dispose();

        private IEnumerable<object> Rows(string name)
        {
            var read = type.GetMethod("LoadIDataViewFromFile")!;
            object?[] constants = [.. new[] { "RetrainSeparatorChar", "RetrainHasHeader", "RetrainAllowQuoting" }.Take(read.GetParameters().Length - 2).Select(field => type.GetField(field)!.GetValue(null))];
            var view = (IDataView)read.Invoke(null, [new MLContext(), data, .. constants])!;
            return view.Preview(100).RowView.Select(row => row.Values.Single(value => value.Key == name).Value switch { Microsoft.ML.Data.VBuffer<ReadOnlyMemory<char>> texts => texts.DenseValues().ToArray(), Microsoft.ML.Data.VBuffer<int> numbers => numbers.DenseValues().ToArray(), var other => other });
        }

        private object Input((string Property, object Value)[] values)
        {
            object input = Activator.CreateInstance(type.GetNestedType("ModelInput")!)!;
            foreach (var (property, value) in values) input.GetType().GetProperty(property)!.SetValue(input, value);
            return input;
        }
    }
}
