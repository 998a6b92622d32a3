// The report's settings, and how to repeat the run.
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tool.Report;

internal static class SettingsSection
{
    public static ReportSection Of(TrainingRun run) => new("settings", "Settings, and how to repeat", html => Write(html, run));

    private static void Write(HtmlText html, TrainingRun run)
    {
        html.Line($"<pre><code>{UserText.Shown(run.CommandLine, longest: 4000)}</code></pre>");
        html.Line($"<p class=\"note\">On one machine, with the same number of threads, the same command gives the same model bit for bit.</p>");
        html.List(
        [
            ("seed", ReportParts.Plain(run.Seed.ToString(CultureInfo.InvariantCulture))),
            ("version", ReportParts.Plain($"ptuning {run.Version}")),
            ("backbone", UserText.Shown(run.BackboneFolder)),
            .. run.BackboneHash is { } hash ? [("backbone’s hash", HtmlText.Piece(p => p.Line($"<code>{hash}</code>")))] : Array.Empty<(string, Markup)>(),
            ("model", HtmlText.Piece(p => p.Line($"{UserText.Shown(run.ModelFile)} ({Shown.Count(run.ModelBytes)} bytes)"))),
            ("trained parameters", HtmlText.Piece(p => p.Line($"{Shown.Count(run.Training.TrainedParameters)} of {Shown.Count(run.Training.TotalParameters)}"))),
            ("device", ReportParts.Plain(run.Training.Device)),
            ("time", HtmlText.Piece(p => p.Line($"{Shown.Duration(run.Seconds)}, training {Shown.Duration(run.Training.Seconds)}"))),
            ("ended", ReportParts.Plain(run.Finished.ToString("yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture))),
        ]);
        html.Table("Options of training", ["option", "value"], Options(run.Options).Select(option => (IReadOnlyList<Markup>)[ReportParts.Plain(option.Name), UserText.Shown(option.Value)]));
    }

    // Those that are values; rows, progress and the like are not.
    private static IEnumerable<(string Name, string Value)> Options(PTuningOptions options) => options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.CanWrite && property.GetIndexParameters().Length == 0 && IsValue(property.PropertyType))
        .OrderBy(property => property.Name, StringComparer.Ordinal)
        .Select(property => (property.Name, property.GetValue(options) switch
        {
            null => "default",
            TuningMethod method => JsonSerializer.Serialize(method),
            var value => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        }));

    private static bool IsValue(Type type) => (Nullable.GetUnderlyingType(type) ?? type) is var one
        && (one.IsPrimitive || one.IsEnum || one == typeof(string) || one == typeof(TimeSpan) || one == typeof(TuningMethod));
}
