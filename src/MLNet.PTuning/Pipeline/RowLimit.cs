// The longest row for which a backbone has positions in addition to the prompt's.
using MLNet.PTuning.Backbones;

namespace MLNet.PTuning.Pipeline;

/// <summary>The largest length of a row in addition to the prompt.</summary>
internal sealed class RowLimit
{
    private readonly int _prompt, _positions;
    private readonly bool _chosen;

    /// <exception cref="ArgumentException">The prompt and the chosen length do not fit the backbone together.</exception>
    public RowLimit(FrozenBackbone backbone, PTuningOptions options)
    {
        _prompt = options.Method.PromptLength;
        _positions = backbone.Encoder.MaxRowLength(0);
        int room = backbone.Encoder.MaxRowLength(_prompt);
        _chosen = options.MaxSequenceLength is not null;
        string limits = backbone.Encoder is CausalDecoder { Window: var window } && window < backbone.Config.MaxPositions ? " (sliding_window in config.json)" : "";
        if (room < 3) throw new ArgumentException($"Prompt length {_prompt} leaves {Math.Max(0, room)} of the backbone's {_positions} positions{limits} for text; shorten the prompt.");
        if (options.MaxSequenceLength > room)
            throw new ArgumentException($"MaxSequenceLength {options.MaxSequenceLength} and prompt length {_prompt} exceed the backbone's {_positions} positions{limits} together; set MaxSequenceLength to at most {room}, or shorten the prompt.");
        Length = options.MaxSequenceLength ?? Math.Min(Math.Min(room, options.UsualLength ?? room), backbone.Tokenizer.ModelMaxLength is { } max and >= 3 ? max : room);
    }

    /// <summary>Longest row in word pieces, specials included.</summary>
    public int Length { get; }

    /// <summary>Truncating a few long rows is expected; a prompt that takes more than half of the positions is a mistake where rows are truncated because of it.</summary>
    /// <exception cref="ArgumentException">A row does not fit because the prompt takes more than half of the positions.</exception>
    public void Check(int longestRow)
    {
        if (!_chosen && longestRow > Length && _prompt > _positions / 2)
            throw new ArgumentException($"Prompt length {_prompt} plus the longest row ({longestRow} word pieces) exceeds the backbone's {_positions} positions; shorten the prompt or set MaxSequenceLength.");
    }
}
