// Where a component reads itself from: its own bytes, further streams beside them, and models inside it.
using System.Reflection;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

internal sealed class ModelLoadContext : IDisposable
{
    internal const string ModelStreamName = "Model.key";

    public readonly RepositoryReader Repository;
    public readonly string Directory;
    public readonly BinaryReader Reader;
    public readonly string LoaderAssemblyName;
    public ModelHeader Header;

    private readonly long _start;

    internal ModelLoadContext(RepositoryReader rep, Stream ent, string dir)
    {
        Repository = rep;
        Directory = dir;
        Reader = new BinaryReader(ent, Encoding.UTF8);
        Header = ModelHeader.Read(Reader);
        LoaderAssemblyName = Header.LoaderAssemblyName;
        _start = ent.Position;
    }

    public void CheckAtModel() => Contracts.Check(Reader.BaseStream.Position == _start, "Something has been read before the model");

    public void CheckAtModel(VersionInfo ver)
    {
        CheckAtModel();
        CheckVersionInfo(ver);
    }

    public void CheckVersionInfo(VersionInfo ver)
    {
        if (Header.ModelSignature != ver.ModelSignature)
            throw new FormatException("Unknown file type");
        if (Header.VerReadable > ver.VerWrittenCur)
            throw new FormatException("Cannot read this model: it was written by a newer version");
        if (Header.VerWritten < ver.VerWeCanReadBack)
            throw new FormatException("Cannot read this model: it was written by a version that is too old");
    }

    public string LoadString() => Reader.ReadString();

    public string LoadNonEmptyString()
    {
        string text = LoadString();
        Contracts.CheckDecode(text.Length > 0);
        return text;
    }

    public bool TryLoadBinaryStream(string name, Action<BinaryReader> action)
    {
        Contracts.CheckValue(action, nameof(action));
        using Stream stream = Repository.OpenEntryOrNull(Directory, Contracts.CheckNonEmpty(name, nameof(name)));
        if (stream is null)
            return false;
        using var reader = new BinaryReader(stream, Encoding.UTF8);
        action(reader);
        return true;
    }

    public bool TryProcessSubModel(string dir, Action<ModelLoadContext> action)
    {
        Contracts.CheckValue(action, nameof(action));
        string path = RepositoryReader.EntryName(Directory, Contracts.CheckNonEmpty(dir, nameof(dir)));
        if (Repository.OpenEntryOrNull(path, ModelStreamName) is not { } entry)
            return false;
        using var context = new ModelLoadContext(Repository, entry, path);
        action(context);
        return true;
    }

    public void LoadModel<TRes, TSig>(IHostEnvironment env, out TRes result, string name, params object[] extra)
        where TRes : class => LoadModel<TRes, TSig>(env, out result, Repository, RepositoryReader.EntryName(Directory, name), extra);

    public bool LoadModelOrNull<TRes, TSig>(IHostEnvironment env, out TRes result, string name, params object[] extra)
        where TRes : class => LoadModelOrNull<TRes, TSig>(env, out result, Repository, RepositoryReader.EntryName(Directory, name), extra);

    public static void LoadModel<TRes, TSig>(IHostEnvironment env, out TRes result, RepositoryReader rep, string dir, params object[] extra)
        where TRes : class => result = Load<TRes, TSig>(env, rep, rep.OpenEntry(dir, ModelStreamName), dir, extra);

    public static bool LoadModelOrNull<TRes, TSig>(IHostEnvironment env, out TRes result, RepositoryReader rep, string dir, params object[] extra)
        where TRes : class
    {
        Stream entry = rep.OpenEntryOrNull(dir, ModelStreamName);
        result = entry is null ? null : Load<TRes, TSig>(env, rep, entry, dir, extra);
        return result is not null;
    }

    public void Dispose() => Reader.Dispose();

    /// <summary>The model's assembly is loaded by the full name that its header holds, so nothing need be registered before.</summary>
    private static TRes Load<TRes, TSig>(IHostEnvironment env, RepositoryReader rep, Stream entry, string dir, object[] extra)
        where TRes : class
    {
        using var context = new ModelLoadContext(rep, entry, dir);
        if (!string.IsNullOrEmpty(context.LoaderAssemblyName))
            env.ComponentCatalog.RegisterAssembly(Assembly.Load(context.LoaderAssemblyName), throwOnError: false);
        if (!env.ComponentCatalog.TryCreateInstance(env, typeof(TSig), out TRes result, context.Header.LoaderSignature, [context, .. extra]))
            throw env.ExceptDecode($"Could not load the model: '{context.Header.LoaderSignature}' of '{context.LoaderAssemblyName}' is not known as a {typeof(TRes).Name}");
        return result;
    }
}
