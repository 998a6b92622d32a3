// What all generated files share: the model's name, the properties of its input, the form of its data.
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Code;

/// <summary>A property of <c>ModelInput</c>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Input">The column of ML.NET's rows.</param>
internal sealed record InputProperty(string Name, string Type, string Input)
{
    /// <summary>The value of a new row, so that no property is null.</summary>
    public string Default => Type switch { "string" => " = \"\";", "bool" or "int" => "", _ => " = [];" };
}

/// <summary>A column of the data file that is read.</summary>
/// <param name="Property">Name of the property for it.</param>
/// <param name="Source">The column.</param>
internal sealed record SourceColumn(string Property, InputColumn Source);

internal sealed class GeneratedModel
{
    private const int LongestName = 40;

    // Members that every class has, and the classes beside the properties.
    private static readonly string[] Members = ["Equals", "Finalize", "GetHashCode", "GetType", "MemberwiseClone", "ReferenceEquals", "ToString", "ModelInput", "ModelOutput", "FileRow"];

    private readonly Dictionary<string, InputProperty> _properties;

    public GeneratedModel(TrainingRun run)
    {
        Run = run;
        Folder = Path.GetDirectoryName(run.ModelFile)!;
        Name = NameOf(Path.GetFileName(Folder) is { Length: > 0 } folder ? folder : run.Name);
        var taken = Members.ToHashSet(StringComparer.Ordinal);
        Columns = [.. run.Data.Columns.Select(column => new SourceColumn(CSharpText.Unique(IdentifierOf(column), taken), column))];
        taken = [.. Members];
        Properties = [.. Inputs.Select(input => new InputProperty(NameFor(input.Name, taken), input.Type, input.Name))];
        _properties = Properties.ToDictionary(property => property.Input);
    }

    /// <summary>The run that the code is of.</summary>
    public TrainingRun Run { get; }

    /// <summary>The folder that the code is for, where it will lie.</summary>
    public string Folder { get; }

    /// <summary>Name of the class and of the files: the folder's, ending with <c>Model</c>.</summary>
    public string Name { get; }

    /// <summary>The namespace.</summary>
    public string Namespace => Name + "App";

    /// <summary>The columns of the data file that are read.</summary>
    public IReadOnlyList<SourceColumn> Columns { get; }

    /// <summary>The properties of <c>ModelInput</c>.</summary>
    public IReadOnlyList<InputProperty> Properties { get; }

    /// <summary>The data file's form.</summary>
    public DataFile File => Run.Data.TrainingFile;

    /// <summary>Whether ML.NET's text loader reads the file's columns as <c>ModelInput</c> has them; else rows are made of them.</summary>
    public bool LoadsColumns => File.Form == FileForm.Delimited && Run.Task is TaskKind.Classify or TaskKind.Generate;

    /// <summary>Folder of the backbone beside the app.</summary>
    public string BackboneName => Path.GetFileName(Path.TrimEndingDirectorySeparator(Run.BackboneFolder)) is { Length: > 0 } name ? name : "backbone";

    /// <summary>Name of the property for a column of ML.NET's rows.</summary>
    public string Property(string input) => _properties[input].Name;

    /// <summary>Whether <c>ModelInput</c> has a column of ML.NET's rows.</summary>
    public bool Has(string input) => _properties.ContainsKey(input);

    /// <summary>The first column of the file that fills one of ML.NET's rows; null where the file has none.</summary>
    public SourceColumn? SourceOf(string input) => Columns.FirstOrDefault(column => column.Source.Input == input);

    // Columns of ML.NET's rows, by task. Those that a task can do without are there where the file has them.
    private IEnumerable<(string Name, string Type)> Inputs => Run.Task switch
    {
        TaskKind.Classify => [("Text", "string"), .. Optional("TextPair"), ("Label", Run.HasBooleanLabel ? "bool" : "string")],
        TaskKind.Label => [("Words", Run.WordsAreText ? "string" : "string[]"), ("Label", "string[]")],
        TaskKind.Answer => [("Context", "string"), ("Question", "string"), ("TrainingAnswer", "string[]"), ("AnswerIndex", "int[]")],
        TaskKind.Choose => [("Premise", "string"), .. Optional("Question"), ("Choices", "string[]"), ("Label", "int")],
        _ => [("Text", "string"), ("Target", "string")],
    };

    private IEnumerable<(string Name, string Type)> Optional(string input) => SourceOf(input) is null ? [] : [(input, "string")];

    // Named as the file's column is. Choices of several columns have no such name.
    private string NameFor(string input, HashSet<string> taken)
    {
        SourceColumn[] sources = [.. Columns.Where(column => column.Source.Input == input)];
        return CSharpText.Unique(sources.Length == 1 ? IdentifierOf(sources[0].Source) : input, taken);
    }

    // Columns of a file without a header are numbers.
    private string IdentifierOf(InputColumn column) => File is { Form: FileForm.Delimited, HasHeader: false } ? column.Input : CSharpText.Identifier(column.Column, column.Input);

    private static string NameOf(string folder)
    {
        string name = CSharpText.Identifier(folder, "Model");
        if (name.Length > LongestName) name = name[..LongestName];
        if (!name.EndsWith("Model", StringComparison.Ordinal)) name += "Model";
        // The class has methods of these names.
        return name is "RetrainModel" or "SaveModel" ? name + "Model" : name;
    }
}
