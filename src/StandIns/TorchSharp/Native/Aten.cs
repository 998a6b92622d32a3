// Calls an aten operator by name: "add.Tensor" is the operator add in its overload Tensor. Arguments left out take libtorch's defaults.
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using static TorchSharp.torch;

namespace TorchSharp.Native;

internal static unsafe class Aten
{
    private const int MaximumArguments = 24;

    private static readonly ConcurrentDictionary<string, nint> Operators = new(StringComparer.Ordinal);

    /// <summary>The one tensor that an operator gives.</summary>
    internal static Tensor One(string name, params ReadOnlySpan<Argument> arguments)
    {
        ReadOnlySpan<NativeValue> results = Call(name, arguments);
        return new Tensor(results[0].Pointer);
    }

    /// <summary>Lets an operator change its first argument, and gives that argument back.</summary>
    internal static Tensor Update(string name, params ReadOnlySpan<Argument> arguments)
    {
        foreach (NativeValue result in Call(name, arguments))
            Shim.ts_free(result.Pointer);
        return (Tensor)arguments[0].Object!;
    }

    /// <summary>The two tensors that an operator gives.</summary>
    internal static (Tensor, Tensor) Pair(string name, params ReadOnlySpan<Argument> arguments)
    {
        ReadOnlySpan<NativeValue> results = Call(name, arguments);
        (nint first, nint second) = (results[0].Pointer, results[1].Pointer);
        return (new Tensor(first), new Tensor(second));
    }

    /// <summary>All tensors of the list that an operator gives.</summary>
    internal static Tensor[] List(string name, params ReadOnlySpan<Argument> arguments)
    {
        ReadOnlySpan<NativeValue> results = Call(name, arguments);
        var tensors = new Tensor[results.Length];
        for (int i = 0; i < tensors.Length; i++)
            tensors[i] = new Tensor(results[i].Pointer);
        return tensors;
    }

    /// <summary>The number or truth value that an operator gives.</summary>
    internal static Scalar Number(string name, params ReadOnlySpan<Argument> arguments)
    {
        NativeValue result = Call(name, arguments)[0];
        return result.Kind switch { ValueKind.Real => result.Real, ValueKind.Flag => result.Whole != 0, _ => result.Whole };
    }

    /// <summary>The results stand in memory of the shim until this thread's next call.</summary>
    private static ReadOnlySpan<NativeValue> Call(string name, ReadOnlySpan<Argument> arguments)
    {
        nint op = Operators.GetOrAdd(name, Find);
        NativeValue* values = stackalloc NativeValue[MaximumArguments];
        Pins pins = default;
        try
        {
            for (int i = 0; i < arguments.Length; i++)
                values[i] = Convert(arguments[i], i, ref pins);
            int count = Shim.ts_call(op, values, arguments.Length, out NativeValue* results);
            Shim.Check(count);
            return new(results, count);
        }
        finally
        {
            for (int i = 0; i < arguments.Length; i++)
                GC.KeepAlive(arguments[i].Object);
            pins.Free();
        }
    }

    private static nint Find(string name)
    {
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        return Shim.Checked(Shim.ts_operator("aten::" + (dot < 0 ? name : name[..dot]), dot < 0 ? "" : name[(dot + 1)..]));
    }

    private static NativeValue Convert(Argument argument, int position, ref Pins pins)
    {
        NativeValue value = new() { Kind = argument.Kind, Whole = argument.Bits };
        switch (argument.Object)
        {
            case Tensor tensor:
                value.Pointer = tensor.Handle;
                break;
            case long[] numbers:
                value.Count = numbers.Length;
                value.Pointer = pins.Pin(numbers, position);
                break;
            case Tensor?[] tensors:
                nint[] handles = Array.ConvertAll(tensors, t => t is null ? 0 : t.Handle);
                value.Count = handles.Length;
                value.Pointer = pins.Pin(handles, position);
                break;
            case string text:
                byte[] bytes = Encoding.UTF8.GetBytes(text);
                value.Count = bytes.Length;
                value.Pointer = pins.Pin(bytes, position);
                break;
            case Device device:
                value.Whole = (long)device.type;
                value.Count = device.index;
                break;
            case Generator generator:
                value.Pointer = generator.Handle;
                break;
        }
        return value;
    }

    /// <summary>The arrays that must not move during a call.</summary>
    [InlineArray(MaximumArguments)]
    private struct Pins
    {
        private GCHandle _first;

        internal nint Pin(Array array, int position)
        {
            this[position] = GCHandle.Alloc(array, GCHandleType.Pinned);
            return this[position].AddrOfPinnedObject();
        }

        internal void Free()
        {
            foreach (ref GCHandle pin in this)
            {
                if (pin.IsAllocated)
                    pin.Free();
            }
        }
    }
}
