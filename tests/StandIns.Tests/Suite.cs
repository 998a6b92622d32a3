// A package's scenarios, what they gave on the real package, and which of them a stand-in leaves out.
using System.Text.Json.Nodes;

namespace StandIns.Tests;

/// <summary>Reads Expected/NAME.json and LeftOut/NAME.txt ("Area.Scenario: reason" or, for a part of its result, "Area.Scenario.part: reason" a line).</summary>
internal sealed class Suite
{
    private readonly string _name;
    private readonly Lazy<JsonObject> _expected;
    private readonly Dictionary<string, Func<object?>> _scenarios;

    public Suite(string name, params Type[] areas)
    {
        _name = name;
        _expected = new(() => JsonNode.Parse(File.ReadAllText(InFolder("Expected", name + ".json")))!.AsObject());
        _scenarios = ScenarioRunner.Scenarios(areas).ToDictionary(s => s.Name, s => s.Run);
    }

    /// <summary>The scenarios that are to give what was recorded.</summary>
    public TheoryData<string> Names => [.. _scenarios.Keys.Except(LeftOut.Keys)];

    /// <summary>Recorded scenarios that are neither here nor left out for a reason, and names in the list that were not recorded.</summary>
    public IEnumerable<string> Unaccounted
    {
        get
        {
            IEnumerable<string> recorded = _expected.Value.Select(p => p.Key);
            return recorded.Except(_scenarios.Keys).Except(LeftOut.Where(l => l.Value.Length > 0).Select(l => l.Key))
                .Concat(LeftOut.Keys.Where(name => !IsRecorded(name)));
        }
    }

    private Dictionary<string, string> LeftOut => File.ReadLines(InFolder("LeftOut", _name + ".txt"))
        .Where(l => l.Length > 0)
        .Select(l => l.Split(':', 2, StringSplitOptions.TrimEntries))
        .ToDictionary(l => l[0], l => l.Length > 1 ? l[1] : "");

    /// <summary>Where the scenario's result differs from the recorded one, one line each.</summary>
    public IEnumerable<string> Differences(string scenario)
    {
        JsonNode? actual = JsonNode.Parse(ScenarioRunner.ToText(ScenarioRunner.Result(_scenarios[scenario])));
        JsonNode? expected = _expected.Value[scenario]?.DeepClone();
        foreach (string part in LeftOut.Keys.Where(name => name.StartsWith(scenario + ".", StringComparison.Ordinal)))
        {
            expected?.AsObject().Remove(part[(scenario.Length + 1)..]);
            (actual as JsonObject)?.Remove(part[(scenario.Length + 1)..]);
        }
        return ScenarioRunner.Differences(expected, actual).ToList();
    }

    private bool IsRecorded(string name)
    {
        string[] steps = name.Split('.', 3);
        return _expected.Value[string.Join('.', steps.Take(2))] is { } result && (steps.Length < 3 || result.AsObject().ContainsKey(steps[2]));
    }

    private static string InFolder(string folder, string name) => Path.Combine(AppContext.BaseDirectory, folder, name);
}
