// Draws scores over a setting as SVG: a logarithmic axis of the setting, points, lines between them, a legend.
using System.Globalization;
using System.Text;

namespace MLNet.PTuning.Pipeline;

/// <summary>A plot under construction; <see cref="ToString"/> gives the SVG.</summary>
internal sealed class ScorePlot
{
    private const int Width = 720, Height = 440, Left = 60, Right = 540, Top = 20, Bottom = 390;

    // Distinguishable with any color vision (Okabe and Ito, 2008).
    private static readonly string[] Colors = ["#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#000000"];

    private readonly StringBuilder _svg = new();
    private readonly (double Low, double High) _settings, _scores;
    private int _entries;

    /// <param name="setting">What the horizontal axis shows.</param>
    /// <param name="settings">Its values, each of which is written on the axis.</param>
    /// <param name="scores">All scores that will be drawn.</param>
    public ScorePlot(string setting, IEnumerable<double> settings, IEnumerable<double> scores)
    {
        double[] ticks = [.. settings.Distinct().Order()];
        _settings = ticks.Length == 0 ? (1, 1) : (ticks[0], ticks[^1]);
        _scores = (scores.DefaultIfEmpty(0).Min(), scores.DefaultIfEmpty(1).Max());
        Write($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">");
        Write($"<rect width=\"{Width}\" height=\"{Height}\" fill=\"white\"/>");
        Write($"<path d=\"M{Left} {Top}V{Bottom}H{Right}\" fill=\"none\" stroke=\"#444\"/>");
        foreach (double tick in ticks) Write($"<text x=\"{X(tick):f1}\" y=\"{Bottom + 18}\" text-anchor=\"middle\">{tick}</text>");
        foreach (double score in new[] { _scores.Low, _scores.High }) Write($"<text x=\"{Left - 8}\" y=\"{Y(score) + 4:f1}\" text-anchor=\"end\">{score:f3}</text>");
        Write($"<text x=\"{(Left + Right) / 2}\" y=\"{Bottom + 40}\" text-anchor=\"middle\">{setting}</text>");
        Write($"<text transform=\"translate(16 {(Top + Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">score</text>");
    }

    /// <summary>Adds an entry to the legend.</summary>
    /// <returns>Its color.</returns>
    public string Legend(string text, bool isFilled = true)
    {
        string color = Colors[_entries % Colors.Length];
        Write($"<circle cx=\"{Right + 24}\" cy=\"{Top + 10 + 20 * _entries}\" r=\"5\" stroke=\"{color}\" fill=\"{(isFilled ? color : "none")}\"/>");
        Write($"<text x=\"{Right + 36}\" y=\"{Top + 14 + 20 * _entries}\">{text}</text>");
        _entries++;
        return color;
    }

    /// <param name="setting">Where it lies on the horizontal axis.</param>
    /// <param name="score">And on the vertical one.</param>
    /// <param name="color">Its color.</param>
    /// <param name="isFilled">Filled, or a ring.</param>
    /// <param name="radius">In units of the drawing, which is 720 wide.</param>
    /// <param name="title">What the pointer shows.</param>
    public void Point(double setting, double score, string color, bool isFilled, int radius, FormattableString title)
    {
        Write($"<circle cx=\"{X(setting):f1}\" cy=\"{Y(score):f1}\" r=\"{radius}\" stroke=\"{color}\" fill=\"{(isFilled ? color : "none")}\" fill-opacity=\"0.6\">");
        Write($"<title>{title.ToString(CultureInfo.InvariantCulture)}</title></circle>");
    }

    /// <summary>Joins points in the order of their settings.</summary>
    public void Line(IEnumerable<(double Setting, double Score)> points, string color) =>
        Write($"<polyline fill=\"none\" stroke=\"{color}\" points=\"{string.Join(' ', points.OrderBy(p => p.Setting).Select(p => FormattableString.Invariant($"{X(p.Setting):f1},{Y(p.Score):f1}")))}\"/>");

    public override string ToString() => _svg + "</svg>\n";

    // One setting, or one score, alone in the middle.
    private double X(double setting) => Between(Left + 30, Right - 30, Math.Log(setting), Math.Log(_settings.Low), Math.Log(_settings.High));

    private double Y(double score) => Between(Bottom - 20, Top + 20, score, _scores.Low, _scores.High);

    private static double Between(double from, double to, double value, double low, double high) =>
        high > low ? from + (to - from) * (value - low) / (high - low) : (from + to) / 2;

    private void Write(FormattableString line) => _svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
