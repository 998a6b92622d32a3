// Reads a JSON file of any length token by token, in memory for the longest token alone.
using System.Text;
using System.Text.Json;

namespace MLNet.PTuning.Files;

/// <summary>The tokens of a JSON file in UTF-8, with their places.</summary>
internal sealed class JsonTokens(string path) : IDisposable
{
    private const int FirstBuffer = 1 << 16, LongestToken = 1 << 29;

    private readonly FileStream _file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
    private byte[] _buffer = new byte[FirstBuffer];
    private int _start, _end;
    private bool _isBegun, _isEnd;
    private JsonReaderState _state;
    private long _line = 1, _column = 1;

    /// <summary>The current token's type.</summary>
    public JsonTokenType Type { get; private set; }

    /// <summary>A text's or name's value, or a number as it is written; empty for other tokens.</summary>
    public string Text { get; private set; } = "";

    /// <summary>Goes to the next token; false after the last.</summary>
    /// <exception cref="InvalidDataException">The file is cut short, or no JSON.</exception>
    public bool Read()
    {
        if (!_isBegun) Begin();
        while (true)
        {
            var reader = new Utf8JsonReader(_buffer.AsSpan(_start, _end - _start), _isEnd, _state);
            bool isRead;
            try
            {
                isRead = reader.Read();
                if (isRead) (Type, Text) = (reader.TokenType, TextOf(reader));
            }
            catch (JsonException e)
            {
                // What is no JSON is seen before the end is.
                throw _isEnd ? Error("the file is cut short; download or copy it again")
                    : Error($"this is not JSON ({e.Message.Split(" LineNumber")[0].TrimEnd('.')}); download the file again, or correct it");
            }
            catch (InvalidOperationException)
            {
                throw Error("a text is not valid Unicode; convert the file to UTF-8");
            }
            Advance((int)reader.BytesConsumed);
            _state = reader.CurrentState;
            if (isRead) return true;
            if (_isEnd) return false;
            Fill();
        }
    }

    /// <summary>Goes to the end of the value that the current token begins.</summary>
    public void Skip()
    {
        for (int depth = Change(); depth > 0; depth += Change()) Read();

        int Change() => Type switch
        {
            JsonTokenType.StartObject or JsonTokenType.StartArray => 1,
            JsonTokenType.EndObject or JsonTokenType.EndArray => -1,
            _ => 0,
        };
    }

    /// <summary>An error at the place where reading has come to.</summary>
    public InvalidDataException Error(string what) => new(FormattableString.Invariant($"{path}, line {_line}, byte {_column} of it: {what}."));

    public void Dispose() => _file.Dispose();

    private static string TextOf(Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String or JsonTokenType.PropertyName => reader.GetString()!,
        JsonTokenType.Number => Encoding.ASCII.GetString(reader.ValueSpan),
        _ => "",
    };

    private void Begin()
    {
        _isBegun = true;
        Fill();
        if (DownloadFault.Of(_buffer.AsSpan(0, Math.Min(_end, DownloadFault.Length))) is { } fault) throw new InvalidDataException($"{path} {fault}");
        if (_buffer.AsSpan(0, _end).StartsWith(Encoding.UTF8.Preamble)) _start = Encoding.UTF8.Preamble.Length;
    }

    private void Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        else if (_end == _buffer.Length)
        {
            if (_buffer.Length >= LongestToken) throw Error($"a text has more than {LongestToken} bytes");
            Array.Resize(ref _buffer, 2 * _buffer.Length);
        }
        int count = _file.Read(_buffer.AsSpan(_end));
        (_end, _isEnd) = (_end + count, count == 0);
    }

    private void Advance(int count)
    {
        var passed = _buffer.AsSpan(_start, count);
        int lines = passed.Count((byte)'\n');
        _line += lines;
        _column = lines == 0 ? _column + count : count - passed.LastIndexOf((byte)'\n');
        _start += count;
    }
}
