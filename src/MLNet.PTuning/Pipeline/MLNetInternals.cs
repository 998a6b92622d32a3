// All use of ML.NET's internal members; in other files there is only the loaders' one-line Create.
using System.IO.Compression;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Data.IO;
using Microsoft.ML.Runtime;
using MLNet.PTuning;
using MLNet.PTuning.Pipeline;
using TorchSharp;

[assembly: IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Data")]
[assembly: LoadableClass(typeof(PTuningClassificationTransformer), null, typeof(SignatureLoadModel), "P-Tuning text classification", PTuningClassificationTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(PTuningTokenLabelingTransformer), null, typeof(SignatureLoadModel), "P-Tuning token labeling", PTuningTokenLabelingTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(PTuningQuestionAnsweringTransformer), null, typeof(SignatureLoadModel), "P-Tuning question answering", PTuningQuestionAnsweringTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(PTuningMultipleChoiceTransformer), null, typeof(SignatureLoadModel), "P-Tuning multiple choice", PTuningMultipleChoiceTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(PTuningTextGenerationTransformer), null, typeof(SignatureLoadModel), "P-Tuning text generation", PTuningTextGenerationTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(PTuningByTaskTransformer), null, typeof(SignatureLoadModel), "P-Tuning tasks by name", PTuningByTaskTransformer.LoaderSignature)]

namespace MLNet.PTuning.Pipeline
{
    /// <summary>
    /// A view that is a step of a pipeline and not its source. ConvertToOnnx follows such views back to the source, and refuses a pipeline that has
    /// one that, like ours, has no conversion to ONNX; without this interface it would treat the step's added columns as columns of the input.
    /// </summary>
    internal interface IPipelineStep : IDataTransform
    {
        void ICanSaveModel.Save(ModelSaveContext context) => throw new NotSupportedException("A view of predictions is not saved; save its transformer.");
    }

    /// <summary>The gap between ML.NET's public interfaces and what its own estimators can do.</summary>
    internal static class MLNetInternals
    {
        /// <summary>The entry of a model file with which each of its parts begins.</summary>
        public const string PartName = ModelLoadContext.ModelStreamName;

        private const string ModelSignature = "PTUNINGM";
        private const uint Version = 0x00010001;

        /// <summary>The environment of a catalog such as <c>mlContext.Transforms</c>.</summary>
        public static IHostEnvironment EnvironmentOf(TransformsCatalog catalog) => CatalogUtils.GetEnvironment(catalog);

        /// <inheritdoc cref="EnvironmentOf(TransformsCatalog)"/>
        public static IHostEnvironment EnvironmentOf(DataOperationsCatalog catalog) => CatalogUtils.GetEnvironment(catalog);

        /// <inheritdoc cref="EnvironmentOf(TransformsCatalog)"/>
        public static IHostEnvironment EnvironmentOf(TrainCatalogBase catalog) => CatalogUtils.GetEnvironment(catalog);

        /// <summary>The <c>MLContext</c>'s seed; null where it has none.</summary>
        public static int? SeedOf(IHostEnvironment environment) => (environment as IHostEnvironmentInternal)?.Seed;

        /// <summary>Where ML.NET keeps temporary files.</summary>
        public static string TemporaryFolderOf(IHostEnvironment environment) => ChosenTemporaryFolderOf(environment) ?? Path.GetTempPath();

        /// <summary><c>MLContext.TempFilePath</c> where the app has set it to another folder than the system's.</summary>
        public static string? ChosenTemporaryFolderOf(IHostEnvironment environment) =>
            (environment as IHostEnvironmentInternal)?.TempFilePath is { Length: > 0 } folder && folder != Path.GetTempPath() ? folder : null;

        /// <summary>The device that <c>MLContext.GpuDeviceId</c> names; the CPU without one, or where there is no such GPU and <c>FallbackToCpu</c> is set.</summary>
        /// <exception cref="InvalidOperationException">There is no such GPU and <c>FallbackToCpu</c> is not set.</exception>
        public static torch.Device DeviceOf(IHostEnvironment environment)
        {
            if (environment is not IHostEnvironmentInternal { GpuDeviceId: { } id } settings) return torch.CPU;
            if (torch.cuda.is_available() && id < torch.cuda.device_count()) return torch.device(DeviceType.CUDA, id);
            if (settings.FallbackToCpu) return torch.CPU;
            throw new InvalidOperationException($"MLContext.GpuDeviceId is {id}, but TorchSharp finds no such CUDA device. Install a TorchSharp-cuda package, or set MLContext.FallbackToCpu.");
        }

        /// <summary>A promise of a key column, scalar or (where <paramref name="vector"/>) of variable length, whose key values are those of <paramref name="label"/>.</summary>
        public static SchemaShape.Column PromiseKey(string name, SchemaShape.Column label, bool vector, IEnumerable<string> annotations) => new(name,
            vector ? SchemaShape.Column.VectorKind.VariableVector : SchemaShape.Column.VectorKind.Scalar, NumberDataViewType.UInt32, true, Promises(annotations, label));

        /// <summary>A promise of a vector of Single.</summary>
        public static SchemaShape.Column PromiseScores(string name, SchemaShape.Column label, bool variable, IEnumerable<string> annotations) => new(name,
            variable ? SchemaShape.Column.VectorKind.VariableVector : SchemaShape.Column.VectorKind.Vector, NumberDataViewType.Single, false, Promises(annotations, label));

        /// <summary>A label column of keys with values of text.</summary>
        public static SchemaShape.Column KeyOfText(string name) =>
            WithKeyValues(new SchemaShape.Column(name, SchemaShape.Column.VectorKind.Scalar, NumberDataViewType.UInt32, false), TextDataViewType.Instance);

        /// <summary>A promise of a scalar whose annotations are of text.</summary>
        public static SchemaShape.Column PromiseScalar(string name, PrimitiveDataViewType type, IEnumerable<string> annotations) =>
            new(name, SchemaShape.Column.VectorKind.Scalar, type, false, Promises(annotations, default));

        /// <summary>A promise of a vector of variable length.</summary>
        public static SchemaShape.Column PromiseVector(string name, PrimitiveDataViewType item) => new(name, SchemaShape.Column.VectorKind.VariableVector, item, false);

        /// <summary>Promises of columns that are known.</summary>
        public static IEnumerable<SchemaShape.Column> Promises(IEnumerable<DataViewSchema.DetachedColumn> columns)
        {
            var builder = new DataViewSchema.Builder();
            builder.AddColumns(columns);
            return SchemaShape.Create(builder.ToSchema());
        }

        /// <summary>A promised label column as one of keys with values: its own, or those that this library makes where it has none.</summary>
        public static SchemaShape.Column WithKeyValues(SchemaShape.Column label, PrimitiveDataViewType valuesOfNone)
        {
            if (label.IsKey && label.Annotations.TryFindColumn(AnnotationUtils.Kinds.KeyValues, out _)) return label;
            return new(label.Name, label.Kind, NumberDataViewType.UInt32, true,
                new SchemaShape([new SchemaShape.Column(AnnotationUtils.Kinds.KeyValues, SchemaShape.Column.VectorKind.Vector, valuesOfNone, false)]));
        }

        /// <summary>Writes a transformer's version and its named streams into its folder of the model zip.</summary>
        public static void Save(ModelSaveContext context, string loaderSignature, IEnumerable<(string Name, Action<Stream> Write)> streams)
        {
            context.CheckAtModel();
            context.SetVersionInfo(VersionOf(loaderSignature));
            foreach (var (name, write) in streams)
                context.SaveBinaryStream(name, writer =>
                {
                    writer.Flush();
                    write(writer.BaseStream);
                });
        }

        /// <summary>Reads what <see cref="Save"/> wrote: a function that hands a named stream to a reader, and returns whether there is one.</summary>
        public static Func<string, Action<Stream>, bool> Open(ModelLoadContext context, string loaderSignature)
        {
            context.CheckAtModel(VersionOf(loaderSignature));
            return (name, read) => context.TryLoadBinaryStream(name, reader => read(reader.BaseStream));
        }

        /// <summary>Has a model written into a folder in that of the model it is part of.</summary>
        public static void SavePart(ModelSaveContext context, string folder, Action<ModelSaveContext> save) => context.SaveSubModel(folder, save);

        /// <summary>Reads what <see cref="SavePart"/> wrote.</summary>
        public static T LoadPart<T>(IHostEnvironment environment, ModelLoadContext context, string folder) where T : class
        {
            context.LoadModel<T, SignatureLoadModel>(environment, out var part, folder);
            return part;
        }

        /// <summary>The same function as <see cref="Open"/> gives, for another part of the model that this one is part of.</summary>
        public static Func<string, Action<Stream>, bool> OpenBeside(ModelLoadContext context, string folder)
        {
            string path = Path.Combine(Path.GetDirectoryName(context.Directory) ?? "", folder);
            return (name, read) =>
            {
                using var entry = context.Repository.OpenEntryOrNull(path, name);
                if (entry is null) return false;
                read(entry.Stream);
                return true;
            };
        }

        /// <summary>Hands parts of a model file to a reader, each with its folder and the signature of its loader. Nothing is loaded but what the reader loads.</summary>
        /// <param name="environment">Its host.</param>
        /// <param name="file">The model file.</param>
        /// <param name="folders">The parts' folders in it.</param>
        /// <param name="read">Reads a part.</param>
        /// <exception cref="FormatException">A part's header is damaged.</exception>
        public static void ReadParts(IHostEnvironment environment, Stream file, IEnumerable<string> folders, Action<string, string, ModelLoadContext> read)
        {
            using var repository = RepositoryReader.Open(file, environment);
            foreach (string folder in folders)
            {
                using var entry = repository.OpenEntry(folder, PartName);
                using var context = new ModelLoadContext(repository, entry, folder);
                read(folder, ModelHeader.GetLoaderSig(ref context.Header), context);
            }
        }

        /// <summary>
        /// The model file that is being read, where the app gave ML.NET a file; null for other streams. ML.NET does not expose it, so this reads private fields that may be renamed
        /// one day; the backbone is then not searched for in the file's folder.
        /// </summary>
        public static string? FileOf(ModelLoadContext context)
        {
            const BindingFlags Private = BindingFlags.NonPublic | BindingFlags.Instance;
            if (context.Repository is not { } repository || typeof(RepositoryReader).GetField("_archive", Private)?.GetValue(repository) is not ZipArchive archive) return null;
            return (typeof(ZipArchive).GetField("_archiveStream", Private)?.GetValue(archive) as FileStream)?.Name;
        }

        /// <summary>Writes a vector annotation of any item type in ML.NET's own binary form.</summary>
        public static void WriteVector<T>(IHostEnvironment environment, Stream stream, VectorDataViewType type, VBuffer<T> values)
        {
            if (!Saver(environment).TryWriteTypeAndValue(stream, type, ref values, out _))
                throw new InvalidOperationException($"Key values of type {type} cannot be saved; map the label from text, numbers or dates.");
        }

        /// <summary>Reads what <see cref="WriteVector"/> wrote: the vector's type and a <c>VBuffer</c> of its item type.</summary>
        public static (VectorDataViewType Type, object Values) ReadVector(IHostEnvironment environment, Stream stream) =>
            Saver(environment).TryLoadTypeAndValue(stream, out var type, out object values) && type is VectorDataViewType vector
                ? (vector, values)
                : throw new InvalidDataException("The model's key values cannot be read; the file is damaged.");

        private static BinarySaver Saver(IHostEnvironment environment) => new(environment, new BinarySaver.Arguments { Silent = true });

        // ML.NET finds the loader by the assembly's full name in a process that has not registered this library.
        private static VersionInfo VersionOf(string loaderSignature) => new(ModelSignature, Version, Version, Version,
            loaderAssemblyName: typeof(MLNetInternals).Assembly.FullName, loaderSignature: loaderSignature);

        // The annotations of a promised column: text for ML.NET's kinds, a vector of text for slot names, the label's own for key values.
        private static SchemaShape Promises(IEnumerable<string> annotations, SchemaShape.Column label)
        {
            SchemaShape.Column keyValues = default;
            label.Annotations?.TryFindColumn(AnnotationUtils.Kinds.KeyValues, out keyValues);
            return new SchemaShape(annotations.Select(name => name switch
            {
                AnnotationUtils.Kinds.KeyValues or AnnotationUtils.Kinds.TrainingLabelValues => new SchemaShape.Column(name, keyValues.Kind, keyValues.ItemType, false),
                AnnotationUtils.Kinds.SlotNames => new SchemaShape.Column(name, SchemaShape.Column.VectorKind.Vector, TextDataViewType.Instance, false),
                _ => new SchemaShape.Column(name, SchemaShape.Column.VectorKind.Scalar, TextDataViewType.Instance, false),
            }));
        }
    }
}

namespace System.Runtime.CompilerServices
{
    /// <summary>Known to the runtime by its name: this assembly may use the internal members of the named one.</summary>
    [AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
    internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
    {
        public string AssemblyName { get; } = assemblyName;
    }
}
