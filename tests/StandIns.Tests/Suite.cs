// A package's scenarios, what they gave on the real package, and which of them a stand-in leaves out.
using System.Text.Json.Nodes;

namespace StandIns.Tests;

/// <summary>Reads Expected/NAME.json and LeftOut/NAME.txt ("Area.Scenario: reason" a line).</summary>
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
                .Concat(LeftOut.Keys.Except(recorded));
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
        return ScenarioRunner.Differences(_expected.Value[scenario], actual).ToList();
    }

    private static string InFolder(string folder, string name) => Path.Combine(AppContext.BaseDirectory, folder, name);
}
