// Draws a search's trials as SVG: score over learning rate.
using System.Globalization;
using System.Text;

namespace MLNet.PTuning.Pipeline;

internal static class SearchPlot
{
    private const int Width = 720, Height = 440, Left = 60, Right = 600, Top = 20, Bottom = 390;

    // Distinguishable with any color vision (Okabe and Ito, 2008).
    private static readonly string[] Colors = ["#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#000000"];

    public static string Draw(IReadOnlyList<SearchTrial> trials)
    {
        int[] lengths = [.. trials.Select(t => t.Setting.Length).Distinct().Order()];
        double[] rates = [.. trials.Select(t => t.Setting.Rate).Distinct().Order()];
        double[] scores = [.. trials.Where(t => t.Score is not null).Select(t => t.Score!.Value)];
        var svg = new StringBuilder();
        Line(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">");
        Line(svg, $"<rect width=\"{Width}\" height=\"{Height}\" fill=\"white\"/>");
        Line(svg, $"<path d=\"M{Left} {Top}V{Bottom}H{Right}\" fill=\"none\" stroke=\"#444\"/>");
        foreach (double rate in rates) Line(svg, $"<text x=\"{X(rate):f1}\" y=\"{Bottom + 18}\" text-anchor=\"middle\">{rate}</text>");
        foreach (double score in new[] { Low(), High() }) Line(svg, $"<text x=\"{Left - 8}\" y=\"{Y(score) + 4:f1}\" text-anchor=\"end\">{score:f3}</text>");
        Line(svg, $"<text x=\"{(Left + Right) / 2}\" y=\"{Bottom + 40}\" text-anchor=\"middle\">learning rate</text>");
        Line(svg, $"<text transform=\"translate(16 {(Top + Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">score</text>");
        foreach (var trial in trials.Where(t => t.Score is not null))
        {
            string color = ColorOf(trial.Setting.Length);
            string fill = trial.Setting.Reparameterize ? "none" : color;
            Line(svg, $"<circle cx=\"{X(trial.Setting.Rate):f1}\" cy=\"{Y(trial.Score!.Value):f1}\" r=\"{2 + 2 * trial.Rung}\" stroke=\"{color}\" fill=\"{fill}\" fill-opacity=\"0.6\">");
            Line(svg, $"<title>length {trial.Setting.Length}, rate {trial.Setting.Rate}, dropout {trial.Setting.Dropout}, seed {trial.Setting.Seed}, {trial.Epochs} epochs: {trial.Score:f4}</title></circle>");
        }
        for (int i = 0; i < lengths.Length; i++)
        {
            Line(svg, $"<circle cx=\"{Right + 24}\" cy=\"{Top + 10 + 20 * i}\" r=\"5\" fill=\"{ColorOf(lengths[i])}\"/>");
            Line(svg, $"<text x=\"{Right + 36}\" y=\"{Top + 14 + 20 * i}\">length {lengths[i]}</text>");
        }
        svg.Append("</svg>\n");
        return svg.ToString();

        string ColorOf(int length) => Colors[Array.IndexOf(lengths, length) % Colors.Length];

        // Learning rates on a logarithmic axis; one rate, or one score, alone in the middle.
        double X(double rate) => Between(Left + 30, Right - 30, Math.Log(rate), Math.Log(rates[0]), Math.Log(rates[^1]));

        double Y(double score) => Between(Bottom - 20, Top + 20, score, Low(), High());

        double Low() => scores.DefaultIfEmpty(0).Min();

        double High() => scores.DefaultIfEmpty(1).Max();
    }

    private static double Between(double from, double to, double value, double low, double high) =>
        high > low ? from + (to - from) * (value - low) / (high - low) : (from + to) / 2;

    private static void Line(StringBuilder svg, FormattableString line) => svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
