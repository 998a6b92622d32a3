// A SentencePiece model: its pieces with scores and kinds, and what it says of normalization.
using System.Text;

namespace MLNet.PTuning.Text;

internal enum SentencePieceKind
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

internal sealed record SentencePiece(string Text, float Score, SentencePieceKind Kind);

/// <summary>The parts of sentencepiece_model.proto (google/sentencepiece) that tokenizing needs; the defaults are that file's.</summary>
internal sealed class SentencePieceFile
{
    private const int Pieces = 1, TrainerSpec = 2, NormalizerSpec = 3;
    private const int BytePairModelType = 2;

    private readonly List<SentencePiece> _all = [];

    /// <exception cref="InvalidDataException">The file is damaged, or holds neither unigrams nor byte pairs.</exception>
    public SentencePieceFile(string path)
    {
        try
        {
            foreach (ProtobufField field in ProtobufMessage.Fields(File.ReadAllBytes(path)))
            {
                if (field.Number == Pieces) _all.Add(ReadPiece(field.Bytes));
                else if (field.Number == TrainerSpec) ReadTrainer(field.Bytes);
                else if (field.Number == NormalizerSpec) ReadNormalizer(field.Bytes);
            }
            if (_all.Count == 0) throw new InvalidDataException("it holds no pieces");
            UnknownId = _all.FindIndex(p => p.Kind == SentencePieceKind.Unknown);
            if (UnknownId < 0) throw new InvalidDataException("it holds no unknown piece");
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"'{path}' is no SentencePiece model that can be read: {e.Message}. Download the file again.", e);
        }
    }

    public IReadOnlyList<SentencePiece> All => _all;

    public int UnknownId { get; }

    public bool IsBytePairs { get; private set; }

    public bool FallsBackToBytes { get; private set; }

    /// <summary>Null where the text is not mapped.</summary>
    public PrecompiledStep? Map { get; private set; }

    public bool AddsMark { get; private set; } = true;

    public bool RemovesExtraBlanks { get; private set; } = true;

    private static SentencePiece ReadPiece(ReadOnlyMemory<byte> message)
    {
        string text = "";
        float score = 0;
        var kind = SentencePieceKind.Normal;
        foreach (ProtobufField field in ProtobufMessage.Fields(message))
        {
            if (field.Number == 1) text = Encoding.UTF8.GetString(field.Bytes.Span);
            else if (field.Number == 2) score = field.Single;
            else if (field.Number == 3) kind = (SentencePieceKind)field.Bits;
        }
        if (float.IsNaN(score)) throw new InvalidDataException($"the score of piece '{text}' is no number");
        return new SentencePiece(text, score, kind);
    }

    private void ReadTrainer(ReadOnlyMemory<byte> message)
    {
        foreach (ProtobufField field in ProtobufMessage.Fields(message))
        {
            if (field.Number == 3)
            {
                if (field.Bits is not (1 or BytePairModelType))
                    throw new InvalidDataException("it is a word or character model; unigram and BPE are supported");
                IsBytePairs = field.Bits == BytePairModelType;
            }
            else if (field.Number == 35)
            {
                FallsBackToBytes = field.Flag;
            }
        }
    }

    private void ReadNormalizer(ReadOnlyMemory<byte> message)
    {
        foreach (ProtobufField field in ProtobufMessage.Fields(message))
        {
            if (field.Number == 2 && field.Bytes.Length > 0) Map = new PrecompiledStep(field.Bytes.Span);
            else if (field.Number == 3) AddsMark = field.Flag;
            else if (field.Number == 4) RemovesExtraBlanks = field.Flag;
        }
    }
}
