// Reads a text file line by line, and refuses a line that would not end.
using System.Text;

namespace MLNet.PTuning.Tool.Data;

/// <param name="sample">The file.</param>
internal sealed class BoundedLines(TextSample sample) : IDisposable
{
    private readonly StreamReader _reader = sample.Open();
    private readonly char[] _block = new char[1 << 15];
    private readonly StringBuilder _line = new();
    private int _at, _end;

    /// <summary>Number of the line that was read last, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>The next line without its end; null after the last.</summary>
    public string? Next()
    {
        _line.Clear();
        while (true)
        {
            if (_at == _end && !Fill())
            {
                if (_line.Length == 0) return null;
                Number++;
                return _line.ToString();
            }
            int length = _block.AsSpan(_at, _end - _at).IndexOf('\n');
            int part = length < 0 ? _end - _at : length;
            _line.Append(_block, _at, part);
            _at += part;
            if (_line.Length > RowFile.LongestRow) throw new BadInputException($"{sample.Path}, line {Number + 1}: a line of more than {RowFile.LongestRow >> 20} million characters; give a file with a row a line.");
            if (length < 0) continue;
            _at++;
            Number++;
            return _line.ToString().TrimEnd('\r');
        }
    }

    public void Dispose() => _reader.Dispose();

    private bool Fill()
    {
        try
        {
            (_at, _end) = (0, _reader.Read(_block));
        }
        catch (DecoderFallbackException)
        {
            throw sample.NotDecoded(Number);
        }
        return _end > 0;
    }
}
