// Reads a tokenizer.json, the one file in which Hugging Face's fast tokenizers keep all their parts.
namespace MLNet.PTuning.Text;

internal static class TokenizerJson
{
    public const string FileName = "tokenizer.json";

    public static TextTokenizer Load(string folder)
    {
        string path = Path.Combine(folder, FileName);
        JsonPart root = JsonPart.Read(path);
        TokenizerSettings settings = TokenizerSettings.Load(folder);
        JsonPart? postProcessor = root.Optional("post_processor");
        bool trims = TokenizerJsonLayout.TrimsBlanks(postProcessor);
        WordRules rules = TokenizerJsonParts.Words(root.Optional("pre_tokenizer"), settings, trims);
        IPieceModel model = TokenizerJsonModel.Read(root["model"], path);
        AddedToken[] added = settings.Complete([.. root.Optional("added_tokens")?.Items.Select(Added) ?? []], model.IdOf, model.VocabularySize);
        int? IdOf(string? token) => token is null ? null : added.FirstOrDefault(t => t.Content == token)?.Id ?? model.IdOf(token);

        return new TextTokenizer(
            added,
            TokenizerJsonParts.Normalizer(root.Optional("normalizer"), settings),
            rules.Splitter,
            rules.IsByteLevel ? new ByteLevelModel(model) : model,
            TokenizerJsonLayout.Read(postProcessor))
        {
            Preparation = rules.Preparation,
            WordPreparation = rules.WordPreparation,
            TrimsBlanks = trims,
            PadId = IdOf(settings.Token("pad_token")) ?? IdOf("[PAD]") ?? IdOf("<pad>") ?? IdOf(settings.Token("eos_token")) ?? 0,
            MaskId = IdOf(settings.Token("mask_token")) ?? IdOf("[MASK]") ?? IdOf("<mask>"),
            ModelMaxLength = settings.ModelMaxLength,
            AddedTexts = (root.Optional("added_tokens")?.Items ?? []).Where(token => !token.Flag("special")).Select(token => token["id"].Id).ToHashSet(),
        };
    }

    private static AddedToken Added(JsonPart token) => new(
        token["content"].Text, token["id"].Id, token.Flag("lstrip"), token.Flag("rstrip"), token.Flag("single_word"), token.Flag("normalized"));
}
