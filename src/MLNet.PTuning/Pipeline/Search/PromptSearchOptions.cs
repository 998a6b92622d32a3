// Options of PTuningV2Search: the grid, the number of trials and the folder.
namespace MLNet.PTuning;

/// <summary>
/// Settings of a search over P-Tuning v2's own settings. Default grids span what the method's authors report for BERT-large and RoBERTa-large
/// (prompts of 8 to 128 vectors, rates of 1e-3 to 3e-2), and the higher rate that small backbones label words with.
/// </summary>
public sealed class PromptSearchOptions
{
    /// <summary>Prompt lengths. Those that take more than half of the backbone's positions are left out. Default 8, 16, 20, 40, 64, 128.</summary>
    public IReadOnlyList<int> Lengths { get; set; } = [8, 16, 20, 40, 64, 128];

    /// <summary>Learning rates. Default 1e-3, 5e-3, 7e-3, 1e-2, 2e-2, 3e-2, 6e-2.</summary>
    public IReadOnlyList<double> LearningRates { get; set; } = [1e-3, 5e-3, 7e-3, 1e-2, 2e-2, 3e-2, 6e-2];

    /// <summary>Probabilities of dropping an element of the prompt. Default 0.1, 0.2.</summary>
    public IReadOnlyList<double> Dropouts { get; set; } = [0.1, 0.2];

    /// <summary>Whether the prompt is trained through a network (<see cref="DeepPrompt.Reparameterize"/>). Default both.</summary>
    public IReadOnlyList<bool> Reparameterize { get; set; } = [false, true];

    /// <summary>Seeds of training. Default null: one, that of the training options or of the <c>MLContext</c>, or 1.</summary>
    public IReadOnlyList<int>? Seeds { get; set; }

    /// <summary>Settings that the search starts with, drawn from the grid at random. Default 27.</summary>
    public int Trials { get; set; } = 27;

    /// <summary>The reduction factor η of successive halving: the best 1/η of the settings are promoted to the next rung, where they are trained for η times the epochs. Default 3.</summary>
    public int Reduction { get; set; } = 3;

    /// <summary>Time after which no further trial begins. Default null: no limit. At least one trial is run.</summary>
    public TimeSpan? MaxTime { get; set; }

    /// <summary>
    /// A folder for the table of trials: search.json, trials.csv and trials.svg, replaced after every trial. A search on the same rows and settings
    /// reuses its finished trials instead of running them again. Default null: none.
    /// </summary>
    public string? Folder { get; set; }

    /// <summary>Receives every trial when it is finished. Default null.</summary>
    public IProgress<SearchTrial>? Progress { get; set; }

    /// <summary>A copy that stays as it is when the original, or a list in it, is changed.</summary>
    internal PromptSearchOptions Copy()
    {
        var copy = (PromptSearchOptions)MemberwiseClone();
        (copy.Lengths, copy.LearningRates, copy.Dropouts, copy.Reparameterize, copy.Seeds) = ([.. Lengths], [.. LearningRates], [.. Dropouts], [.. Reparameterize], Seeds is null ? null : [.. Seeds]);
        return copy;
    }

    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    internal void Validate()
    {
        Require(Lengths.Count > 0 && Lengths.All(l => l >= 1), nameof(Lengths), "one or more lengths of at least 1");
        Require(LearningRates.Count > 0 && LearningRates.All(r => r is > 0 and < double.PositiveInfinity), nameof(LearningRates), "one or more positive rates");
        Require(Dropouts.Count > 0 && Dropouts.All(d => d is >= 0 and < 1), nameof(Dropouts), "one or more probabilities less than 1");
        Require(Reparameterize.Count > 0, nameof(Reparameterize), "one or both of true and false");
        Require(Seeds is null || Seeds.Count > 0, nameof(Seeds), "null, or one or more seeds");
        Require(Trials >= 1, nameof(Trials), "at least 1");
        Require(Reduction >= 2, nameof(Reduction), "at least 2");
        Require(MaxTime is null || MaxTime > TimeSpan.Zero, nameof(MaxTime), "positive");
    }

    private static void Require(bool holds, string name, string range)
    {
        if (!holds) throw new ArgumentException($"{name} must be {range}.", name);
    }
}
