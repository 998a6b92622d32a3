// The members of NAME.training.cs that read a data file, by its form.
using System.Text;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Code;

internal sealed class LoadingCode(GeneratedModel model)
{
    private bool IsDelimited => model.File.Form == FileForm.Delimited;

    /// <summary>Namespaces that it needs in addition.</summary>
    public string Usings => model.File.Form == FileForm.JsonLines ? "using System.Text.Json.Nodes;\n" : "";

    /// <summary>Parameters with defaults that follow the file's path.</summary>
    public string DefaultParameters => IsDelimited ? ", char separatorChar = RetrainSeparatorChar, bool hasHeader = RetrainHasHeader, bool allowQuoting = RetrainAllowQuoting" : "";

    /// <summary>Arguments that follow the file's path.</summary>
    public string Arguments => IsDelimited ? ", separatorChar, hasHeader, allowQuoting" : "";

    /// <summary>How the file is read.</summary>
    public string Constants => !IsDelimited ? "" : $"""

            /// <summary>What separates the file's fields.</summary>
            public const char RetrainSeparatorChar = {CSharpText.Literal(model.File.Delimiter ?? '\t')};

            /// <summary>Whether its first line names the columns.</summary>
            public const bool RetrainHasHeader = {(model.File.HasHeader ? "true" : "false")};

            /// <summary>Whether fields may be quoted; else a quote is part of the text.</summary>
            public const bool RetrainAllowQuoting = {(model.File.HasQuotes ? "true" : "false")};

        """;

    /// <summary>LoadIDataViewFromFile, with what it needs.</summary>
    public string Loading => Encoding + model.File.Form switch
    {
        FileForm.Conll => Library("LoadFromConll"),
        FileForm.Squad => Library("LoadFromSquad"),
        FileForm.JsonLines => Json,
        _ when model.LoadsColumns => Columns,
        _ => Rows,
    };

    // What ML.NET and .NET read without being told.
    private string Encoding => model.File.Encoding.StartsWith("UTF", StringComparison.OrdinalIgnoreCase) ? "" : $"""
            // The file was read as {new string([.. model.File.Encoding.Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')])}, which this does not read: save it as UTF-8 before training on it again.

        """;

    private static string Library(string method) => $"""
            /// <summary>Reads a file.</summary>
            public static IDataView LoadIDataViewFromFile(MLContext mlContext, string inputDataFilePath) => mlContext.Data.{method}(inputDataFilePath);
        """;

    // Labels have no blanks around them, as the tool reads them.
    private string Columns => $$"""
            /// <summary>Reads a file. Lines that begin with // are left out.</summary>
            public static IDataView LoadIDataViewFromFile(MLContext mlContext, string inputDataFilePath, char separatorChar, bool hasHeader, bool allowQuoting)
            {
        {{File("ModelInput")}}
                return {{(model.Run is { Task: TaskKind.Classify, HasBooleanLabel: false } ? "mlContext.Data.LoadFromEnumerable(mlContext.Data.CreateEnumerable<ModelInput>(file, reuseRowObject: false).Select(TrimLabel))" : "file")}};
            }{{(model.Run is not { Task: TaskKind.Classify, HasBooleanLabel: false } ? "" : $$"""


                private static ModelInput TrimLabel(ModelInput row)
                {
                    row.{{model.Property("Label")}} = row.{{model.Property("Label")}}.Trim();
                    return row;
                }
            """)}}
        """;

    private static string File(string row) => $$"""
                var file = mlContext.Data.LoadFromTextFile<{{row}}>(inputDataFilePath, new TextLoader.Options
                {
                    Separators = [separatorChar], HasHeader = hasHeader, AllowQuoting = allowQuoting, ReadMultilines = allowQuoting,
                });
        """;

    // Rows made of the file's columns as texts.
    private string Rows => $$"""
            /// <summary>Reads a file. Lines that begin with // are left out.</summary>
            public static IDataView LoadIDataViewFromFile(MLContext mlContext, string inputDataFilePath, char separatorChar, bool hasHeader, bool allowQuoting)
            {
        {{File("FileRow")}}
                return mlContext.Data.LoadFromEnumerable(mlContext.Data.CreateEnumerable<FileRow>(file, reuseRowObject: false).Select(ToInput));
            }

            // A line of the file.
            private sealed class FileRow
            {
        {{string.Join("\n\n", model.Columns.Select(column => $"        [LoadColumn({column.Source.Index})]\n        public string {column.Property} {{ get; set; }} = \"\";"))}}
            }

            private static ModelInput ToInput(FileRow row)
            {
        {{Assignments(column => $"row.{column.Property}", column => $"row.{column.Property}")}}
            }{{Functions}}
        """;

    private string Json => $$"""
            /// <summary>Reads a file with a JSON object a line.</summary>
            public static IDataView LoadIDataViewFromFile(MLContext mlContext, string inputDataFilePath) =>
                mlContext.Data.LoadFromEnumerable(File.ReadLines(inputDataFilePath).Where(line => !string.IsNullOrWhiteSpace(line)).Select(line => ToInput(JsonNode.Parse(line)!)));

            private static ModelInput ToInput(JsonNode row)
            {
        {{Assignments(column => $"GetText(row[{CSharpText.Literal(column.Source.Column)}])", column => $"row[{CSharpText.Literal(column.Source.Column)}]")}}
            }

            private static string GetText(JsonNode? value) => value is JsonArray items ? string.Join(' ', items.Select(GetText)) : value?.ToString() ?? "";{{Functions}}
        """;

    // The body that makes a ModelInput of a row, given a column's text and its value.
    private string Assignments(Func<SourceColumn, string> text, Func<SourceColumn, string> value)
    {
        string Text(string input) => model.SourceOf(input) is { } column ? text(column) : "\"\"";
        string Value(string input) => value(model.SourceOf(input) ?? throw new ArgumentException($"The run names no column of the file for {input}."));
        var before = new StringBuilder();
        string Assigned(InputProperty property) => (model.Run.Task, property.Input, property.Type) switch
        {
            (TaskKind.Classify, _, "bool") => $"bool.Parse({Text(property.Input)})",
            (TaskKind.Classify, "Label", _) => $"{Text("Label")}.Trim()",
            (TaskKind.Answer, "TrainingAnswer", _) => "answers",
            (TaskKind.Answer, "AnswerIndex", _) when model.SourceOf("AnswerIndex") is null => "[.. answers.Select(answer => Math.Max(0, context.IndexOf(answer, StringComparison.Ordinal)))]",
            (TaskKind.Answer, "AnswerIndex", _) => $"[.. GetList({Value("AnswerIndex")}).Select(int.Parse)]",
            (TaskKind.Answer, "Context", _) when model.SourceOf("AnswerIndex") is null => "context",
            (TaskKind.Choose, "Choices", _) => "choices",
            (TaskKind.Choose, "Label", _) => "int.TryParse(label, out int index) ? index : Array.IndexOf(choices, label)",
            (_, _, "string[]") => $"GetWords({Value(property.Input)})",
            _ => Text(property.Input),
        };
        if (model.Run.Task == TaskKind.Answer)
        {
            if (model.SourceOf("AnswerIndex") is null) before.Append($"        string context = {Text("Context")};\n");
            before.Append($"        string[] answers = GetList({Value("TrainingAnswer")});\n");
        }
        if (model.Run.Task == TaskKind.Choose)
        {
            before.Append($"        string[] choices = [{string.Join(", ", model.Columns.Where(column => column.Source.Input == "Choices").Select(column => $".. GetList({value(column)})"))}];\n");
            before.Append("        // The right choice's index, or its text.\n");
            before.Append($"        string label = {Text("Label")}.Trim();\n");
        }
        return $"{before}        return new ModelInput\n        {{\n{string.Concat(model.Properties.Select(property => $"            {property.Name} = {Assigned(property)},\n"))}        }};";
    }

    // Words are separated by white space; a list in a text has one item.
    private string Functions => (model.Run.Task, model.File.Form) switch
    {
        (TaskKind.Label, FileForm.Delimited) => """


                // Words, or their labels, have white space between them.
                private static string[] GetWords(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            """,
        (TaskKind.Label, _) => """


                // A list, or a text with white space between the words.
                private static string[] GetWords(JsonNode? value) => value is JsonArray items ? [.. items.Select(GetText)] : GetText(value).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            """,
        (TaskKind.Answer or TaskKind.Choose, FileForm.Delimited) => """


                // An empty field has nothing.
                private static string[] GetList(string text) => string.IsNullOrWhiteSpace(text) ? [] : [text];
            """,
        (TaskKind.Answer or TaskKind.Choose, _) => """


                // A list, or a single text; an empty one is nothing.
                private static string[] GetList(JsonNode? value) => value is JsonArray items ? [.. items.Select(GetText)] : string.IsNullOrWhiteSpace(GetText(value)) ? [] : [GetText(value)];
            """,
        _ => "",
    };
}
