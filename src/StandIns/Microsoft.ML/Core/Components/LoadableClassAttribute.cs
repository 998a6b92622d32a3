// Registers a class under load names, so that a saved model can name what loads it.
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class LoadableClassAttribute : Attribute
{
    public LoadableClassAttribute(Type instType, Type argType, Type sigType, string userName, params string[] loadNames)
        : this(instType, instType, argType, sigType, userName, loadNames)
    {
    }

    public LoadableClassAttribute(Type instType, Type loaderType, Type argType, Type sigType, string userName, params string[] loadNames)
    {
        Contracts.CheckValue(instType, nameof(instType));
        Contracts.CheckValue(loaderType, nameof(loaderType));
        Contracts.CheckValue(sigType, nameof(sigType));
        InstanceType = instType;
        LoaderType = loaderType;
        Signature = sigType;
        LoadNames = loadNames;
    }

    /// <summary>The type of what is made.</summary>
    public Type InstanceType { get; }

    /// <summary>The type that holds the constructor or the static Create method.</summary>
    public Type LoaderType { get; }

    public Type Signature { get; }

    public string[] LoadNames { get; }
}
