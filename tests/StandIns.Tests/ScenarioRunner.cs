// Runs every scenario of a suite, gives the results as JSON, and compares two such results.
using System.Globalization;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace StandIns.Tests;

/// <summary>
/// A suite is a set of static classes (areas); each public static method without parameters that returns
/// <see cref="object"/> is a scenario, named "Area.Method".
/// </summary>
public static class ScenarioRunner
{
    private static readonly JsonSerializerOptions Json = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Names of the scenarios of <paramref name="areas"/> with what runs them.</summary>
    public static IEnumerable<(string Name, Func<object?> Run)> Scenarios(IEnumerable<Type> areas) =>
        from area in areas
        from method in area.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
        where method.ReturnType == typeof(object) && method.GetParameters().Length == 0
        select ($"{area.Name}.{method.Name}", method.CreateDelegate<Func<object?>>());

    /// <summary>The result of one scenario; an exception that leaves it is its result.</summary>
    public static JsonNode? Result(Func<object?> scenario)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        return JsonSerializer.SerializeToNode(Observe.Try(scenario), Json);
    }

    /// <summary>{"scenario name": result} for all of <paramref name="areas"/>.</summary>
    public static JsonObject RunAll(IEnumerable<Type> areas) =>
        new(Scenarios(areas).Select(s => KeyValuePair.Create(s.Name, Result(s.Run))));

    /// <summary>The text of the file of results: indented, but what fits in a line stands in one.</summary>
    public static string ToText(JsonNode? results) => Print(results, "") + "\n";

    private static string Print(JsonNode? node, string indent)
    {
        const int LineLength = 150;
        string compact = node?.ToJsonString(Json) ?? "null";
        if (indent.Length + compact.Length <= LineLength && indent.Length > 0)
            return compact;
        string deeper = indent + "  ";
        return node switch
        {
            JsonObject { Count: > 0 } o => $"{{\n{string.Join(",\n", o.Select(p => $"{deeper}{JsonSerializer.Serialize(p.Key, Json)}: {Print(p.Value, deeper)}"))}\n{indent}}}",
            JsonArray { Count: > 0 } a => $"[\n{string.Join(",\n", a.Select(v => deeper + Print(v, deeper)))}\n{indent}]",
            _ => compact,
        };
    }

    /// <summary>
    /// Where <paramref name="actual"/> differs from <paramref name="expected"/>, one line each: empty when it conforms.
    /// Numbers that are not whole may differ by 2e-5 of their size; everything else is compared exactly, except that
    /// what an exception wraps ("inner") is recorded for information only.
    /// </summary>
    public static IEnumerable<string> Differences(JsonNode? expected, JsonNode? actual, string path = "$")
    {
        switch (expected, actual)
        {
            case (JsonObject e, JsonObject a):
                var names = e.Select(p => p.Key).Union(a.Select(p => p.Key)).Where(n => n != "inner" || !e.ContainsKey("throws"));
                return names.SelectMany(n => (e.ContainsKey(n), a.ContainsKey(n)) switch
                {
                    (true, true) => Differences(e[n], a[n], $"{path}.{n}"),
                    (true, false) => [$"{path}.{n}: missing, expected {Short(e[n])}"],
                    _ => [$"{path}.{n}: unexpected {Short(a[n])}"],
                });
            case (JsonArray e, JsonArray a) when e.Count == a.Count:
                return e.Zip(a).SelectMany((pair, i) => Differences(pair.First, pair.Second, $"{path}[{i}]"));
            case (JsonValue e, JsonValue a) when IsNumber(e, out double x) && IsNumber(a, out double y):
                double tolerance = double.IsInteger(x) && double.IsInteger(y) ? 0 : 2e-5 * Math.Max(Math.Abs(x), Math.Abs(y));
                return Math.Abs(x - y) <= tolerance ? [] : [$"{path}: expected {x}, got {y}"];
            default:
                return JsonNode.DeepEquals(expected, actual) ? [] : [$"{path}: expected {Short(expected)}, got {Short(actual)}"];
        }
    }

    private static bool IsNumber(JsonValue value, out double number)
    {
        number = 0;
        return value.GetValueKind() == JsonValueKind.Number
            && double.TryParse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out number);
    }

    private static string Short(JsonNode? node)
    {
        string text = node?.ToJsonString(Json) ?? "null";
        return text.Length <= 300 ? text : text[..300] + "…";
    }
}
