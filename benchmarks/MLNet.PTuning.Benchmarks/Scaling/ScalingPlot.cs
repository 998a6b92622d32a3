// Draws the sweeps as SVG: milliseconds a row of training and prediction, a panel for each quantity, logarithmic in both directions.
using System.Globalization;
using System.Text;

namespace MLNet.PTuning.Benchmarks.Scaling;

internal static class ScalingPlot
{
    private const int PanelWidth = 220, PanelHeight = 200, Margin = 44;
    private const string TrainColor = "#0072B2", PredictColor = "#D55E00";

    /// <param name="sweeps">Each with its results in the order of its values.</param>
    public static string Draw(IReadOnlyList<(Sweep Sweep, ScalingResult[] Results)> sweeps)
    {
        var svg = new StringBuilder();
        int width = sweeps.Count * (PanelWidth + Margin) + Margin;
        Write($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {PanelHeight + 90}\" font-family=\"sans-serif\" font-size=\"11\">");
        Write($"<rect width=\"{width}\" height=\"{PanelHeight + 90}\" fill=\"white\"/>");
        double[] times = [.. sweeps.SelectMany(s => s.Results).SelectMany(r => new[] { r.TrainMedian, r.PredictMedian })];
        double low = Math.Log(times.Min()), high = Math.Log(times.Max());
        for (int panel = 0; panel < sweeps.Count; panel++)
        {
            var (sweep, results) = sweeps[panel];
            double left = Margin + panel * (PanelWidth + Margin);
            Write($"<path d=\"M{left} 30v{PanelHeight}h{PanelWidth}\" fill=\"none\" stroke=\"#444\"/>");
            Write($"<text x=\"{left + PanelWidth / 2.0}\" y=\"{PanelHeight + 66}\" text-anchor=\"middle\">{sweep.Name}</text>");
            for (int i = 0; i < results.Length; i++) Write($"<text x=\"{X(i):f1}\" y=\"{PanelHeight + 48}\" text-anchor=\"middle\">{sweep.Values[i]}</text>");
            Line(results, r => r.TrainMedian, TrainColor);
            Line(results, r => r.PredictMedian, PredictColor);

            double X(int i) => left + 15 + (PanelWidth - 30) * (results.Length > 1 ? (double)i / (results.Length - 1) : 0.5);

            void Line(ScalingResult[] points, Func<ScalingResult, double> time, string color)
            {
                Write($"<polyline fill=\"none\" stroke=\"{color}\" points=\"{string.Join(' ', points.Select((r, i) => FormattableString.Invariant($"{X(i):f1},{Y(time(r)):f1}")))}\"/>");
                for (int i = 0; i < points.Length; i++)
                    Write($"<text x=\"{X(i):f1}\" y=\"{Y(time(points[i])) - 5:f1}\" text-anchor=\"middle\" fill=\"{color}\">{time(points[i]):g3}</text>");
            }
        }
        Write($"<text x=\"{Margin}\" y=\"18\" fill=\"{TrainColor}\">training, ms a row</text><text x=\"{Margin + 130}\" y=\"18\" fill=\"{PredictColor}\">prediction, ms a row</text>");
        return svg.Append("</svg>\n").ToString();

        double Y(double time) => 30 + PanelHeight - 10 - (PanelHeight - 30) * (high > low ? (Math.Log(time) - low) / (high - low) : 0.5);

        void Write(FormattableString line) => svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}
