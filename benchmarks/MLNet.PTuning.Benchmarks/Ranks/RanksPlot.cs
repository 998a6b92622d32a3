// Draws the modeled speed-up over the number of ranks as SVG, logarithmic in both directions, with what was measured on this machine.
using System.Globalization;
using System.Text;

namespace MLNet.PTuning.Benchmarks.Ranks;

internal static class RanksPlot
{
    private const int Width = 520, Height = 400, Left = 60, Top = 20, Right = 170, Bottom = 50, LineHeight = 16;
    private static readonly string[] Colors = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"];

    /// <param name="lines">Each with its speed-up at the numbers of ranks of <see cref="SpeedUpModel.Ranks"/>.</param>
    public static string Draw(IReadOnlyList<(string Name, double[] SpeedUps)> lines)
    {
        var svg = new StringBuilder();
        double highest = Math.Log2(SpeedUpModel.Ranks[^1]);
        Write($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Left + Width + Right} {Top + Height + Bottom}\" font-family=\"sans-serif\" font-size=\"12\">");
        Write($"<rect width=\"{Left + Width + Right}\" height=\"{Top + Height + Bottom}\" fill=\"white\"/>");
        foreach (int ranks in SpeedUpModel.Ranks.Prepend(1))
        {
            Write($"<path d=\"M{X(ranks):f1} {Top}v{Height}M{Left} {Y(ranks):f1}h{Width}\" stroke=\"#ddd\"/>");
            Write($"<text x=\"{X(ranks):f1}\" y=\"{Top + Height + 18}\" text-anchor=\"middle\">{ranks}</text>");
            Write($"<text x=\"{Left - 8}\" y=\"{Y(ranks) + 4:f1}\" text-anchor=\"end\">{ranks}</text>");
        }
        Write($"<path d=\"M{X(1):f1} {Y(1):f1}L{X(256):f1} {Y(256):f1}\" stroke=\"#888\" stroke-dasharray=\"4 3\"/>");
        for (int i = 0; i < lines.Count; i++)
        {
            var (name, speedUps) = lines[i];
            string color = Colors[i % Colors.Length];
            var points = SpeedUpModel.Ranks.Zip(speedUps).Prepend((1, 1.0)).Select(p => FormattableString.Invariant($"{X(p.Item1):f1},{Y(p.Item2):f1}"));
            Write($"<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" points=\"{string.Join(' ', points)}\"/>");
        }
        // Lines end near each other, and their names one below the other.
        double at = 0;
        foreach (int i in Enumerable.Range(0, lines.Count).OrderByDescending(i => lines[i].SpeedUps[^1]))
        {
            at = Math.Max(at + LineHeight, Y(lines[i].SpeedUps[^1]) + 4);
            Write($"<text x=\"{Left + Width + 8}\" y=\"{at:f1}\" fill=\"{Colors[i % Colors.Length]}\">{lines[i].Name}: {lines[i].SpeedUps[^1]:f0}</text>");
        }
        Write($"<text x=\"{Left + Width / 2}\" y=\"{Top + Height + 40}\" text-anchor=\"middle\">ranks</text>");
        Write($"<text x=\"14\" y=\"{Top + Height / 2}\" text-anchor=\"middle\" transform=\"rotate(-90 14 {Top + Height / 2})\">times as many rows a second</text>");
        return svg.Append("</svg>\n").ToString();

        double X(double ranks) => Left + Width * Math.Log2(ranks) / highest;

        double Y(double speedUp) => Top + Height - Height * Math.Log2(Math.Max(1, speedUp)) / highest;

        void Write(FormattableString line) => svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}
