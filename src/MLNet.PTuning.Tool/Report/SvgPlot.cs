// A plot as SVG inside the page: ScottPlot lays out and draws, the page's style colors it, and its words are texts in the page's font.
using System.Globalization;
using System.Xml.Linq;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace MLNet.PTuning.Tool.Report;

/// <summary>The colors of what is plotted, by the names that the page's style gives them.</summary>
internal enum PlotInk { First, Second, Third }

/// <summary>A plot under construction.</summary>
/// <param name="id">A name of its own in the page.</param>
/// <param name="across">What the horizontal axis shows.</param>
/// <param name="upward">What the vertical axis shows.</param>
internal sealed class SvgPlot(string id, string across, string upward)
{
    private const int Width = 420, Height = 260, Left = 70, Right = 20, Top = 12, Bottom = 46, TickLength = 4;
    private const float LineWidth = 2, MarkerSize = 7;

    // Stand for the style's colors until the drawing is done; each is one that nothing else is drawn in.
    private static readonly (string Color, string Variable)[] Inks =
        [("#000001", "--plot-1"), ("#000002", "--plot-2"), ("#000003", "--plot-3"), ("#000004", "--axis"), ("#000005", "--grid"), ("#000006", "--page")];

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private readonly Plot _plot = new();
    private (double At, string Label)[] _across = [], _upward = [];

    /// <summary>Sets the horizontal axis: its ticks, of which the first and the last are its ends.</summary>
    public void Across(IEnumerable<double> ticks, Func<double, string> label) => _across = [.. ticks.Select(tick => (tick, label(tick)))];

    /// <summary>Sets the vertical axis.</summary>
    public void Upward(IEnumerable<double> ticks, Func<double, string> label) => _upward = [.. ticks.Select(tick => (tick, label(tick)))];

    /// <summary>Joins points.</summary>
    public void Line(IReadOnlyList<(double X, double Y)> points, PlotInk ink, bool isDashed = false, bool hasMarkers = false)
    {
        var line = _plot.Add.Scatter(points.Select(p => p.X).ToArray(), points.Select(p => p.Y).ToArray(), ColorOf((int)ink));
        (line.LineWidth, line.MarkerSize, line.LinePattern) = (LineWidth, hasMarkers || points.Count == 1 ? MarkerSize : 0, isDashed ? LinePattern.Dashed : LinePattern.Solid);
    }

    /// <summary>A circle, filled or a ring.</summary>
    public void Point(double x, double y, PlotInk ink, bool isFilled = true, float size = MarkerSize + 3)
    {
        var marker = _plot.Add.Marker(x, y, isFilled ? MarkerShape.FilledCircle : MarkerShape.OpenCircle, size, ColorOf((int)ink));
        (marker.MarkerStyle.LineWidth, marker.MarkerStyle.LineColor) = (LineWidth, ColorOf((int)ink));
    }

    /// <summary>A bar from 0, with an edge in the page's color.</summary>
    public void Bar(double from, double to, double height, PlotInk ink)
    {
        var bar = new Bar { Position = (from + to) / 2, Size = to - from, Value = height, FillColor = ColorOf((int)ink), LineColor = ColorOf(5), LineWidth = 1 };
        _plot.Add.Bar(bar);
    }

    /// <summary>The drawing.</summary>
    /// <param name="description">What a reader who cannot see it should know.</param>
    public Markup Draw(string description)
    {
        Frame();
        var drawing = XElement.Parse(_plot.GetSvgXml(Width, Height));
        XElement[] texts =
        [
            .. _across.Where(tick => tick.Label.Length > 0).Select(tick => Text(_plot.GetPixel(new Coordinates(tick.At, _upward[0].At)).X, Height - Bottom + 18, "middle", tick.Label)),
            .. _upward.Select(tick => Text(Left - 8, _plot.GetPixel(new Coordinates(_across[0].At, tick.At)).Y + 4, "end", tick.Label)),
            Text((Left + Width - Right) / 2f, Height - 8, "middle", across),
            new(Svg + "text", new XAttribute("transform", $"translate(14 {(Top + Height - Bottom) / 2}) rotate(-90)"), new XAttribute("text-anchor", "middle"), upward),
        ];
        var svg = new XElement(Svg + "svg", new XAttribute("viewBox", $"0 0 {Width} {Height}"), new XAttribute("role", "img"), new XAttribute("aria-labelledby", $"{id}-title"),
            new XElement(Svg + "title", new XAttribute("id", $"{id}-title"), description), Styled(drawing), texts);
        return new Markup(svg.ToString(SaveOptions.DisableFormatting));
    }

    // Colors become those of the style. Nothing lies outside of the axes, so that there is nothing to clip.
    private static IEnumerable<XElement> Styled(XElement drawing)
    {
        drawing.Descendants(Svg + "clipPath").Remove();
        foreach (var attribute in drawing.Descendants().SelectMany(element => element.Attributes()).ToList())
        {
            if (attribute.Name == "clip-path") attribute.Remove();
            else if (Inks.FirstOrDefault(ink => ink.Color == attribute.Value).Variable is { } variable) attribute.Value = $"var({variable})";
        }
        return drawing.Elements();
    }

    // Nothing here measures a text, so that the drawing is the same on machines with other fonts, and with none.
    private void Frame()
    {
        _plot.Layout.Fixed(new PixelPadding(Left, Right, Bottom, Top));
        (_plot.FigureBackground.Color, _plot.DataBackground.Color, _plot.Grid.MajorLineColor) = (Colors.Transparent, Colors.Transparent, ColorOf(4));
        (_plot.Axes.Right.IsVisible, _plot.Axes.Top.IsVisible, _plot.Grid.XAxisStyle.IsVisible) = (false, false, false);
        foreach (var (axis, ticks) in new[] { ((IAxis)_plot.Axes.Bottom, _across), (_plot.Axes.Left, _upward) })
        {
            axis.TickGenerator = new NumericManual([.. ticks.Select(tick => tick.At)], [.. ticks.Select(_ => "")]);
            (axis.FrameLineStyle.Color, axis.MajorTickStyle.Color, axis.MajorTickStyle.Length, axis.TickLabelStyle.IsVisible) = (ColorOf(3), ColorOf(3), TickLength, false);
        }
        _plot.Axes.SetLimits(_across[0].At, _across[^1].At, _upward[0].At, _upward[^1].At);
    }

    private static XElement Text(float x, float y, string anchor, string text) => new(Svg + "text", new XAttribute("x", Number(x)), new XAttribute("y", Number(y)), new XAttribute("text-anchor", anchor), text);

    private static string Number(float value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static Color ColorOf(int ink) => Color.FromHex(Inks[ink].Color);
}
