// The code that a training run leaves: it compiles whatever the data's names are, and says how the model was trained.
using System.Text;
using System.Xml.Linq;
using MLNet.PTuning.Tool.Code;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tests.Tool;

public sealed class GeneratedCodeTests
{
    private static readonly (string Input, string Column)[] Texts = [("Text", "review"), ("Label", "class")];

    // Names that are no identifiers, or would hide what a class or the templates use.
    private static readonly string[] NastyNames =
    [
        "class", "my text", "my-text", "1st", "", " ", "\"", "\\", "a\"b\\c", "line\nend", "\r", "\0", "string", "ModelInput", "ModelOutput", "FileRow", "Equals", "GetType", "ToString", "Finalize", "__arglist", "@x",
        "Path", "Console", "System", "Microsoft", "LoadColumn", "ColumnName", "Label", "文本", "ÅÄÖ", "straße", "e\u0301", "\u0301", "\u200D", "\u202Eabc", "\u2028", "\uD83D\uDE00", "\uD83D", "\uDE00", "{0}", "{{x}}", "$\"{x}\"", "\"\"\"", "*/", "//",
        "<tag>", "&amp;", "--", "%41", "$(Path)", "a;b", "_", "record", "file", "field", "value", "rows", "get_Text", "nameof", "Ⅷ", "ǅ", "x\u00AD", "\uFEFF",
    ];

    public static TheoryData<string> Runs => [.. AllRuns.Keys];

    private static readonly Dictionary<string, TrainingRun> AllRuns = new()
    {
        ["texts"] = ExampleRuns.Of(TaskKind.Classify, FileForm.Delimited, Texts),
        ["pairs"] = ExampleRuns.Of(TaskKind.Classify, FileForm.Delimited, ("Text", "a"), ("TextPair", "b"), ("Label", "same")),
        ["texts of JSON"] = ExampleRuns.Of(TaskKind.Classify, FileForm.JsonLines, Texts),
        ["Boolean labels"] = ExampleRuns.Of(TaskKind.Classify, FileForm.Delimited, Texts) with { HasBooleanLabel = true },
        ["Boolean labels of JSON"] = ExampleRuns.Of(TaskKind.Classify, FileForm.JsonLines, Texts) with { HasBooleanLabel = true },
        ["words of CoNLL"] = ExampleRuns.Of(TaskKind.Label, FileForm.Conll, ("Words", "Words"), ("Label", "Label")),
        ["words of a text"] = ExampleRuns.Of(TaskKind.Label, FileForm.Delimited, ("Words", "tokens"), ("Label", "tags")),
        ["words of JSON"] = ExampleRuns.Of(TaskKind.Label, FileForm.JsonLines, ("Words", "tokens"), ("Label", "tags")),
        ["sentences"] = ExampleRuns.Of(TaskKind.Label, FileForm.Delimited, ("Words", "Sentence"), ("Label", "labels")) with { WordsAreText = true },
        ["sentences of JSON"] = ExampleRuns.Of(TaskKind.Label, FileForm.JsonLines, ("Words", "Sentence"), ("Label", "labels")) with { WordsAreText = true },
        ["questions of SQuAD"] = ExampleRuns.Of(TaskKind.Answer, FileForm.Squad, ("Context", "Context"), ("Question", "Question"), ("TrainingAnswer", "TrainingAnswer"), ("AnswerIndex", "AnswerIndex")),
        ["questions"] = ExampleRuns.Of(TaskKind.Answer, FileForm.Delimited, ("Context", "passage"), ("Question", "question"), ("TrainingAnswer", "answer")),
        ["questions of JSON"] = ExampleRuns.Of(TaskKind.Answer, FileForm.JsonLines, ("Context", "passage"), ("Question", "question"), ("TrainingAnswer", "answer"), ("AnswerIndex", "start")),
        ["choices"] = ExampleRuns.Of(TaskKind.Choose, FileForm.Delimited, ("Premise", "premise"), ("Question", "asks-for"), ("Choices", "choice1"), ("Choices", "choice2"), ("Label", "label")),
        ["choices of JSON"] = ExampleRuns.Of(TaskKind.Choose, FileForm.JsonLines, ("Premise", "premise"), ("Choices", "choices"), ("Label", "label")),
        ["writing"] = ExampleRuns.Of(TaskKind.Generate, FileForm.Delimited, ("Text", "prompt"), ("Target", "story")),
        ["writing of JSON"] = ExampleRuns.Of(TaskKind.Generate, FileForm.JsonLines, ("Text", "prompt"), ("Target", "story")),
    };

    [Theory]
    [MemberData(nameof(Runs))]
    public void The_files_of_every_task_and_form_compile_without_errors_or_warnings(string run)
    {
        Assert.Empty(CompiledCode.Faults(AllRuns[run]));
        Assert.Empty(CompiledCode.Faults(AllRuns[run] with { TestRows = [] }));
    }

    [Fact]
    public void The_files_compile_whatever_columns_labels_texts_files_and_folders_are_called()
    {
        var random = new Random(1);
        string[] kinds = [.. AllRuns.Keys];
        for (int i = 0; i < 60; i++)
        {
            var run = AllRuns[kinds[i % kinds.Length]];
            string folder = Name().Replace("/", "").Replace("\0", "");
            var renamed = run with
            {
                Data = run.Data with
                {
                    Columns = [.. run.Data.Columns.Select(column => column with { Column = Name() })],
                    TrainingFile = run.Data.TrainingFile with { Path = "/data/" + Name(), Delimiter = "\t;|'\"\\\u2028,"[random.Next(8)], HasHeader = random.Next(2) == 0, HasQuotes = random.Next(2) == 0, Encoding = i % 3 == 0 ? "\n}windows" : "UTF-8" },
                },
                ClassNames = [Name(), Name()],
                TestRows = run.Task switch
                {
                    TaskKind.Classify => [new ClassifiedText("1", Name(), Name(), Name(), Name(), [1])],
                    TaskKind.Label => [new LabeledWords("1", [Name(), Name()], [Name(), Name()], [Name(), Name()], [1, 1])],
                    TaskKind.Answer => [new AnsweredQuestion("1", Name(), Name(), [Name()], Name(), 1, 1, true)],
                    TaskKind.Choose => [new ChosenText("1", Name(), [Name(), Name()], 0, 0, [1, 0])],
                    _ => [new GeneratedText("1", Name(), Name(), Name())],
                },
                ModelFile = Path.Combine("/out", folder, "model.zip"),
                BackboneFolder = "/models/" + Name().Replace("\0", ""),
            };
            var faults = CompiledCode.Faults(renamed.WithFile(file => file with { Path = file.Path.Replace("\0", "") }));
            Assert.True(faults.Count == 0, string.Join("\n", faults));
        }

        string Name()
        {
            var name = new StringBuilder();
            for (int parts = random.Next(1, 4); parts > 0; parts--) name.Append(random.Next(4) > 0 ? NastyNames[random.Next(NastyNames.Length)] : ((char)random.Next(char.MaxValue)).ToString());
            return name.ToString();
        }
    }

    [Fact]
    public void Every_name_is_an_identifier_and_no_two_columns_have_the_same()
    {
        var run = ExampleRuns.Of(TaskKind.Choose, FileForm.Delimited, [("Premise", "premise"), ("Label", "label"), .. NastyNames.Concat(NastyNames).Select(name => ("Choices", name))]);
        Assert.Empty(CompiledCode.Faults(run));
    }

    [Theory]
    [InlineData("class", "Class")]
    [InlineData("my text", "MyText")]
    [InlineData("1st", "_1st")]
    [InlineData("ner_tags", "NerTags")]
    [InlineData("文本", "文本")]
    [InlineData("!?", "Fallback")]
    public void A_name_becomes_an_identifier_as_CSharp_is_written(string name, string identifier) => Assert.Equal(identifier, CSharpText.Identifier(name, "Fallback"));

    [Fact]
    public void Columns_of_a_file_without_a_header_are_named_after_what_they_hold()
    {
        string consumption = GeneratedCode.Files(ExampleRuns.Of(TaskKind.Classify, FileForm.Delimited, ("Label", "1"), ("Text", "2")).WithFile(file => file with { HasHeader = false })).Single(file => file.Key.EndsWith(".consumption.cs")).Value;
        Assert.Contains("public string Label {", consumption);
        Assert.Contains("public string Text {", consumption);
    }

    [Fact]
    public void What_cannot_be_seen_in_a_text_is_a_number_in_its_literal() =>
        Assert.Equal("""
            "a\"b\\c\n\u2028\u202E\uD83D😀é\u00A0"
            """, CSharpText.Literal("a\"b\\c\n\u2028\u202E\uD83D😀é\u00A0"));

    [Theory]
    [InlineData("my-rows", "MyRowsModel")]
    [InlineData("sentiment model", "SentimentModel")]
    [InlineData("retrain", "RetrainModelModel")]
    [InlineData("2024", "_2024Model")]
    public void The_model_is_named_after_its_folder(string folder, string name)
    {
        var files = GeneratedCode.Files(AllRuns["texts"] with { ModelFile = Path.Combine("/out", folder, "model.zip") });
        Assert.Equal(new[] { $"{name}.consumption.cs", $"{name}.csproj", $"{name}.evaluate.cs", $"{name}.training.cs", "Program.cs" }.Order(StringComparer.Ordinal), files.Keys.Order(StringComparer.Ordinal));
        Assert.Contains($"public static partial class {name}\n", files[$"{name}.training.cs"]);
    }

    [Fact]
    public void The_pipeline_has_the_settings_that_the_model_was_trained_with()
    {
        string training = TrainingFile(AllRuns["texts"] with
        {
            Options = new TextClassificationOptions("/models/small")
            {
                Method = new DeepPrompt { Length = 40, Reparameterize = true }, LearningRate = 2e-5, Epochs = 3, Pooling = Pooling.Mean, Precision = Precision.BFloat16, ValidationShare = 0.1, Patience = 2,
                Progress = new Progress<TrainingProgress>(), CheckpointPath = "/tmp/checkpoint",
            },
            Seed = 7,
        });
        Assert.Contains("new MLContext(seed: 7)", training);
        foreach (string setting in new[] { "Method = new DeepPrompt { Length = 40, Reparameterize = true }", "LearningRate = 2E-05", "Epochs = 3", "Pooling = Pooling.Mean", "Precision = Precision.BFloat16", "ValidationShare = 0.1", "Patience = 2" })
            Assert.Contains($"            {setting},\n", training);
        Assert.DoesNotContain("Checkpoint", training);
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void Settings_at_their_defaults_are_left_out(string run)
    {
        var options = AllRuns[run].Options;
        Assert.Equal(options is TextClassificationOptions { TextPairColumnName: not null } or MultipleChoiceOptions { QuestionColumnName: not null }, OptionsCode.Of(options, "").Contains('='));
    }

    [Fact]
    public void Every_setting_of_every_method_can_be_written()
    {
        var methods = typeof(TuningMethod).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(TuningMethod)) && type != typeof(HardPrompt)).Select(type => (TuningMethod)Activator.CreateInstance(type)!).ToList();
        Assert.True(methods.Count > 6);
        methods.Add(new HardPrompt { Template = "{text} \"so\" {mask}", Trains = new BitFit() });
        Assert.All(methods, method => Assert.Empty(CompiledCode.Faults(AllRuns["texts"] with { Options = new TextClassificationOptions("/models/small") { Method = method } })));
    }

    [Fact]
    public void Every_setting_of_every_task_is_of_a_type_that_can_be_written_or_left_out_on_purpose()
    {
        Type[] types = [typeof(bool), typeof(int), typeof(double), typeof(string), typeof(IReadOnlyList<string>), typeof(TuningMethod)];
        var settable = AllRuns.Values.SelectMany(run => OptionsCode.Settable(run.Options.GetType())).ToList();
        Assert.True(settable.Count > 100);
        Assert.Empty(settable.Where(property => (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) is var type && !type.IsEnum && !types.Contains(type)).Select(property => property.Name));
    }

    [Fact]
    public void The_file_is_read_as_the_tool_read_it()
    {
        string training = TrainingFile(AllRuns["texts"].WithFile(file => file with { Delimiter = '\t', HasHeader = false, HasQuotes = false, Encoding = "Windows-1252" }));
        Assert.Contains(@"RetrainSeparatorChar = '\t';", training);
        Assert.Contains("RetrainHasHeader = false;", training);
        Assert.Contains("RetrainAllowQuoting = false;", training);
        Assert.Contains("Windows-1252", training);
    }

    [Fact]
    public void The_project_finds_model_backbone_and_data_relative_to_its_folder()
    {
        var run = AllRuns["texts"] with { ModelFile = "/out/my rows/model.zip", BackboneFolder = "/out/models/odd;<name>'%41" };
        var project = XDocument.Parse(GeneratedCode.Files(run).Single(file => file.Key.EndsWith(".csproj")).Value);
        string[] items = [.. project.Descendants("Content").Select(item => item.Attribute("Include")!.Value)];
        Assert.Equal(["model.zip", "../models/odd%3B%3Cname%3E%27%2541/**", "../../data/rows.txt"], items);
        Assert.Equal(["MLNet.PTuning 0.1.0", "TorchSharp-cpu " + typeof(TorchSharp.torch).Assembly.GetName().Version!.ToString(3)], project.Descendants("PackageReference").Select(item => $"{item.Attribute("Include")!.Value} {item.Attribute("Version")!.Value}"));
    }

    private static string TrainingFile(TrainingRun run) => GeneratedCode.Files(run).Single(file => file.Key.EndsWith(".training.cs")).Value;
}
