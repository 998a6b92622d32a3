// A model file that was loaded, and the rows of a file for it.
using System.IO.Compression;
using Microsoft.ML;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Tasks;

namespace MLNet.PTuning.Tool.Run;

internal sealed class LoadedModel : IDisposable
{
    // What the library advises an app when it does not find a model's backbone.
    private const string BackboneIsMissing = ". Put it at one of these paths";

    private readonly DataViewSchema? _schema;

    private LoadedModel(string path, MLContext ml, ITransformer model, PTuningTransformer transformer, DataViewSchema? schema)
    {
        (File, Ml, Model, Transformer, _schema) = (path, ml, model, transformer, schema);
        Task = TaskModel.Of(transformer);
    }

    /// <summary>The model file.</summary>
    public string File { get; }

    public MLContext Ml { get; }

    /// <summary>The whole pipeline.</summary>
    public ITransformer Model { get; }

    /// <summary>The trained step of it.</summary>
    public PTuningTransformer Transformer { get; }

    public TaskModel Task { get; }

    /// <summary>The classes of its scores; none for tasks without classes.</summary>
    public IReadOnlyList<string> ClassNames => Task.Kind is TaskKind.Classify or TaskKind.Label ? Transformer.ClassNames : [];

    /// <summary>The model file that a path names: itself, or that of a folder which training wrote.</summary>
    /// <exception cref="BadInputException">There is none.</exception>
    public static string FileOf(string path)
    {
        string file = Directory.Exists(path) ? Path.Combine(path, RunFolder.ModelName) : path;
        return System.IO.File.Exists(file) ? file
            : throw new BadInputException(file == path ? $"There is no file {path}; name a model file, or the folder that training wrote." : $"The folder {path} has no {RunFolder.ModelName}; name a model file, or the folder that training wrote.");
    }

    /// <summary>Loads a model.</summary>
    /// <param name="path">A model file, or the folder that training wrote.</param>
    /// <param name="backbone">A folder to look for its backbone in, or null.</param>
    /// <exception cref="BadInputException">It is no model of this library.</exception>
    public static LoadedModel Load(string path, string? backbone)
    {
        string file = FileOf(path);
        CheckZip(file);
        if (backbone is not null) Backbone.SearchFolders = [backbone];
        var ml = new MLContext();
        ITransformer model;
        DataViewSchema? schema;
        try
        {
            model = ml.Model.Load(file, out schema);
        }
        // ML.NET wraps what its steps throw in loading.
        catch (Exception e) when (Cause<FileNotFoundException>(e)?.Message is { } message && message.Contains(BackboneIsMissing, StringComparison.Ordinal))
        {
            throw new BadInputException(message[..message.IndexOf(BackboneIsMissing, StringComparison.Ordinal)] + ". Name its folder, or the folder above, with --backbone.", e);
        }
        // What ML.NET throws of zip files that are no model's has no type of its own.
        catch (Exception e) when (e is FormatException or InvalidOperationException or ArgumentException && Cause<IOException>(e) is null && Cause<InvalidDataException>(e) is null)
        {
            throw new BadInputException($"{file} is no model that ML.NET can load ({e.Message.Split('\n')[0].TrimEnd('.')}); give the file that training wrote.", e);
        }
        var steps = Steps(model).OfType<PTuningTransformer>().ToList();
        if (steps.Count == 1) return new LoadedModel(file, ml, model, steps[0], schema);
        (model as IDisposable)?.Dispose();
        throw new BadInputException($"{file} has {(steps.Count == 0 ? "no step" : $"{steps.Count} steps")} of this library; give a model that it trained.");
    }

    /// <summary>The rows of a file, with the columns that the model reads.</summary>
    /// <param name="path">The file.</param>
    /// <param name="reading">How it is to be read.</param>
    /// <param name="given">Columns that the command line names.</param>
    /// <param name="withGold">Whether rows have to have gold labels.</param>
    /// <param name="terminal">Where to say what was guessed.</param>
    public RowReader Rows(string path, ReadingOptions reading, IReadOnlyDictionary<string, string[]> given, bool withGold, Terminal terminal)
    {
        var file = RowFile.Open(path, Task.Kind, reading);
        foreach (string note in file.Notes) terminal.Say(note);
        var trained = given.Count == 0 ? MetricsFile.ColumnsBeside(File) : null;
        var columns = trained is { } known ? ColumnGuess.Like(known.File, known.Columns, file, Task.Kind, withGold) : ColumnGuess.Of(file, Task.Kind, given, withGold);
        // A column that the model does not read is not taken, whatever its name; one that it reads is needed.
        if (_schema is not null)
        {
            if (TaskColumns.Of(Task.Kind).FirstOrDefault(column => column.IsRequired && !column.IsGold && _schema.GetColumnOrNull(column.Input) is null) is { } other)
                throw new BadInputException($"{File} reads no column '{other.Input}' ({string.Join(", ", _schema.Select(column => $"'{column.Name}'"))}): an app trained it on rows of its own, and it predicts in that app; give a model that ptuning trained.");
            columns = [.. columns.Where(column => IsGold(column) || _schema.GetColumnOrNull(column.Input) is not null)];
            foreach (var column in TaskColumns.Of(Task.Kind))
                if (!column.IsGold && !column.IsRequired && _schema.GetColumnOrNull(column.Input) is not null && columns.All(found => found.Input != column.Input))
                    throw new BadInputException($"{path}: the model reads {column.Description}, and no column shows to be that; name it with {column.Option}.");
        }
        if (!withGold) columns = [.. columns.Where(column => !IsGold(column))];
        DataReport.SayColumns(file.Description, columns, terminal);
        return new RowReader(file, Task.Kind, columns);
    }

    public void Dispose() => (Model as IDisposable)?.Dispose();

    private static void CheckZip(string file)
    {
        try
        {
            using var zip = ZipFile.OpenRead(file);
        }
        catch (InvalidDataException e)
        {
            throw new BadInputException($"{file} is no model file, or a damaged one; give the file that training wrote.", e);
        }
    }

    private bool IsGold(InputColumn column) => TaskColumns.Of(Task.Kind).Single(known => known.Input == column.Input).IsGold;

    private static IEnumerable<ITransformer> Steps(ITransformer model) => model is IEnumerable<ITransformer> chain ? chain.SelectMany(Steps) : [model];

    private static TException? Cause<TException>(Exception error) where TException : Exception => error as TException ?? (error.InnerException is { } inner ? Cause<TException>(inner) : null);
}
