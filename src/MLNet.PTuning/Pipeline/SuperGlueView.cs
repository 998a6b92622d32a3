// SuperGLUE's files as a data view.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Pipeline;

/// <summary>The rows of a task's file.</summary>
internal sealed class SuperGlueView : FileView<object[]>
{
    private readonly string _path;
    private readonly SuperGlueForm _form;
    private readonly bool _isLabeled;

    private SuperGlueView(string path, SuperGlueForm form, bool isLabeled) : base(SchemaOf(form)) => (_path, _form, _isLabeled) = (path, form, isLabeled);

    /// <summary>The view of a file in the task's folder under <paramref name="folder"/>, or in that itself.</summary>
    /// <exception cref="FileNotFoundException">Neither has it.</exception>
    public static SuperGlueView Open(string folder, SuperGlueTask task, SuperGlueSplit split)
    {
        var form = SuperGlueForm.Of(task);
        string name = split switch
        {
            SuperGlueSplit.Train => "train.jsonl",
            SuperGlueSplit.Validation => "val.jsonl",
            SuperGlueSplit.Test => "test.jsonl",
            _ => throw new ArgumentOutOfRangeException(nameof(split), split, "There is no such file of SuperGLUE."),
        };
        string[] places = [Path.Combine(folder, form.Folder, name), Path.Combine(folder, name)];
        string path = Array.Find(places, File.Exists) ?? throw new FileNotFoundException(
            $"There is neither '{places[0]}' nor '{places[1]}' to load rows of {form.Folder} from; name the folder that the files of super.gluebenchmark.com were unpacked to.", places[0]);
        return new SuperGlueView(path, form, isLabeled: split != SuperGlueSplit.Test);
    }

    protected override IEnumerable<object[]> Rows() => _form.Rows(JsonLines.Read(_path), _isLabeled);

    protected override Delegate Getter(string column, Func<object[]> row)
    {
        int index = Schema[column].Index;
        return Schema[index].Type switch
        {
            TextDataViewType => Text(() => (string)row()[index]),
            VectorDataViewType => Texts(() => (string[])row()[index]),
            _ => (ValueGetter<int>)((ref int value) => value = (int)row()[index]),
        };
    }

    private static DataViewSchema SchemaOf(SuperGlueForm form)
    {
        var builder = new DataViewSchema.Builder();
        foreach (var (name, type) in form.Columns) builder.AddColumn(name, type);
        return builder.ToSchema();
    }
}
