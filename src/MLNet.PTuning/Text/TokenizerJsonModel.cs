// The models that a tokenizer.json may hold: word pieces, byte pairs, unigrams.
namespace MLNet.PTuning.Text;

internal static class TokenizerJsonModel
{
    public static IPieceModel Read(JsonPart model, string path) => TypeOf(model) switch
    {
        "WordPiece" => WordPiece(model, path),
        "BPE" => BytePairs(model, path),
        "Unigram" => Unigram(model),
        var type => throw model.NotSupported($"is of type '{type}', which is not supported (WordPiece, BPE and Unigram are)"),
    };

    // Files of earlier versions do not name the type.
    private static string TypeOf(JsonPart model) =>
        model.OptionalText("type")
        ?? (model.Optional("merges") is not null ? "BPE"
            : model["vocab"].IsList ? "Unigram"
            : model.Optional("max_input_chars_per_word") is not null ? "WordPiece" : "WordLevel");

    private static WordPieceModel WordPiece(JsonPart model, string path)
    {
        Dictionary<string, int> vocabulary = model["vocab"].Ids;
        string unknown = model.OptionalText("unk_token") ?? "[UNK]";
        if (!vocabulary.ContainsKey(unknown)) throw model.Error($"lacks its unknown piece '{unknown}' in the vocabulary");
        string prefix = model.OptionalText("continuing_subword_prefix") ?? "##";
        int maxCharacters = model.Optional("max_input_chars_per_word")?.Id ?? 100;
        return FittingTogether(model, path, () => new WordPieceModel(vocabulary, unknown, prefix, maxCharacters));
    }

    private static BytePairModel BytePairs(JsonPart model, string path)
    {
        var settings = new BytePairSettings
        {
            Unknown = model.OptionalText("unk_token"),
            FusesUnknown = model.Flag("fuse_unk"),
            FallsBackToBytes = model.Flag("byte_fallback"),
            IgnoresMerges = model.Flag("ignore_merges"),
            Prefix = model.OptionalText("continuing_subword_prefix") is { Length: > 0 } prefix ? prefix : null,
            Suffix = model.OptionalText("end_of_word_suffix") is { Length: > 0 } suffix ? suffix : null,
        };
        return FittingTogether(model, path, () => new BytePairModel(model["vocab"].Ids, model["merges"].Items.Select(Merge), settings));
    }

    private static T FittingTogether<T>(JsonPart model, string path, Func<T> create)
    {
        try
        {
            return create();
        }
        catch (InvalidDataException e) when (!e.Message.Contains(path, StringComparison.Ordinal))
        {
            throw model.Error($"does not fit together: {e.Message}");
        }
    }

    // "left right", or, since pieces may hold blanks, ["left", "right"].
    private static (string Left, string Right) Merge(JsonPart merge)
    {
        string[] pair = merge.IsText ? merge.Text.Split(' ') : [.. merge.Items.Select(p => p.Text)];
        return pair.Length == 2 ? (pair[0], pair[1]) : throw merge.Error("must be a pair of pieces");
    }

    private static UnigramModel Unigram(JsonPart model)
    {
        JsonPart vocabulary = model["vocab"];
        var pieces = vocabulary.Items.Select(item =>
        {
            JsonPart[] pair = [.. item.Items];
            return pair.Length == 2 ? (pair[0].Text, pair[1].Number) : throw item.Error("must be a piece and its score");
        }).ToList();
        int? unknown = model.Optional("unk_id")?.Id;
        if (pieces.Count == 0 || unknown >= pieces.Count) throw vocabulary.Error("is empty or lacks the unknown piece");
        return new UnigramModel(pieces, unknown, model.Flag("byte_fallback"));
    }
}
