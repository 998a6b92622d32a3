// How often each true class was predicted as each class, as numbers and as a table for people.
using System.Globalization;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

public sealed class ConfusionMatrix
{
    private const string Predicted = "PREDICTED";

    private readonly IReadOnlyList<ReadOnlyMemory<char>> _names;
    private readonly bool _isBinary;

    /// <param name="counts">Rows are true classes, columns predicted ones.</param>
    /// <param name="names">The classes' names, in the same order.</param>
    /// <param name="isBinary">Whether the classes are positive and negative.</param>
    internal ConfusionMatrix(double[][] counts, IReadOnlyList<ReadOnlyMemory<char>> names, bool isBinary)
    {
        Counts = counts;
        _names = names;
        _isBinary = isBinary;
        var classes = Enumerable.Range(0, counts.Length);
        PerClassRecall = classes.Select(c => Share(counts[c][c], counts[c].Sum())).ToArray();
        PerClassPrecision = classes.Select(c => Share(counts[c][c], counts.Sum(row => row[c]))).ToArray();
    }

    public IReadOnlyList<double> PerClassPrecision { get; }

    public IReadOnlyList<double> PerClassRecall { get; }

    public IReadOnlyList<IReadOnlyList<double>> Counts { get; }

    public int NumberOfClasses => Counts.Count;

    public double GetCountForClassPair(int predictedClassIndicatorIndex, int actualClassIndicatorIndex)
    {
        CheckClass(predictedClassIndicatorIndex, nameof(predictedClassIndicatorIndex));
        CheckClass(actualClassIndicatorIndex, nameof(actualClassIndicatorIndex));
        return Counts[actualClassIndicatorIndex][predictedClassIndicatorIndex];
    }

    public string GetFormattedConfusionTable()
    {
        int cellWidth = NumberOfClasses == 2 ? 8 : 5;
        int longestName = _names.Max(n => n.Length);
        // Names that do not fit in the header stand before the rows only, with the numbers that the header shows.
        bool numbersInHeader = longestName > cellWidth;
        int numberWidth = (NumberOfClasses - 1).ToString(CultureInfo.InvariantCulture).Length;
        int labelWidth = Math.Max(Predicted.Length, longestName + (numbersInHeader ? numberWidth + 2 : 0));
        string line = $"{new string(' ', labelWidth)} ||{new string('=', NumberOfClasses * (cellWidth + 3))}";

        string Cell(string text) => $"{text.PadLeft(cellWidth + 1)} |";
        string Row(string label, IEnumerable<string> cells, string end = "") => $"{label.PadRight(labelWidth)} ||{string.Concat(cells.Select(Cell))}{end}";
        string Number(int index) => index.ToString(CultureInfo.InvariantCulture);
        string Label(int index) => numbersInHeader
            ? $"{Number(index).PadLeft(numberWidth)}. {_names[index].ToString().PadLeft(labelWidth - numberWidth - 2)}"
            : _names[index].ToString().PadLeft(labelWidth);

        var table = new StringBuilder();
        if (_isBinary)
            table.AppendLine(PositiveRatio());
        else
            table.AppendLine();
        table.AppendLine("Confusion table").AppendLine(line);
        table.AppendLine(Row(Predicted, _names.Select((n, i) => numbersInHeader ? Number(i) : n.ToString()), " Recall"));
        table.AppendLine("TRUTH".PadRight(labelWidth) + line[labelWidth..]);
        for (int c = 0; c < NumberOfClasses; c++)
            table.AppendLine(Row(Label(c), Counts[c].Select(n => n.ToString("F0", CultureInfo.InvariantCulture)), $" {Fraction(PerClassRecall[c])}"));
        table.AppendLine(line);
        table.AppendLine(Row("Precision", PerClassPrecision.Select(Fraction)));
        return table.ToString();
    }

    private string PositiveRatio()
    {
        double positives = Counts[0].Sum(), negatives = Counts[1].Sum();
        return string.Create(CultureInfo.InvariantCulture, $"TEST POSITIVE RATIO:\t{positives / (positives + negatives):F4} ({positives:F1}/({positives:F1}+{negatives:F1}))");
    }

    private void CheckClass(int index, string parameter) =>
        Contracts.CheckParam(0 <= index && index < NumberOfClasses, parameter, "Invalid index. Should be non-negative, less than the number of classes.");

    private static double Share(double part, double whole) => whole > 0 ? part / whole : 0;

    private static string Fraction(double value) => value.ToString("F4", CultureInfo.InvariantCulture);
}
