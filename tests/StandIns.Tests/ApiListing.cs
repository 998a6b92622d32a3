// Declares an assembly's API, one declaration a line, in the form of the listings under api/.
using System.Globalization;
using System.Reflection;
using System.Text;

namespace StandIns.Tests;

/// <summary>
/// The public and protected declarations of an assembly: kind, declaring type, parameter names, default values and constraints.
/// Two assemblies whose lines are equal can be compiled against alike.
/// </summary>
internal static class ApiListing
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IReadOnlyCollection<string> Of(Assembly assembly) =>
        new SortedSet<string>(assembly.GetTypes().Where(IsSeen).SelectMany(Declarations), StringComparer.Ordinal);

    private static bool IsSeen(Type type) =>
        !type.Name.Contains('<') && (type.DeclaringType is null || IsSeen(type.DeclaringType))
        && (type.IsPublic || type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamORAssem);

    private static bool IsSeen(MethodBase? method) => method is { IsPublic: true } or { IsFamily: true } or { IsFamilyOrAssembly: true };

    private static bool IsSeen(FieldInfo field) => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly;

    private static IEnumerable<string> Declarations(Type type)
    {
        string name = ApiNames.Of(type);
        string kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : typeof(Delegate).IsAssignableFrom(type) ? "delegate" : type.IsValueType ? "struct" : "class";
        yield return $"{kind} {name}{ApiNames.Constraints(type)}";
        if (kind == "class" && type.BaseType is { } parent && parent != typeof(object))
            yield return $"base {name} : {ApiNames.Of(parent)}";
        foreach (Type implemented in type.GetInterfaces().Where(i => i.IsVisible))
            yield return $"implements {name} : {ApiNames.Of(implemented)}";
        IEnumerable<string> members = kind switch
        {
            "enum" => type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => $"value {name}.{f.Name} = {f.GetRawConstantValue()}"),
            "delegate" => [$"invoke {name}{Parameters(type.GetMethod("Invoke")!)} : {ApiNames.Of(type.GetMethod("Invoke")!.ReturnType)}"],
            _ => Members(type, name),
        };
        foreach (string member in members)
            yield return member;
    }

    private static IEnumerable<string> Members(Type type, string name) =>
    [
        .. type.GetConstructors(All).Where(c => !c.IsStatic && IsSeen(c)).Select(c => $"new {name}{Parameters(c)}"),
        .. type.GetFields(All).Where(f => IsSeen(f) && !f.Name.Contains('<')).Select(f => Field(f, name)),
        .. type.GetProperties(All).SelectMany(p => Property(p, name)),
        .. type.GetEvents(All).Where(e => IsSeen(e.AddMethod)).Select(e => $"event {name}.{e.Name} : {ApiNames.Of(e.EventHandlerType!)}"),
        .. type.GetMethods(All)
            .Where(m => IsSeen(m) && !m.Name.Contains('<') && (!m.IsSpecialName || m.Name.StartsWith("op_", StringComparison.Ordinal)))
            .Select(m => $"method {name}.{m.Name}{ApiNames.Generics(m)}{Parameters(m)} : {ApiNames.Of(m.ReturnType)}{(m.IsStatic ? " static" : m.IsAbstract ? " abstract" : "")}"),
    ];

    private static string Field(FieldInfo field, string name) =>
        $"field {name}.{field.Name} : {ApiNames.Of(field.FieldType)}{(field.IsStatic ? " static" : "")}"
        + (field.IsInitOnly ? " readonly" : "") + (field.IsLiteral ? $" const {Value(field.GetRawConstantValue())}" : "");

    private static IEnumerable<string> Property(PropertyInfo property, string name)
    {
        string of = property.GetIndexParameters().Length > 0 ? Parameters(property.GetMethod ?? property.SetMethod!) : "";
        if (property.GetMethod is { } get && IsSeen(get))
            yield return $"get {name}.{property.Name}{of} : {ApiNames.Of(property.PropertyType)}{(get.IsStatic ? " static" : "")}";
        if (property.SetMethod is { } set && IsSeen(set))
            yield return $"set {name}.{property.Name} : {ApiNames.Of(property.PropertyType)}{(set.IsStatic ? " static" : "")}";
    }

    private static string Parameters(MethodBase method) => "(" + string.Join(", ", method.GetParameters().Select(Parameter)) + ")";

    private static string Parameter(ParameterInfo parameter)
    {
        bool byReference = parameter.ParameterType.IsByRef;
        string prefix = parameter.IsDefined(typeof(ParamArrayAttribute), false) ? "params "
            : parameter.IsOut ? "out "
            : parameter.IsIn && byReference ? "in "
            : byReference ? "ref " : "";
        Type type = byReference ? parameter.ParameterType.GetElementType()! : parameter.ParameterType;
        return $"{prefix}{ApiNames.Of(type)} {parameter.Name}{(parameter.HasDefaultValue ? " = " + Value(parameter.RawDefaultValue) : "")}";
    }

    private static string Value(object? value) => value switch
    {
        null => "null",
        string text => "\"" + text + "\"",
        bool flag => flag ? "true" : "false",
        char c => "char " + (int)c,
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}

/// <summary>How types and their constraints are written in the listings.</summary>
internal static class ApiNames
{
    public static string Of(Type type)
    {
        if (type.IsGenericParameter)
            return type.Name;
        if (type.IsArray)
            return Of(type.GetElementType()!) + "[" + new string(',', type.GetArrayRank() - 1) + "]";
        if (type.IsPointer)
            return Of(type.GetElementType()!) + "*";
        if (type.IsByRef)
            return "ref " + Of(type.GetElementType()!);
        Type[] arguments = type.GetGenericArguments();
        var text = new StringBuilder(type.Namespace);
        int used = 0;
        foreach (Type level in FromTheOutside(type))
        {
            text.Append('.').Append(level.Name.Split('`')[0]);
            int count = level.GetGenericArguments().Length;
            if (count > used)
                text.Append('<').AppendJoin(", ", arguments[used..count].Select(Of)).Append('>');
            used = count;
        }
        return text.ToString();
    }

    public static string Generics(MethodInfo method) => !method.IsGenericMethodDefinition
        ? ""
        : "<" + string.Join(", ", method.GetGenericArguments().Select(a => a.Name)) + ">" + string.Concat(method.GetGenericArguments().Select(Constraint));

    public static string Constraints(Type type) => !type.IsGenericTypeDefinition
        ? ""
        : string.Concat(type.GetGenericArguments().Skip(type.DeclaringType?.GetGenericArguments().Length ?? 0).Select(Constraint));

    private static string Constraint(Type argument)
    {
        GenericParameterAttributes special = argument.GenericParameterAttributes;
        bool isValue = special.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);
        List<string> parts = [];
        if (special.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
            parts.Add("class");
        if (isValue)
            parts.Add("struct");
        parts.AddRange(argument.GetGenericParameterConstraints().Where(c => c != typeof(ValueType)).Select(Of).Order(StringComparer.Ordinal));
        if (special.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint) && !isValue)
            parts.Add("new()");
        return parts.Count == 0 ? "" : $" where {argument.Name}: {string.Join(", ", parts)}";
    }

    private static IEnumerable<Type> FromTheOutside(Type type) =>
        type.DeclaringType is { } outer ? FromTheOutside(outer).Append(type) : [type];
}
