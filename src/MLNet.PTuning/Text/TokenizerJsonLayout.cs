// The post-processors that a tokenizer.json may name: where special tokens go, and whether offsets leave out blanks.
namespace MLNet.PTuning.Text;

internal static class TokenizerJsonLayout
{
    public static SpecialLayout Read(JsonPart? postProcessor)
    {
        if (postProcessor is not { } part) return SpecialLayout.WithoutSpecials;
        switch (part["type"].Text)
        {
            case "ByteLevel":
                return SpecialLayout.WithoutSpecials;
            case "BertProcessing":
                return BertFolder.Layout(IdOf(part["cls"]), IdOf(part["sep"]));
            case "RobertaProcessing":
                return BpeFolder.Layout(IdOf(part["cls"]), IdOf(part["sep"]));
            case "TemplateProcessing":
                JsonPart specials = part["special_tokens"];
                return new SpecialLayout(Once(part["single"], specials, texts: 1), Once(part["pair"], specials, texts: 2));
            case "Sequence":
                JsonPart[] layouts = [.. part["processors"].Items.Where(p => p["type"].Text != "ByteLevel")];
                return layouts.Length switch
                {
                    0 => SpecialLayout.WithoutSpecials,
                    1 => Read(layouts[0]),
                    _ => throw part.NotSupported("has several post-processors that add special tokens"),
                };
            case var type:
                throw part.NotSupported($"is a post-processor '{type}', which is not supported "
                    + "(ByteLevel, BertProcessing, RobertaProcessing, TemplateProcessing and Sequence are)");
        }
    }

    public static bool TrimsBlanks(JsonPart? postProcessor) => postProcessor is { } part && part["type"].Text switch
    {
        "ByteLevel" or "RobertaProcessing" => part.Flag("trim_offsets", true),
        "Sequence" => part["processors"].Items.Any(p => TrimsBlanks(p)),
        _ => false,
    };

    // ["</s>", 2]
    private static int IdOf(JsonPart token)
    {
        JsonPart[] pair = [.. token.Items];
        return pair.Length == 2 ? pair[1].Id : throw token.Error("must be a token and its id");
    }

    // Every text is in its template once.
    private static LayoutPart[] Once(JsonPart template, JsonPart specials, int texts)
    {
        LayoutPart[] parts = [.. Template(template, specials)];
        return parts.Count(p => p.Kind == LayoutKind.First) == 1 && parts.Count(p => p.Kind == LayoutKind.Second) == texts - 1
            ? parts
            : throw template.Error(texts == 1 ? "must name the sequence A once, and no other" : "must name the sequences A and B once each");
    }

    private static IEnumerable<LayoutPart> Template(JsonPart template, JsonPart specials) => template.Items.SelectMany(item =>
    {
        if (item.Optional("SpecialToken") is { } special)
            return specials[special["id"].Text]["ids"].Items.Select(id => LayoutPart.Special(id.Id, special["type_id"].Id));
        JsonPart sequence = item["Sequence"];
        int type = sequence["type_id"].Id;
        return sequence["id"].Text switch
        {
            "A" => [LayoutPart.First(type)],
            "B" => (IEnumerable<LayoutPart>)[LayoutPart.Second(type)],
            var id => throw sequence.Error($"names a sequence '{id}' that is neither A nor B"),
        };
    });
}
