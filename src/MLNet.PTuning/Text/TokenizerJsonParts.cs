// The normalizers and pre-tokenizers that a tokenizer.json may name.
using System.Text;
using System.Text.RegularExpressions;

namespace MLNet.PTuning.Text;

/// <summary>What a pre-tokenizer does: how text between added tokens, and words given as such, are prepared and split.</summary>
internal sealed record WordRules(IWordSplitter Splitter, ITextNormalizer Preparation, ITextNormalizer WordPreparation, bool IsByteLevel = false)
{
    public WordRules(IWordSplitter splitter)
        : this(splitter, TextAsItIs.Instance, TextAsItIs.Instance)
    {
    }
}

internal static class TokenizerJsonParts
{
    public static ITextNormalizer? Normalizer(JsonPart? normalizer, TokenizerSettings settings) =>
        normalizer is not { } part ? null : part["type"].Text switch
        {
            "BertNormalizer" => Bert(part, settings),
            "Sequence" => new NormalizerSequence([.. part["normalizers"].Items.Select(step => Normalizer(step, settings)!)]),
            "Prepend" => new PrependStep(part["prepend"].Text),
            "Replace" => new ReplaceStep(Pattern(part["pattern"]), part["content"].Text),
            "NFC" => new UnicodeFormStep(NormalizationForm.FormC),
            "NFD" => new UnicodeFormStep(NormalizationForm.FormD),
            "NFKC" => new UnicodeFormStep(NormalizationForm.FormKC),
            "NFKD" => new UnicodeFormStep(NormalizationForm.FormKD),
            "Lowercase" => new LowerCaseStep(),
            "StripAccents" => new StripAccentsStep(),
            "Strip" => new StripBlanksStep(part.Flag("strip_left", true), part.Flag("strip_right", true)),
            "Precompiled" => Precompiled(part["precompiled_charsmap"]),
            var type => throw part.NotSupported($"is a normalizer '{type}', which is not supported (BertNormalizer, Sequence, Prepend, Replace, "
                + "NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip and Precompiled are)"),
        };

    public static WordRules Words(JsonPart? preTokenizer, TokenizerSettings settings, bool trimsBlanks)
    {
        if (preTokenizer is not { } part) return new WordRules(new WholeText());
        switch (part["type"].Text)
        {
            case "BertPreTokenizer":
                return new WordRules(new BertWordSplitter());
            case "WhitespaceSplit":
                return new WordRules(new BlankSplitter());
            case "ByteLevel":
                return new WordRules(
                    part.Flag("use_regex", true) ? new ByteLevelWordSplitter() : new WholeText(),
                    new ByteLevelNormalizer(settings.Flag("add_prefix_space") ?? part.Flag("add_prefix_space", true), trimsBlanks),
                    new ByteLevelNormalizer(addsBlank: true, trimsBlanks),
                    IsByteLevel: true);
            case "Metaspace":
                return Metaspace(part, splitsBlanks: false);
            case "Sequence":
                JsonPart[] parts = [.. part["pretokenizers"].Items];
                if (parts.Length == 1) return Words(parts[0], settings, trimsBlanks);
                if (parts.Select(p => p["type"].Text).SequenceEqual(["WhitespaceSplit", "Metaspace"]))
                    return Metaspace(parts[1], splitsBlanks: true);
                if (parts.Length > 1 && parts[..^1].All(p => p["type"].Text is "Split" or "Digits") && parts[^1]["type"].Text == "ByteLevel" && !parts[^1].Flag("add_prefix_space", true))
                {
                    var bytes = Words(parts[^1], settings, trimsBlanks);
                    return bytes with { Splitter = new SplitterSequence([.. parts[..^1].Select(ByPattern), bytes.Splitter]) };
                }
                throw part.NotSupported("is a sequence of pre-tokenizers that is not supported (WhitespaceSplit with Metaspace is, and Split or Digits with ByteLevel that adds no blank)");
            case var type:
                throw part.NotSupported($"is a pre-tokenizer '{type}', which is not supported "
                    + "(BertPreTokenizer, ByteLevel, Metaspace and WhitespaceSplit are)");
        }
    }

    private static PatternSplitter ByPattern(JsonPart part)
    {
        if (part["type"].Text == "Digits") return new PatternSplitter(new Regex(part.Flag("individual_digits") ? @"\p{N}" : @"\p{N}+", RegexOptions.NonBacktracking));
        if (part.OptionalText("behavior") is not "Isolated" || part.Flag("invert")) throw part.NotSupported("splits in a way that is not supported (behavior Isolated without invert is)");
        return new PatternSplitter(Pattern(part["pattern"], looksAhead: true));
    }

    // Flags of tokenizer_config.json go before those of the normalizer in Hugging Face's BERT classes; its class for any tokenizer does not read them.
    private static BertNormalizer Bert(JsonPart part, TokenizerSettings settings)
    {
        bool isGeneric = settings.TokenizerClass is { } name && TokenizerFolder.IsGeneric(name);
        bool lowerCase = Said("do_lower_case") ?? part.Flag("lowercase", true);
        return new BertNormalizer(
            lowerCase,
            Said("strip_accents") ?? part.Flag("strip_accents", lowerCase),
            Said("tokenize_chinese_chars") ?? part.Flag("handle_chinese_chars", true),
            part.Flag("clean_text", true));

        bool? Said(string flag) => isGeneric ? null : settings.Flag(flag);
    }

    private static WordRules Metaspace(JsonPart part, bool splitsBlanks)
    {
        string mark = part.OptionalText("replacement") ?? MetaspaceNormalizer.Mark.ToString();
        if (mark.Length != 1) throw part.Error("must name one character as its replacement");
        FirstMark first = part.OptionalText("prepend_scheme") switch
        {
            null => part.Flag("add_prefix_space", true) ? FirstMark.Always : FirstMark.Never,
            "always" => FirstMark.Always,
            "first" => FirstMark.TextStart,
            "never" => FirstMark.Never,
            var scheme => throw part.NotSupported($"has a prepend_scheme '{scheme}', which is not supported (always, first and never are)"),
        };
        var preparation = new MetaspaceNormalizer(mark[0], first, splitsBlanks);
        return new WordRules(part.Flag("split", true) ? new MetaspaceSplitter(mark[0]) : new WholeText(), preparation, preparation);
    }

    private static PrecompiledStep Precompiled(JsonPart map)
    {
        byte[] bytes = new byte[map.Text.Length];
        if (!Convert.TryFromBase64String(map.Text, bytes, out int length)) throw map.Error("is not base64");
        try
        {
            return new PrecompiledStep(bytes.AsSpan(0, length));
        }
        catch (InvalidDataException e)
        {
            throw map.Error(e.Message);
        }
    }

    // Without backtracking, so that no pattern of a file can take long; those that split words look ahead, which needs it, and are given up after a while.
    private static Regex Pattern(JsonPart pattern, bool looksAhead = false)
    {
        string text = pattern.OptionalText("String") is { } literal ? Regex.Escape(literal) : pattern["Regex"].Text;
        try
        {
            return looksAhead ? new Regex(text, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(10)) : new Regex(text, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw pattern.NotSupported($"is a pattern that is not supported ({e.Message})");
        }
    }
}
