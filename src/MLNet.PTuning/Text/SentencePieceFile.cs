// A SentencePiece model: its pieces with scores and kinds, and what it says of normalization.
using Google.Protobuf;
using MLNet.PTuning.Files;

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
    // A field's tag is its number and its wire type.
    private const uint Varint = (uint)WireFormat.WireType.Varint, Fixed32 = (uint)WireFormat.WireType.Fixed32, Bytes = (uint)WireFormat.WireType.LengthDelimited;
    private const int UnigramModelType = 1, BytePairModelType = 2, WordModelType = 3, CharacterModelType = 4;

    private readonly List<SentencePiece> _all = [];
    private readonly string _path;

    /// <exception cref="InvalidDataException">The file is damaged, or holds neither unigrams nor byte pairs.</exception>
    /// <exception cref="NotSupportedException">It is a model of words or characters.</exception>
    public SentencePieceFile(string path)
    {
        _path = path;
        byte[] bytes = File.ReadAllBytes(path);
        if (DownloadFault.Of(bytes) is { } fault) throw new InvalidDataException($"'{path}' {fault}");
        try
        {
            var model = new CodedInputStream(bytes);
            while (model.ReadTag() is not 0 and var tag)
                switch (tag)
                {
                    case 1 << 3 | Bytes: _all.Add(ReadPiece(Message())); break;
                    case 2 << 3 | Bytes: ReadTrainer(Message()); break;
                    case 3 << 3 | Bytes: ReadNormalizer(Message()); break;
                    default: model.SkipLastField(); break;
                }
            if (_all.Count == 0) throw new InvalidDataException("it holds no pieces");
            UnknownId = _all.FindIndex(p => p.Kind == SentencePieceKind.Unknown);
            if (UnknownId < 0) throw new InvalidDataException("it holds no unknown piece");

            CodedInputStream Message() => model.ReadBytes().CreateCodedInput();
        }
        catch (Exception e) when (e is InvalidDataException or InvalidProtocolBufferException)
        {
            throw new InvalidDataException($"'{path}' is no SentencePiece model that can be read: {e.Message.TrimEnd('.')}. Download the file again.");
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

    private static SentencePiece ReadPiece(CodedInputStream message)
    {
        string text = "";
        float score = 0;
        var kind = SentencePieceKind.Normal;
        while (message.ReadTag() is not 0 and var tag)
            switch (tag)
            {
                case 1 << 3 | Bytes: text = message.ReadString(); break;
                case 2 << 3 | Fixed32: score = message.ReadFloat(); break;
                case 3 << 3 | Varint: kind = (SentencePieceKind)message.ReadEnum(); break;
                default: message.SkipLastField(); break;
            }
        if (float.IsNaN(score)) throw new InvalidDataException($"the score of piece '{text}' is no number");
        return new SentencePiece(text, score, kind);
    }

    private void ReadTrainer(CodedInputStream message)
    {
        while (message.ReadTag() is not 0 and var tag)
            switch (tag)
            {
                case 3 << 3 | Varint:
                    int type = message.ReadEnum();
                    if (type is WordModelType or CharacterModelType)
                        throw new NotSupportedException($"'{_path}' is a SentencePiece model of {(type == WordModelType ? "words" : "characters")}, which is not supported; supported are unigram and BPE.");
                    if (type is not (UnigramModelType or BytePairModelType)) throw new InvalidDataException($"its model type is {type}, which SentencePiece does not have");
                    IsBytePairs = type == BytePairModelType;
                    break;
                case 35 << 3 | Varint: FallsBackToBytes = message.ReadBool(); break;
                default: message.SkipLastField(); break;
            }
    }

    private void ReadNormalizer(CodedInputStream message)
    {
        while (message.ReadTag() is not 0 and var tag)
            switch (tag)
            {
                case 2 << 3 | Bytes:
                    var map = message.ReadBytes();
                    if (!map.IsEmpty) Map = new PrecompiledStep(map.Span);
                    break;
                case 3 << 3 | Varint: AddsMark = message.ReadBool(); break;
                case 4 << 3 | Varint: RemovesExtraBlanks = message.ReadBool(); break;
                default: message.SkipLastField(); break;
            }
    }
}
