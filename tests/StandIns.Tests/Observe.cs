// Turns what a scenario sees (values, exceptions) into plain objects that serialise the same on every machine.
using System.Globalization;

namespace StandIns.Tests;

/// <summary>Helpers with which scenarios describe what they observed.</summary>
public static class Observe
{
    /// <summary>What stands in a recorded message where a temporary folder's path stood.</summary>
    private const string TempMark = "<temp>";

    /// <summary>The value that <paramref name="action"/> returns, or a description of the exception that it throws.</summary>
    public static object? Try(Func<object?> action)
    {
        try
        {
            return action();
        }
        catch (Exception e)
        {
            return Describe(e);
        }
    }

    /// <summary>"no exception", or a description of the exception that <paramref name="action"/> throws.</summary>
    public static object? Try(Action action) => Try(() =>
    {
        action();
        return "no exception";
    });

    /// <summary>The type's name of the exception that <paramref name="action"/> throws, where the message is not worth pinning.</summary>
    public static string ErrorType(Action action)
    {
        try
        {
            action();
            return "no exception";
        }
        catch (Exception e)
        {
            return e.GetType().Name;
        }
    }

    /// <summary>{"throws", "message"} and, where there is one, "inner". Only the message's first line counts.</summary>
    public static Dictionary<string, object?> Describe(Exception e)
    {
        var result = new Dictionary<string, object?> { ["throws"] = e.GetType().Name, ["message"] = Normalise(e.Message) };
        if (e.InnerException is { } inner)
            result["inner"] = Describe(inner);
        return result;
    }

    /// <summary>The number rounded to six significant digits, so that the order of additions does not show.</summary>
    public static double Round(double value) =>
        double.IsFinite(value) ? double.Parse(value.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : value;

    /// <inheritdoc cref="Round(double)"/>
    public static double[] Round(IEnumerable<double> values) => values.Select(Round).ToArray();

    /// <inheritdoc cref="Round(double)"/>
    public static double[] Round(IEnumerable<float> values) => values.Select(v => Round(v)).ToArray();

    /// <summary>First line of <paramref name="text"/> with the temporary folder's path taken out.</summary>
    private static string Normalise(string text)
    {
        string line = text.ReplaceLineEndings("\n").Split('\n')[0];
        return line.Replace(Path.GetTempPath(), TempMark + "/", StringComparison.Ordinal);
    }
}

/// <summary>A file name under a folder of its own that goes away with it.</summary>
public sealed class TempFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("conformance-");

    /// <summary>Full path of <paramref name="name"/> in the folder.</summary>
    public string this[string name] => Path.Combine(_folder.FullName, name);

    /// <summary>Writes a file as given, with no byte order mark and no change of line ends, and returns its path.</summary>
    public string Write(string name, string content)
    {
        File.WriteAllText(this[name], content);
        return this[name];
    }

    /// <summary>What <paramref name="action"/> returns; the folder's own (random) name is taken out of exception messages.</summary>
    public object? Try(Func<object?> action)
    {
        try
        {
            return action();
        }
        catch (Exception e)
        {
            return Hide(Observe.Describe(e));
        }
    }

    private Dictionary<string, object?> Hide(Dictionary<string, object?> description)
    {
        foreach (string key in description.Keys.ToList())
        {
            description[key] = description[key] switch
            {
                string s => s.Replace("/" + _folder.Name, "", StringComparison.Ordinal),
                Dictionary<string, object?> inner => Hide(inner),
                var other => other,
            };
        }
        return description;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
