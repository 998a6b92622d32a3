// How a row's texts become the model's input: as they are, within a template's words, masked word and prompt vectors, or after vectors in front of all.
using MLNet.PTuning.Text;
using MLNet.PTuning.Tuning;

namespace MLNet.PTuning.Tasks;

/// <summary>A row in its form.</summary>
/// <param name="Input">Ids, with −(j + 1) for prompt vector j, and types.</param>
/// <param name="TextStart">Position of the text's first piece.</param>
/// <param name="TextCount">Pieces of the text, after the cut.</param>
/// <param name="PairStart">Position of the second text's first piece, where there is one.</param>
/// <param name="PairCount">Pieces of the second text, after the cut.</param>
/// <param name="ReadPosition">The position that classification reads: the masked word where a verbalizer scores it (of a decoder the piece before it), else the row's own first token (of a decoder its last one), or a prompt's first vector.</param>
internal readonly record struct FormedRow(Encoded Input, int TextStart, int TextCount, int PairStart, int PairCount, int ReadPosition);

/// <summary>The form that a tuning method, or a verbalizer, gives to the rows of a task.</summary>
internal sealed class RowForm
{
    private readonly TextTokenizer _tokenizer;
    private readonly int _maxLength, _inFront;
    private readonly bool _readsMask, _readsVectors, _readsLast;
    private readonly IReadOnlyList<TemplatePart> _parts;
    private readonly IReadOnlyList<Piece>[] _words;

    /// <param name="tokenizer">The backbone's.</param>
    /// <param name="maxLength">Longest row in word pieces, specials and the template's words included, prompt vectors not.</param>
    /// <param name="method">The tuning method.</param>
    /// <param name="hasPairs">Whether rows have a second text.</param>
    /// <param name="verbalizer">What scores a masked word; null for a head of its own. Its template counts where the method has none.</param>
    /// <param name="readsLast">
    /// Whether classification reads a row's last token, as of a decoder, in place of its first. A template's <c>{mask}</c> is then the place of the next token, and adds no piece.
    /// </param>
    /// <exception cref="ArgumentException">The template does not fit the rows, or leaves no room for them.</exception>
    public RowForm(TextTokenizer tokenizer, int maxLength, TuningMethod method, bool hasPairs, Verbalizer? verbalizer = null, bool readsLast = false)
    {
        _readsLast = readsLast;
        (_tokenizer, _maxLength, _inFront, _readsVectors, _readsMask) = (tokenizer, maxLength, method.VectorsInFront, method.ReadsVectors && !readsLast, verbalizer is not null);
        var template = method.RowTemplate ?? (verbalizer is null ? null : PromptTemplate.Parse(verbalizer.Template));
        _parts = template is null ? [new TemplatePart(TemplatePartKind.Text, "", 0, AfterBlank: false)] : readsLast ? UpToMask(template.Parts) : template.Parts;
        if (template is not null && template.Has(TemplatePartKind.Pair) && !hasPairs)
            throw new ArgumentException("The template has {pair}, but the rows have one text; name the second text's column, or take {pair} out.");
        if (_readsMask && template?.Has(TemplatePartKind.Mask) != true)
            throw new ArgumentException("A verbalizer scores a masked word, and the template has none; put {mask} where it goes.");

        int vector = 0;
        _words = [.. _parts.Select(IReadOnlyList<Piece> (part) => part.Kind switch
        {
            TemplatePartKind.Words => Pieces(part.Words, part.AfterBlank),
            TemplatePartKind.Mask when readsLast => [],
            TemplatePartKind.Mask => [new Piece(tokenizer.MaskId ?? throw new ArgumentException("The backbone's vocabulary has no mask token, so a template cannot have {mask}; take it out, and use a classification head."), 0, 0, 0)],
            TemplatePartKind.Prompt => [.. Enumerable.Range(0, part.Count).Select(_ => new Piece(-(++vector), 0, 0, 0))],
            _ => [],
        })];
        FixedPieces = _parts.Select((part, i) => part.Kind == TemplatePartKind.Prompt ? 0 : _words[i].Count).Sum();
        if (maxLength - tokenizer.SpecialCount(hasPairs) - FixedPieces < 1)
            throw new ArgumentException($"The template's {FixedPieces} word pieces and the special tokens leave no room for text in {maxLength}; shorten the template or raise MaxSequenceLength.");
    }

    /// <summary>Word pieces that the template adds to every row: its words and its masked word.</summary>
    public int FixedPieces { get; }

    /// <summary>Pieces of a row's text, as within the template.</summary>
    public IReadOnlyList<Piece> TextPieces(string? text) => Pieces(text, IsAfterBlank(TemplatePartKind.Text));

    /// <summary>Pieces of a row's second text.</summary>
    public IReadOnlyList<Piece> PairPieces(string? text) => Pieces(text, IsAfterBlank(TemplatePartKind.Pair));

    /// <summary>A row of pieces; where it is too long, the longer text is cut at its end.</summary>
    public FormedRow Join(IReadOnlyList<Piece> text, IReadOnlyList<Piece>? pair)
    {
        int budget = _maxLength - _tokenizer.SpecialCount(pair is not null) - FixedPieces;
        var (textCount, pairCount) = Truncation.LongestFirst(text.Count, pair?.Count ?? 0, budget);
        List<Piece> first = [], second = [];
        var segment = first;
        (bool InSecond, int At) textAt = default, pairAt = (true, 0), maskAt = default;
        for (int i = 0; i < _parts.Count; i++)
        {
            if (_parts[i].Kind == TemplatePartKind.Pair) segment = second;
            var at = (segment == second, segment.Count);
            if (_parts[i].Kind == TemplatePartKind.Text) textAt = at;
            if (_parts[i].Kind == TemplatePartKind.Pair) pairAt = at;
            if (_parts[i].Kind == TemplatePartKind.Mask) maskAt = at;
            segment.AddRange(_parts[i].Kind switch
            {
                TemplatePartKind.Text => text.Take(textCount),
                TemplatePartKind.Pair => pair!.Take(pairCount),
                _ => _words[i],
            });
        }
        if (pair is not null && segment == first) second.AddRange(pair.Take(pairCount));

        var joined = _tokenizer.Join(first, pair is null ? null : second, int.MaxValue);
        // Without special tokens an empty text has nothing that could be read.
        if (joined.Ids.Length == 0) joined = new Encoded([_tokenizer.PadId], [0], 1..1, 1..1);
        int inFront = _inFront;
        var input = inFront == 0 ? joined : new Encoded(
            [.. Enumerable.Range(1, inFront).Select(j => -j), .. joined.Ids], [.. new int[inFront], .. joined.Types], Moved(joined.First), Moved(joined.Second));
        return new FormedRow(input, PositionOf(textAt), textCount, PositionOf(pairAt), pairCount, _readsMask ? (_readsLast ? Math.Max(0, PositionOf(maskAt) - 1) : PositionOf(maskAt)) : _readsVectors ? 0 : _readsLast ? input.Ids.Length - 1 : inFront);

        Range Moved(Range range) => (range.Start.Value + inFront)..(range.End.Value + inFront);

        int PositionOf((bool InSecond, int At) piece) => (piece.InSecond ? input.Second : input.First).Start.Value + piece.At;
    }

    // A decoder is asked for the next token where the mask stands, before it has read what follows: words there are left out.
    private static IReadOnlyList<TemplatePart> UpToMask(IReadOnlyList<TemplatePart> parts)
    {
        int end = parts.TakeWhile(part => part.Kind != TemplatePartKind.Mask).Count();
        if (parts.Skip(end + 1).FirstOrDefault(part => part.Kind != TemplatePartKind.Words) is { Kind: not TemplatePartKind.Words } after)
            throw new ArgumentException($"The template has {{{after.Kind.ToString().ToLowerInvariant()}}} after {{mask}}, and a decoder has not read it where it is asked for the next token; put {{mask}} last.");
        return [.. parts.Take(end + 1)];
    }

    private bool IsAfterBlank(TemplatePartKind kind) => _parts.Any(p => p.Kind == kind && p.AfterBlank);

    private IReadOnlyList<Piece> Pieces(string? text, bool afterBlank) => afterBlank ? _tokenizer.PiecesOfWords([text]) : _tokenizer.Pieces(text);
}
