// Byte-pair encoding: joins a word's characters by ranked merges, through Microsoft.ML.Tokenizers.
using System.Globalization;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace MLNet.PTuning.Text;

/// <summary>How a byte-pair vocabulary treats what it cannot spell, and marks of words; all as in tokenizer.json.</summary>
internal sealed record BytePairSettings
{
    /// <summary>What a character becomes that the vocabulary lacks; null drops it.</summary>
    public string? Unknown { get; init; }

    public bool FusesUnknown { get; init; }

    /// <summary>Unknown characters become their UTF-8 bytes, as pieces &lt;0xNN&gt;, where the vocabulary has them all.</summary>
    public bool FallsBackToBytes { get; init; }

    /// <summary>A word that is a piece is not merged.</summary>
    public bool IgnoresMerges { get; init; }

    public string? Prefix { get; init; }

    public string? Suffix { get; init; }
}

internal sealed class BytePairModel : IPieceModel
{
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _idOf;
    private readonly PieceAlphabet _alphabet;
    private readonly BytePairSettings _settings;
    private readonly BpeTokenizer _tokenizer;
    private readonly int? _unknownId;

    /// <param name="vocabulary">Piece to id; not empty.</param>
    /// <param name="merges">The pairs to join, in the order of their priority.</param>
    /// <param name="settings">What is not in the two lists.</param>
    /// <exception cref="InvalidDataException">A merge is of pieces that the vocabulary lacks, or the unknown piece is missing.</exception>
    public BytePairModel(Dictionary<string, int> vocabulary, IEnumerable<(string Left, string Right)> merges, BytePairSettings settings)
    {
        _ids = vocabulary;
        _idOf = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        _settings = settings;
        _unknownId = settings.Unknown is null ? null : IdOf(settings.Unknown);
        _alphabet = new PieceAlphabet(vocabulary.Keys);
        VocabularySize = vocabulary.Values.Max() + 1;
        var options = new BpeOptions(vocabulary.Select(p => KeyValuePair.Create(_alphabet.Spell(p.Key), p.Value)))
        {
            Merges = merges.Distinct().Select(m => $"{_alphabet.Spell(m.Left)} {_alphabet.Spell(m.Right)}").ToList(),
            UnknownToken = settings.Unknown,
            ContinuingSubwordPrefix = settings.Prefix,
            EndOfWordSuffix = settings.Suffix,
        };
        try
        {
            _tokenizer = BpeTokenizer.Create(options);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            throw new InvalidDataException(e.Message);
        }
    }

    public int VocabularySize { get; }

    public int? UnknownId => _unknownId;

    public IReadOnlyDictionary<string, int> Vocabulary => _ids;

    public int? IdOf(string piece) => _ids.TryGetValue(piece, out int id) ? id : null;

    public string? PieceOf(int id) => _ids.FirstOrDefault(p => p.Value == id).Key;

    public void Encode(ReadOnlySpan<char> word, List<(int Id, int Start, int End)> pieces)
    {
        if (_settings.IgnoresMerges && _idOf.TryGetValue(word, out int whole))
        {
            pieces.Add((whole, 0, word.Length));
            return;
        }
        AlignedText spelled = _alphabet.Spell(word);
        bool followsUnknown = false;
        foreach (EncodedToken token in _tokenizer.EncodeToTokens(spelled.Units, out _, considerPreTokenization: false, considerNormalization: false))
        {
            var (start, end) = spelled.Source(token.Offset.Start.Value, token.Offset.End.Value);
            bool isUnknown = token.Id == _unknownId && !TryBytes(word[start..end], start, end, pieces);
            if (isUnknown && followsUnknown && _settings.FusesUnknown) pieces[^1] = pieces[^1] with { End = end };
            else if (isUnknown || token.Id != _unknownId) pieces.Add((token.Id, start, end));
            followsUnknown = isUnknown;
        }
    }

    private bool TryBytes(ReadOnlySpan<char> character, int start, int end, List<(int Id, int Start, int End)> pieces)
    {
        if (!_settings.FallsBackToBytes) return false;
        int first = pieces.Count;
        Span<byte> bytes = stackalloc byte[8];
        foreach (byte value in bytes[..Encoding.UTF8.GetBytes(character, bytes)])
        {
            if (IdOf(string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>")) is not { } id)
            {
                pieces.RemoveRange(first, pieces.Count - first);
                return false;
            }
            pieces.Add((id, start, end));
        }
        return true;
    }
}
