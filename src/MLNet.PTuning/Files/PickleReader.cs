// Reads the pickles that torch.save writes: tensors, dictionaries, lists, tuples and plain values, and nothing else.
using System.Text;

namespace MLNet.PTuning.Files;

/// <summary>A pickle is a program for a stack machine, and Python's would import and call whatever it names. This one knows
/// only the opcodes that build data; a name is looked up in <see cref="TorchObjects"/>' short list and never in any assembly.</summary>
/// <remarks>Values are null, bool, long, double, string, byte-free <c>object?[]</c> (tuple), <c>List&lt;object?&gt;</c>,
/// <c>Dictionary&lt;object, object?&gt;</c>, and what TorchObjects makes.</remarks>
internal ref struct PickleReader
{
    /// <summary>The longest pickle that is read: thousands of tensors, yet bounded in what its values take in memory.</summary>
    public const int MaxLength = 1 << 22;

    private static readonly object s_mark = new();

    private readonly string _path;
    private readonly List<object?> _stack = [];
    private readonly Dictionary<long, object?> _memo = [];
    private ByteCursor _bytes;

    public PickleReader(string path, ReadOnlySpan<byte> bytes, long start)
    {
        _path = path;
        _bytes = new ByteCursor(path, bytes, start);
    }

    /// <summary>Storages that the pickles read so far refer to, by key.</summary>
    public Dictionary<string, TorchStorage> Storages { get; } = [];

    /// <summary>Where the next byte lies in the file.</summary>
    public readonly long FileOffset => _bytes.FileOffset;

    /// <summary>Reads one pickle.</summary>
    public object? Read()
    {
        _stack.Clear();
        _memo.Clear();
        while (true)
        {
            long at = _bytes.FileOffset;
            byte opcode = _bytes.U8();
            if (opcode == (byte)'.')
                return Pop();
            Step(opcode, at);
        }
    }

    private void Step(byte opcode, long at)
    {
        switch (opcode)
        {
            case 0x80: _bytes.Take(1); break; // PROTO
            case 0x95: _bytes.Take(8); break; // FRAME
            case (byte)'(': _stack.Add(s_mark); break;
            case (byte)'0': Pop(); break;
            case (byte)'N': _stack.Add(null); break;
            case 0x88: _stack.Add(true); break;
            case 0x89: _stack.Add(false); break;
            case (byte)'K': _stack.Add((long)_bytes.U8()); break;
            case (byte)'M': _stack.Add((long)_bytes.U16()); break;
            case (byte)'J': _stack.Add((long)(int)_bytes.U32()); break;
            case 0x8a: _stack.Add(Integer(_bytes.Take(_bytes.U8()))); break; // LONG1
            case (byte)'G': _stack.Add(System.Buffers.Binary.BinaryPrimitives.ReadDoubleBigEndian(_bytes.Take(8))); break;
            case 0x8c: _stack.Add(Text(_bytes.Take(_bytes.U8()))); break; // SHORT_BINUNICODE
            case (byte)'X': _stack.Add(Text(_bytes.Take(_bytes.U32()))); break;
            case 0x8d: _stack.Add(Text(_bytes.Take(_bytes.I64()))); break; // BINUNICODE8
            case (byte)'U': _stack.Add(Encoding.Latin1.GetString(_bytes.Take(_bytes.U8()))); break;
            case (byte)'T': _stack.Add(Encoding.Latin1.GetString(_bytes.Take(_bytes.U32()))); break;
            case (byte)')': _stack.Add(Array.Empty<object?>()); break;
            case 0x85: _stack.Add(Tuple(1)); break;
            case 0x86: _stack.Add(Tuple(2)); break;
            case 0x87: _stack.Add(Tuple(3)); break;
            case (byte)'t': _stack.Add(PopToMark()); break;
            case (byte)']': _stack.Add(new List<object?>()); break;
            case (byte)'}': _stack.Add(new Dictionary<object, object?>()); break;
            case (byte)'a': Append(Tuple(1)); break;
            case (byte)'e': Append(PopToMark()); break;
            case (byte)'s': SetItems(Tuple(2)); break;
            case (byte)'u': SetItems(PopToMark()); break;
            case (byte)'q': _memo[_bytes.U8()] = Peek(); break;
            case (byte)'r': _memo[_bytes.U32()] = Peek(); break;
            case 0x94: _memo[_memo.Count] = Peek(); break; // MEMOIZE
            case (byte)'h': _stack.Add(Recall(_bytes.U8())); break;
            case (byte)'j': _stack.Add(Recall(_bytes.U32())); break;
            case (byte)'c':
                string module = Text(_bytes.TakeUntil((byte)'\n')), name = Text(_bytes.TakeUntil((byte)'\n'));
                _stack.Add(TorchObjects.Find(_path, module, name));
                break;
            case 0x93: // STACK_GLOBAL
                (name, module) = (Pop<string>("a name"), Pop<string>("a module's name"));
                _stack.Add(TorchObjects.Find(_path, module, name));
                break;
            case (byte)'Q': AddStorage(Pop<object?[]>("a storage's description")); break;
            case (byte)'R':
                object?[] arguments = Pop<object?[]>("arguments");
                _stack.Add(TorchObjects.Call(_path, Pop(), arguments));
                break;
            case (byte)'b': // BUILD: the attributes that PyTorch sets on a dictionary are not needed here.
                Pop();
                if (Peek() is not Dictionary<object, object?>)
                    throw Damaged("attributes are set on something other than a dictionary");
                break;
            default:
                throw new InvalidDataException(
                    $"{_path}: its pickle uses the opcode 0x{opcode:x2} at byte {at}, which a file of plain tensors does not need; "
                    + "nothing of it was run. Save the model's state_dict again, or convert it to safetensors.");
        }
    }

    private void AddStorage(object?[] description)
    {
        TorchStorage storage = TorchObjects.Storage(_path, description);
        if (Storages.TryGetValue(storage.Key, out TorchStorage? known) && known != storage)
            throw Damaged($"the storage '{storage.Key}' is described in two ways");
        Storages[storage.Key] = storage;
        _stack.Add(storage);
    }

    private readonly void Append(object?[] items)
    {
        if (Peek() is not List<object?> list)
            throw Damaged("items are appended to something other than a list");
        list.AddRange(items);
    }

    private readonly void SetItems(object?[] items)
    {
        if (Peek() is not Dictionary<object, object?> dictionary || items.Length % 2 != 0)
            throw Damaged("keys and values are set on something other than a dictionary");
        for (int i = 0; i < items.Length; i += 2)
        {
            if (items[i] is not (string or long or double or bool))
                throw Damaged("a dictionary's key is neither text nor a number");
            dictionary[items[i]!] = items[i + 1];
        }
    }

    private readonly object? Recall(long index) =>
        _memo.TryGetValue(index, out object? value) ? value : throw Damaged($"the value {index} is used before it is made");

    private readonly object? Peek() => _stack.Count > 0 ? _stack[^1] : throw Damaged("a value is missing");

    private readonly object? Pop()
    {
        object? top = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return top;
    }

    private readonly T Pop<T>(string what) => Pop() is T value ? value : throw Damaged($"{what} is missing");

    private readonly object?[] Tuple(int count)
    {
        var items = new object?[count];
        for (int i = count - 1; i >= 0; i--)
            items[i] = Pop();
        return items;
    }

    private readonly object?[] PopToMark()
    {
        int mark = _stack.LastIndexOf(s_mark);
        if (mark < 0)
            throw Damaged("a mark is missing");
        object?[] items = [.. _stack[(mark + 1)..]];
        _stack.RemoveRange(mark, _stack.Count - mark);
        return items;
    }

    private readonly string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    // Two's complement, as few bytes as the number needs.
    private readonly long Integer(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 8)
            throw Damaged("an integer has more than 64 bits");
        long value = 0;
        for (int i = bytes.Length - 1; i >= 0; i--)
            value = value << 8 | bytes[i];
        int unused = 64 - 8 * bytes.Length;
        return bytes.IsEmpty ? 0 : value << unused >> unused;
    }

    private readonly InvalidDataException Damaged(string what) =>
        new($"{_path}: its pickle is damaged: {what} (before byte {_bytes.FileOffset}). Download or copy it again.");
}
