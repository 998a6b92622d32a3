// Draws training curves as an SVG picture.
using System.Globalization;
using System.Text;
using MLNet.PTuning;

namespace SentimentAnalysis;

internal static class CurvePlot
{
    private const int Width = 640, Height = 300, Left = 56, Right = 150, Top = 20, Bottom = 44;

    private static readonly string[] Colors = ["#1f77b4", "#d62728"];

    /// <summary>Training loss of each run over its epochs.</summary>
    public static string Svg(params (string Name, TrainingReport Report)[] runs)
    {
        double highest = runs.Max(r => r.Report.Epochs.Max(e => e.TrainingLoss)), lowest = runs.Min(r => r.Report.Epochs.Min(e => e.TrainingLoss));
        double top = Math.Ceiling(highest * 20) / 20, bottom = Math.Floor(lowest * 20) / 20;
        int epochs = runs.Max(r => r.Report.Epochs.Count);
        var svg = new StringBuilder();
        Add($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">");
        Add($"<rect width=\"{Width}\" height=\"{Height}\" fill=\"white\"/>");
        for (double loss = bottom; loss <= top + 1e-9; loss += 0.05)
        {
            Add($"<line x1=\"{Left}\" y1=\"{Y(loss):f1}\" x2=\"{Width - Right}\" y2=\"{Y(loss):f1}\" stroke=\"#ddd\"/>");
            Add($"<text x=\"{Left - 8}\" y=\"{Y(loss) + 4:f1}\" text-anchor=\"end\">{loss:f2}</text>");
        }
        for (int epoch = 1; epoch <= epochs; epoch++) Add($"<text x=\"{X(epoch):f1}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{epoch}</text>");
        Add($"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 8}\" text-anchor=\"middle\">epoch</text>");
        Add($"<text x=\"14\" y=\"{Height / 2}\" text-anchor=\"middle\" transform=\"rotate(-90 14 {Height / 2})\">training loss</text>");
        for (int i = 0; i < runs.Length; i++)
        {
            string color = Colors[i % Colors.Length];
            string points = string.Join(' ', runs[i].Report.Epochs.Select(e => string.Create(CultureInfo.InvariantCulture, $"{X(e.Number):f1},{Y(e.TrainingLoss):f1}")));
            Add($"<polyline points=\"{points}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>");
            Add($"<text x=\"{Width - Right + 10}\" y=\"{Y(runs[i].Report.Epochs[^1].TrainingLoss) + 4:f1}\" fill=\"{color}\">{runs[i].Name}</text>");
        }
        Add($"</svg>");
        return svg.ToString();

        void Add(FormattableString line) => svg.AppendLine(line.ToString(CultureInfo.InvariantCulture));

        double X(int epoch) => Left + (Width - Left - Right) * (epochs == 1 ? 0.5 : (epoch - 1.0) / (epochs - 1));

        double Y(double loss) => Top + (Height - Top - Bottom) * (top - loss) / (top - bottom);
    }
}
