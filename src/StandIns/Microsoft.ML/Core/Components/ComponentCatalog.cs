// Finds the class that a load name stands for, and makes instances of it.
using System.Reflection;

namespace Microsoft.ML.Runtime;

public sealed class ComponentCatalog
{
    private readonly Lock _lock = new();
    private readonly HashSet<Assembly> _assemblies = [];
    private readonly Dictionary<(string Name, Type Signature), LoadableClassAttribute> _classes = [];
    private readonly Dictionary<(string Contract, Type Attribute), Type> _extensions = [];

    internal ComponentCatalog()
    {
    }

    public void RegisterAssembly(Assembly assembly, bool throwOnError = true)
    {
        Contracts.CheckValue(assembly, nameof(assembly));
        lock (_lock)
        {
            if (!_assemblies.Add(assembly))
                return;
            foreach (LoadableClassAttribute attribute in assembly.GetCustomAttributes(typeof(LoadableClassAttribute)))
            {
                foreach (string name in attribute.LoadNames)
                    _classes.TryAdd((name.ToUpperInvariant(), attribute.Signature), attribute);
            }
            foreach (Type type in TypesOf(assembly, throwOnError))
            {
                foreach (ExtensionBaseAttribute attribute in type.GetCustomAttributes<ExtensionBaseAttribute>())
                    _extensions.TryAdd((attribute.ContractName, attribute.GetType()), type);
            }
        }
    }

    /// <summary>An instance of the class registered as <paramref name="name"/> for the signature, or false where there is none.</summary>
    internal bool TryCreateInstance<TRes>(IHostEnvironment env, Type signatureType, out TRes result, string name, params object[] extra)
        where TRes : class
    {
        LoadableClassAttribute found;
        lock (_lock)
            found = _classes.GetValueOrDefault((name.ToUpperInvariant(), signatureType));
        try
        {
            result = found is null || !typeof(TRes).IsAssignableFrom(found.InstanceType) ? null : (TRes)Create(env, found, signatureType, extra);
        }
        catch (TargetInvocationException e) when (Contracts.IsMarked(e.InnerException))
        {
            throw Contracts.Except(e, "Error during class instantiation");
        }
        return result is not null;
    }

    /// <summary>An instance of the class that carries the extension attribute with the contract's name.</summary>
    internal object GetExtensionValue(IHostEnvironment env, Type attributeType, string contractName)
    {
        lock (_lock)
        {
            if (!_extensions.TryGetValue((contractName, attributeType), out Type type))
                throw env.ExceptParam(nameof(contractName), $"Unknown contract name: '{contractName}'");
            return Activator.CreateInstance(type);
        }
    }

    private static IEnumerable<Type> TypesOf(Assembly assembly, bool throwOnError)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException e) when (!throwOnError)
        {
            return e.Types.OfType<Type>();
        }
    }

    private static object Create(IHostEnvironment env, LoadableClassAttribute found, Type signatureType, object[] extra)
    {
        Type[] parameters = signatureType.GetMethod("Invoke").GetParameters().Select(p => p.ParameterType).ToArray();
        Type[] withEnvironment = [typeof(IHostEnvironment), .. parameters];
        object[] extraWithEnvironment = [env, .. extra];
        const BindingFlags Any = BindingFlags.Public | BindingFlags.NonPublic;
        foreach ((Type[] types, object[] values) in new[] { (withEnvironment, extraWithEnvironment), (parameters, extra) })
        {
            if (found.LoaderType.GetMethod("Create", Any | BindingFlags.Static, types) is { } method && found.InstanceType.IsAssignableFrom(method.ReturnType))
                return method.Invoke(null, values);
            if (found.InstanceType.IsAssignableFrom(found.LoaderType) && found.LoaderType.GetConstructor(Any | BindingFlags.Instance, types) is { } constructor)
                return constructor.Invoke(values);
        }
        throw env.Except($"Could not find a constructor or a static Create method of '{found.LoaderType.FullName}' for the signature {signatureType.Name}");
    }
}
