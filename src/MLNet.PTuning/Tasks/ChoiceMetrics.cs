// How well predicted choices fit the right ones.
using System.Globalization;

namespace MLNet.PTuning;

/// <summary>Scores of rows with choices.</summary>
/// <param name="Rows">Rows with a label.</param>
/// <param name="Accuracy">Fraction whose most probable choice is the right one.</param>
/// <param name="LogLoss">Mean of the negative natural logarithm of the right choice's probability; a probability of 0 counts as 1e-30.</param>
/// <param name="ChanceAccuracy">The accuracy of choosing at random: the mean of one over a row's number of choices.</param>
public sealed record ChoiceMetrics(int Rows, double Accuracy, double LogLoss, double ChanceAccuracy)
{
    /// <summary>A line of the scores, for a console.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"accuracy {100 * Accuracy:f2} (chance {100 * ChanceAccuracy:f2}), log-loss {LogLoss:f4}, {Rows} rows");
}
