// The rows that epochs are scored on: a share of the training rows, or a view that the app gives.

namespace MLNet.PTuning.Pipeline;

/// <summary>Rows held out of training.</summary>
internal static class HeldOutRows
{
    // A kind of character that no training text has is in a validation set by chance hardly this often.
    private const double TellingShare = 0.2;
    private const int FewestTexts = 20;

    // What NormalizeText, the usual step before this library's, can take out of texts.
    private static readonly (string Name, Func<char, bool> Is)[] Kinds =
    [
        ("upper-case letters", char.IsUpper),
        ("punctuation", char.IsPunctuation),
        ("digits", char.IsDigit),
        ("letters with diacritics", c => c > 127 && char.IsLetter(c) && c.ToString().Normalize(System.Text.NormalizationForm.FormD).Length > 1),
    ];

    /// <summary>Splits rows at random, each part in the rows' order; all are training rows where no share is to be held out.</summary>
    /// <exception cref="ArgumentException">There are fewer than two rows to split.</exception>
    public static (List<T> Training, List<T>? HeldOut) Split<T>(List<T> rows, double? share, int seed)
    {
        if (share is null) return (rows, null);
        if (rows.Count < 2) throw new ArgumentException($"The training set has {rows.Count} rows, too few to hold some out; leave ValidationShare null.");
        int[] order = [.. Enumerable.Range(0, rows.Count)];
        new Random(seed).Shuffle(order);
        var heldOut = order.Take(Math.Clamp((int)Math.Round(share.Value * rows.Count), 1, rows.Count - 1)).ToHashSet();
        return ([.. rows.Where((_, i) => !heldOut.Contains(i))], [.. rows.Where((_, i) => heldOut.Contains(i))]);
    }

    /// <summary>Reads <c>ValidationSet</c>, and names it in what goes wrong.</summary>
    public static T FromValidationSet<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException($"ValidationSet: {e.Message} The pipeline's earlier steps are not applied to ValidationSet; give a view that went through them, "
                + "or set ValidationShare in its place.", e);
        }
    }

    /// <summary>Warns where validation texts have a kind of character that no training text has, as where an earlier step of the pipeline takes it out.</summary>
    public static void WarnOfUntransformed(TrainingChannel channel, IReadOnlyList<string> training, IReadOnlyList<string> validation)
    {
        if (training.Count < FewestTexts) return;
        foreach (var (name, isOfKind) in Kinds)
        {
            int with = validation.Count(text => text.Any(isOfKind));
            if (with > TellingShare * validation.Count && !training.Any(text => text.Any(isOfKind)))
                channel.Warn($"{with} of {validation.Count} texts of ValidationSet have {name}, but no training text has any. The pipeline's earlier steps (such as NormalizeText) "
                    + "are not applied to ValidationSet; give a view that went through them, or set ValidationShare in its place.");
        }
    }
}
