// Turns texts into ids as a backbone was trained on them: added tokens, normalization, words, pieces, special tokens around them.
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace MLNet.PTuning.Text;

/// <summary>A backbone's tokenizer. Thread-safe.</summary>
internal sealed class TextTokenizer
{
    private readonly AddedTokens _added, _addedToNormalized;
    private readonly ITextNormalizer _normalizer;
    private readonly IWordSplitter _splitter;
    private readonly IPieceModel _model;
    private readonly SpecialLayout _layout;
    private int _idLimit = int.MaxValue;
    private string? _fingerprint;
    private string?[]? _pieces;

    // Case, accents (also apart), punctuation, blanks, what is not seen, other scripts, digits, symbols, words of many letters.
    private const string Specimen = "The café's CAFÉ, İstanbul e\u0301 — don't; 1,000.50 €  \ta-b_c\u00A0d\u200Be\u00ADf ﬁ ＡＢ １ ß ς Σ 你好，世界 日本語 한국어 हिन्दी العَرَبِيَّة שָׁלוֹם ไทย 😀👍🏽 <s> [MASK] ## ▁ internationalization!";

    public TextTokenizer(
        IReadOnlyCollection<AddedToken> added, ITextNormalizer? normalizer, IWordSplitter splitter, IPieceModel model, SpecialLayout layout)
    {
        _normalizer = normalizer ?? TextAsItIs.Instance;
        _added = new AddedTokens(added.Where(t => !t.IsNormalized));
        _addedToNormalized = new AddedTokens(added.Where(t => t.IsNormalized).Select(t => t with { Content = Normalized(t.Content) }));
        _splitter = splitter;
        _model = model;
        _layout = layout;
        VocabularySize = Math.Max(model.VocabularySize, Math.Max(_added.HighestId, _addedToNormalized.HighestId) + 1);
    }

    /// <summary>One more than the highest id.</summary>
    public int VocabularySize { get; }

    /// <summary>
    /// SHA-256 of the vocabulary, the added tokens, and the words and ids of a text with a bit of everything: two tokenizers of one fingerprint give a text the same ids, however their
    /// files are written.
    /// </summary>
    public string Fingerprint => LazyInitializer.EnsureInitialized(ref _fingerprint, Identify);

    /// <summary>Warnings about the folder's files: what is unusual in them and was accepted, a sentence each.</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];

    /// <summary>What stands for a row without any word piece; 0 where the word embeddings have no row for the padding token (<see cref="LimitIds"/>).</summary>
    public required int PadId
    {
        get => field < _idLimit ? field : 0;
        init;
    }

    /// <summary>Null where the vocabulary has no mask token, or the word embeddings have no row for it (<see cref="LimitIds"/>).</summary>
    public int? MaskId
    {
        get => field < _idLimit ? field : null;
        init;
    }

    /// <summary>What a part of a text becomes that the vocabulary cannot spell; null where there is no such id.</summary>
    public int? UnknownId => _model.UnknownId;

    /// <summary>The most ids (specials included) that the tokenizer's author allows; null where none is said.</summary>
    public int? ModelMaxLength { get; init; }

    /// <summary>What is done to normalized text, between added tokens, before it is split into words.</summary>
    public ITextNormalizer Preparation { private get; init; } = TextAsItIs.Instance;

    /// <summary>The same for words that were given as such: where blanks are part of pieces, each is taken as after a blank.</summary>
    public ITextNormalizer WordPreparation { private get; init; } = TextAsItIs.Instance;

    /// <summary>Whether offsets leave out the blanks at a piece's ends.</summary>
    public bool TrimsBlanks { private get; init; }

    /// <summary>Ids of added tokens that are text; the others are special, and stand for none.</summary>
    public IReadOnlySet<int> AddedTexts { private get; init; } = new HashSet<int>();

    /// <summary>Appends the UTF-8 bytes of text that an id stands for; nothing for a special token, or for an id that the vocabulary lacks.</summary>
    /// <param name="id">The id.</param>
    /// <param name="isFirst">Whether no text comes before it.</param>
    /// <param name="text">Where they go.</param>
    public void Spell(int id, bool isFirst, List<byte> text)
    {
        bool isAdded = _added.Has(id) || _addedToNormalized.Has(id);
        if (isAdded && !AddedTexts.Contains(id)) return;
        if (isAdded) text.AddRange(Encoding.UTF8.GetBytes(_added.ContentOf(id) ?? _addedToNormalized.ContentOf(id)!));
        else if (LazyInitializer.EnsureInitialized(ref _pieces, PiecesById).ElementAtOrDefault(id) is { } piece) _model.Spell(piece, isFirst, text);
    }

    /// <summary>Reads the tokenizer of a folder as Hugging Face publishes it.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">The folder holds no tokenizer that is supported.</exception>
    /// <exception cref="InvalidDataException">A file of it is damaged; the message names it.</exception>
    /// <exception cref="NotSupportedException">Its class, or a part of it, is not supported; the message names it.</exception>
    public static TextTokenizer Load(string folder) => TokenizerFolder.Load(folder);

    /// <summary>From now on an id of <paramref name="count"/> or more is an error where it occurs: the word embeddings have no row for it.</summary>
    /// <exception cref="InvalidDataException">A special token that is added to every text has such an id.</exception>
    public void LimitIds(int count)
    {
        _idLimit = count;
        foreach (int id in _layout.SpecialIds) Checked(id);
    }

    /// <summary>The pieces of a text, without special tokens; null counts as empty.</summary>
    public IReadOnlyList<Piece> Pieces(string? text)
    {
        var pieces = new List<Piece>();
        AppendPieces(text ?? "", Preparation, pieces);
        return pieces;
    }

    /// <summary>The pieces of words, each tokenized alone; <see cref="Piece.Word"/> is the word's index. A word may have no piece.</summary>
    /// <param name="words">The words; null counts as empty.</param>
    /// <param name="spaced">Whether each word is taken as within a text, after a blank; false takes it as a text of its own.</param>
    public IReadOnlyList<Piece> PiecesOfWords(IReadOnlyList<string?> words, bool spaced = true)
    {
        ITextNormalizer preparation = spaced ? WordPreparation : Preparation;
        var pieces = new List<Piece>(words.Count + words.Count / 2);
        for (int word = 0; word < words.Count; word++)
        {
            int first = pieces.Count;
            AppendPieces(words[word] ?? "", preparation, pieces);
            foreach (ref Piece piece in CollectionsMarshal.AsSpan(pieces)[first..]) piece = piece with { Word = word };
        }
        return pieces;
    }

    /// <summary>How many special tokens are added to one text or a pair.</summary>
    public int SpecialCount(bool pair) => _layout.SpecialCount(pair);

    /// <summary>
    /// The model's input for a text, or for a pair where <paramref name="pair"/> is not null, of at most <paramref name="maxLength"/> ids:
    /// the longer text is cut first, at its end.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxLength"/> leaves no room for the special tokens.</exception>
    public Encoded Encode(string? text, string? pair, int maxLength) => Join(Pieces(text), pair is null ? null : Pieces(pair), maxLength);

    /// <inheritdoc cref="Encode"/>
    public Encoded Join(IReadOnlyList<Piece> first, IReadOnlyList<Piece>? second, int maxLength)
    {
        bool isPair = second is not null;
        int budget = maxLength - SpecialCount(isPair);
        if (budget < 0)
            throw new ArgumentOutOfRangeException(nameof(maxLength), maxLength, $"The model's {SpecialCount(isPair)} special tokens need a longer sequence.");
        var (firstCount, secondCount) = Truncation.LongestFirst(first.Count, second?.Count ?? 0, budget);
        return _layout.Join([.. first.Take(firstCount)], [.. (second ?? []).Take(secondCount)], isPair);
    }

    private string?[] PiecesById()
    {
        var pieces = new string?[_model.VocabularySize];
        foreach (var (piece, id) in _model.Vocabulary) pieces[id] = piece;
        return pieces;
    }

    private string Identify()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (piece, id) in _model.Vocabulary.OrderBy(piece => piece.Key, StringComparer.Ordinal)) Add($"{id} {piece}");
        foreach (AddedToken token in _added.All.Concat(_addedToNormalized.All).OrderBy(token => token.Content, StringComparer.Ordinal)) Add(token.ToString());
        foreach (ITextNormalizer preparation in new[] { Preparation, WordPreparation })
        {
            // Of a small vocabulary, most words are the unknown piece, whatever is done to them before.
            AlignedText prepared = preparation.Normalize(_normalizer.Normalize(AlignedText.Of(Specimen, 0, Specimen.Length)));
            foreach (var (start, end) in _splitter.Split(prepared)) Add(prepared.Units[start..end].ToString());
            var pieces = new List<Piece>();
            AppendUnchecked(Specimen, preparation, pieces);
            Add(string.Join(' ', _layout.Join([.. pieces], [.. pieces], isPair: true).Ids));
            Add(string.Join(' ', _layout.Join([.. pieces], [], isPair: false).Ids));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void Add(string line) => hash.AppendData(Encoding.UTF8.GetBytes(line + "\n"));
    }

    private int Checked(int id) => id < _idLimit ? id : throw new InvalidDataException(
        $"The token '{_added.ContentOf(id) ?? _addedToNormalized.ContentOf(id) ?? _model.PieceOf(id)}' has the id {id}, but the backbone's word embeddings have {_idLimit} rows (vocab_size in config.json). "
        + "Take the tokenizer's files and the weights from the same model, or leave texts with this token out.");

    private void AppendPieces(string text, ITextNormalizer preparation, List<Piece> pieces)
    {
        int first = pieces.Count;
        AppendUnchecked(text, preparation, pieces);
        foreach (ref readonly Piece piece in CollectionsMarshal.AsSpan(pieces)[first..]) Checked(piece.Id);
    }

    private void AppendUnchecked(string text, ITextNormalizer preparation, List<Piece> pieces)
    {
        int word = 0;
        var cut = new List<(int Id, int Start, int End)>();
        foreach (Segment segment in _added.Split(text))
        {
            if (segment.Id is { } id)
            {
                pieces.Add(Trim(text, new Piece(id, segment.Start, segment.End, word++), preparation));
                continue;
            }
            AlignedText normalized = _normalizer.Normalize(AlignedText.Of(text, segment.Start, segment.End));
            foreach (Segment part in _addedToNormalized.Split(normalized))
            {
                if (part.Id is { } normalizedId)
                {
                    var (start, end) = normalized.Source(part.Start, part.End);
                    pieces.Add(Trim(text, new Piece(normalizedId, start, end, word++), preparation));
                    continue;
                }
                bool isWhole = part.End - part.Start == normalized.Length;
                AlignedText prepared = preparation.Normalize(isWhole ? normalized : normalized.Slice(part.Start, part.End));
                foreach (var (start, end) in _splitter.Split(prepared))
                {
                    cut.Clear();
                    _model.Encode(prepared.Units[start..end], cut);
                    foreach (var piece in cut)
                    {
                        var (from, to) = prepared.Source(start + piece.Start, start + piece.End);
                        pieces.Add(Trim(text, new Piece(piece.Id, from, to, word), preparation));
                    }
                    word++;
                }
            }
        }
    }

    // As the reference: where a blank is put before the text, one that was there counts as that one and stays.
    private Piece Trim(string text, Piece piece, ITextNormalizer preparation)
    {
        if (!TrimsBlanks) return piece;
        (int start, int end) = (piece.Start, piece.End);
        while (!(preparation.AddsBlank && piece.Start == 0) && start < end && IsTrimmed(text[start], piece)) start++;
        while (end > start && IsTrimmed(text[end - 1], piece)) end--;
        return piece with { Start = start, End = end };
    }

    // Blanks other than the space are spelled as bytes, and those stay; an added token takes any blank with it.
    private bool IsTrimmed(char unit, Piece piece) =>
        unit == ' ' || char.IsWhiteSpace(unit) && (_added.Has(piece.Id) || _addedToNormalized.Has(piece.Id));

    private string Normalized(string content) => _normalizer.Normalize(AlignedText.Of(content, 0, content.Length)).Units.ToString();
}
