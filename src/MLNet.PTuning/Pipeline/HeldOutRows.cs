// The rows that epochs are scored on: a fraction of the training rows, or a view that the app sets.
using Microsoft.ML;

namespace MLNet.PTuning.Pipeline;

/// <summary>Rows held out of training.</summary>
internal static class HeldOutRows
{
    // Where more than this fraction of the validation texts have a kind of character that no training text has, it is hardly by chance.
    private const double WarningFraction = 0.2;
    private const int MinTexts = 20;

    // What NormalizeText, the usual step before this library's, can remove from texts.
    private static readonly (string Name, Func<char, bool> Is)[] Kinds =
    [
        ("upper-case letters", char.IsUpper),
        ("punctuation", char.IsPunctuation),
        ("digits", char.IsDigit),
        ("letters with diacritics", c => c > 127 && char.IsLetter(c) && c.ToString().Normalize(System.Text.NormalizationForm.FormD).Length > 1),
    ];

    /// <summary>The rows to train on, and those that the options hold out: a fraction of the rows, or those of <c>ValidationSet</c>; null where they hold none out.</summary>
    /// <param name="rows">The training view's.</param>
    /// <param name="options">What says which are held out.</param>
    /// <param name="seed">Chooses a fraction of the rows.</param>
    /// <param name="channel">Is warned of a validation set that has not gone through the pipeline's earlier steps.</param>
    /// <param name="read">Reads <c>ValidationSet</c>.</param>
    /// <param name="textsOf">A row's texts.</param>
    /// <exception cref="ArgumentException">There are too few rows, or something is wrong with the validation set.</exception>
    public static (List<T> Training, List<T>? HeldOut) Of<T>(List<T> rows, PTuningOptions options, int seed, TrainingChannel channel, Func<IDataView, List<T>> read, Func<T, IEnumerable<string>> textsOf)
    {
        if (options.ValidationSet is not { } set) return Split(rows, options.ValidationShare, seed);
        var heldOut = FromValidationSet(() => read(set));
        WarnOfUntransformed(channel, [.. rows.SelectMany(textsOf)], [.. heldOut.SelectMany(textsOf)]);
        return (rows, heldOut);
    }

    /// <summary>Splits rows at random, each part in the rows' order; all are training rows where <paramref name="fraction"/> is null.</summary>
    /// <exception cref="ArgumentException">There are fewer than two rows to split.</exception>
    public static (List<T> Training, List<T>? HeldOut) Split<T>(List<T> rows, double? fraction, int seed)
    {
        if (fraction is null) return (rows, null);
        if (rows.Count < 2) throw new ArgumentException($"The training set has {rows.Count} rows, too few to hold some out; leave ValidationShare null.");
        int[] order = [.. Enumerable.Range(0, rows.Count)];
        new Random(seed).Shuffle(order);
        var heldOut = order.Take(Math.Clamp((int)Math.Round(fraction.Value * rows.Count), 1, rows.Count - 1)).ToHashSet();
        return ([.. rows.Where((_, i) => !heldOut.Contains(i))], [.. rows.Where((_, i) => heldOut.Contains(i))]);
    }

    // Errors name the set.
    private static T FromValidationSet<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException($"ValidationSet: {e.Message} The pipeline's earlier steps are not applied to ValidationSet; give a view that went through them, "
                + "or set ValidationShare instead.", e);
        }
    }

    // Validation texts may have a kind of character that no training text has, for example because an earlier step of the pipeline removes it.
    private static void WarnOfUntransformed(TrainingChannel channel, IReadOnlyList<string> training, IReadOnlyList<string> validation)
    {
        if (training.Count < MinTexts) return;
        foreach (var (name, isOfKind) in Kinds)
        {
            int with = validation.Count(text => text.Any(isOfKind));
            if (with > WarningFraction * validation.Count && !training.Any(text => text.Any(isOfKind)))
                channel.Warn($"{with} of {validation.Count} texts of ValidationSet have {name}, but no training text has any. The pipeline's earlier steps (such as NormalizeText) "
                    + "are not applied to ValidationSet; give a view that went through them, or set ValidationShare instead.");
        }
    }
}
