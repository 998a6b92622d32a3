// Where a component writes itself: its own bytes, further streams beside them, and models inside it.
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

public sealed class ModelSaveContext : IDisposable
{
    private const string ModelStreamName = "Model.key";

    private readonly MemoryStream _body = new();
    private readonly string _name;
    private ModelHeader _header;

    internal readonly RepositoryWriter Repository;
    internal readonly string Directory;
    internal readonly BinaryWriter Writer;

    internal ModelSaveContext(RepositoryWriter rep, string dir, string name)
    {
        Contracts.CheckValue(rep, nameof(rep));
        Contracts.CheckNonEmpty(name, nameof(name));
        Repository = rep;
        Directory = dir;
        _name = name;
        Writer = new BinaryWriter(_body, Encoding.UTF8);
    }

    internal void CheckAtModel() => Contracts.Check(_body.Length == 0, "Something has been written before the model");

    internal void SetVersionInfo(VersionInfo ver) =>
        _header = new ModelHeader(ver.ModelSignature, ver.VerWrittenCur, ver.VerReadableCur, ver.LoaderSignature, ver.LoaderAssemblyName);

    internal void SaveBinaryStream(string name, Action<BinaryWriter> action)
    {
        Contracts.CheckValue(action, nameof(action));
        using var writer = new BinaryWriter(Repository.CreateEntry(Directory, Contracts.CheckNonEmpty(name, nameof(name))), Encoding.UTF8);
        action(writer);
    }

    internal void SaveTextStream(string name, Action<TextWriter> action)
    {
        Contracts.CheckValue(action, nameof(action));
        using var writer = new StreamWriter(Repository.CreateEntry(Directory, Contracts.CheckNonEmpty(name, nameof(name))), new UTF8Encoding(false));
        action(writer);
    }

    internal void SaveModel<T>(T value, string name)
        where T : class => SaveModel(Repository, value, RepositoryReader.EntryName(Directory, name));

    internal static void SaveModel<T>(RepositoryWriter rep, T value, string path)
        where T : class
    {
        if (value is not ICanSaveModel model)
            return;
        using var context = new ModelSaveContext(rep, path, ModelStreamName);
        model.Save(context);
        context.Done();
    }

    internal void SaveSubModel(string dir, Action<ModelSaveContext> fn)
    {
        using var context = new ModelSaveContext(Repository, RepositoryReader.EntryName(Directory, dir), ModelStreamName);
        fn(context);
        context.Done();
    }

    internal void SaveString(string str)
    {
        Contracts.CheckValue(str, nameof(str));
        Writer.Write(str);
    }

    internal void SaveString(ReadOnlyMemory<char> str) => SaveString(str.ToString());

    internal void SaveNonEmptyString(string str) => SaveString(Contracts.CheckNonEmpty(str, nameof(str)));

    internal void SaveNonEmptyString(ReadOnlyMemory<char> str) => SaveNonEmptyString(str.ToString());

    /// <summary>Writes the header and what was written since as one entry.</summary>
    internal void Done()
    {
        using Stream entry = Repository.CreateEntry(Directory, _name);
        using var writer = new BinaryWriter(entry, Encoding.UTF8);
        _header.Write(writer);
        writer.Flush();
        _body.WriteTo(entry);
    }

    public void Dispose() => Writer.Dispose();
}
