// Options of a training run as the C# expression that makes them.
using System.Globalization;
using System.Reflection;

namespace MLNet.PTuning.Tool.Code;

internal static class OptionsCode
{
    /// <summary>Options that are of the run itself, or of its rows: class weights are in the order of that run's keys.</summary>
    public static readonly string[] LeftOut =
    [
        nameof(PTuningOptions.CancellationToken), nameof(PTuningOptions.Progress), nameof(PTuningOptions.Communicator), nameof(PTuningOptions.CheckpointPath), nameof(PTuningOptions.CheckpointEvery), nameof(PTuningOptions.CheckpointEverySteps),
        nameof(PTuningOptions.ResumeFrom), nameof(PTuningOptions.ValidationSet), nameof(PTuningOptions.StartFrom), nameof(PTuningOptions.Verbalizer), nameof(PTuningOptions.ClassWeights),
        nameof(TextClassificationOptions.Spans),
    ];

    /// <summary>The expression: the options' class with what differs from the defaults, a line each.</summary>
    /// <param name="options">The options.</param>
    /// <param name="indent">Blanks before the expression's lines but the first.</param>
    public static string Of(PTuningOptions options, string indent)
    {
        var defaults = (PTuningOptions)Activator.CreateInstance(options.GetType(), options.BackboneFolder)!;
        var lines = Differences(options, defaults).ToList();
        // The run had rows of its own to score epochs on; another has a share of its rows.
        if (options.ValidationSet is not null) lines.Add($"{nameof(PTuningOptions.ValidationShare)} = 0.1");
        string made = $"new {options.GetType().Name}(BackboneFolder)";
        return lines.Count == 0 ? made : $"{made}\n{indent}{{\n{string.Concat(lines.Select(line => $"{indent}    {line},\n"))}{indent}}}";
    }

    /// <summary>The properties of an object that can be set when it is made.</summary>
    public static IEnumerable<PropertyInfo> Settable(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.SetMethod is { IsPublic: true } && !LeftOut.Contains(property.Name)).OrderBy(property => property.MetadataToken);

    private static IEnumerable<string> Differences(object value, object defaults) =>
        from property in Settable(value.GetType())
        let code = Expression(property.GetValue(value))
        where code != Expression(property.GetValue(defaults))
        select $"{property.Name} = {code}";

    private static string Expression(object? value) => value switch
    {
        null => "null",
        bool b => b ? "true" : "false",
        string text => CSharpText.Literal(text),
        int number => number.ToString(CultureInfo.InvariantCulture),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        Enum choice => string.Join(" | ", choice.ToString().Split(", ").Select(name => $"{choice.GetType().Name}.{name}")),
        IEnumerable<string> texts => CSharpText.Literal(texts),
        TuningMethod method => Method(method),
        _ => throw new NotSupportedException($"Options of type {value.GetType().Name} cannot be written as code."),
    };

    private static string Method(TuningMethod method)
    {
        string[] settings = [.. Differences(method, Activator.CreateInstance(method.GetType())!)];
        return $"new {method.GetType().Name}{(settings.Length == 0 ? "()" : $" {{ {string.Join(", ", settings)} }}")}";
    }
}
