// The entry points of native/shim.cpp, and finding the library that holds them.
using System.Reflection;
using System.Runtime.InteropServices;

namespace TorchSharp.Native;

/// <summary>What an argument or a result of an operator is; the numbers are those of the shim.</summary>
internal enum ValueKind
{
    None, Whole, Real, Flag, Tensor, Wholes, Tensors, Text, Device, Generator,
}

/// <summary>One argument or result as the shim sees it.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct NativeValue
{
    [FieldOffset(0)] internal ValueKind Kind;
    [FieldOffset(4)] internal int Count;
    [FieldOffset(8)] internal long Whole;
    [FieldOffset(8)] internal double Real;
    [FieldOffset(8)] internal nint Pointer;
}

internal static unsafe partial class Shim
{
    private const string Library = "TorchSharpShim";

    static Shim() => NativeLibrary.SetDllImportResolver(typeof(Shim).Assembly, Load);

    private static nint Load(string name, Assembly assembly, DllImportSearchPath? search)
    {
        if (name != Library)
            return 0;
        string folder = Path.GetDirectoryName(assembly.Location) is { Length: > 0 } beside ? beside : AppContext.BaseDirectory;
        string file = Path.Combine(folder, "libTorchSharpShim.so");
        try
        {
            return NativeLibrary.Load(file);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new InvalidOperationException(
                "TorchSharp stand-in: libtorch was not found; on Debian: apt-get install libtorch-dev libopenblas0-openmp, "
                + $"elsewhere set LIBTORCH to its folder and build again ({Path.GetFileName(file)} in {folder} could not be loaded)", e);
        }
    }

    /// <summary>The exception for the last failure on this thread.</summary>
    internal static ExternalException Failure() => new(Marshal.PtrToStringUTF8(ts_error()));

    internal static nint Checked(nint handle) => handle != 0 ? handle : throw Failure();

    internal static void Check(int status)
    {
        if (status < 0)
            throw Failure();
    }

    [LibraryImport(Library)] private static partial nint ts_error();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint ts_operator(string name, string overload);

    [LibraryImport(Library)] internal static partial int ts_call(nint op, NativeValue* arguments, int count, out NativeValue* results);

    [LibraryImport(Library)] internal static partial void ts_free(nint tensor);

    [LibraryImport(Library)] internal static partial nint ts_alias(nint tensor);

    [LibraryImport(Library)] internal static partial int ts_describe(nint tensor, long* description, int capacity);

    [LibraryImport(Library)] internal static partial nint ts_data(nint tensor);

    [LibraryImport(Library)] internal static partial int ts_set_requires_grad(nint tensor, [MarshalAs(UnmanagedType.U1)] bool value);

    [LibraryImport(Library)] internal static partial int ts_retain_grad(nint tensor);

    [LibraryImport(Library)] internal static partial nint ts_grad(nint tensor);

    [LibraryImport(Library)] internal static partial int ts_set_grad(nint tensor, nint grad);

    [LibraryImport(Library)] [return: MarshalAs(UnmanagedType.U1)] internal static partial bool ts_grad_mode();

    [LibraryImport(Library)] internal static partial void ts_set_grad_mode([MarshalAs(UnmanagedType.U1)] bool enabled);

    [LibraryImport(Library)] internal static partial nint ts_enter_inference_mode([MarshalAs(UnmanagedType.U1)] bool enabled);

    [LibraryImport(Library)] internal static partial void ts_leave_inference_mode(nint guard);

    [LibraryImport(Library)]
    internal static partial int ts_backward(nint[] roots, int count, nint[] grads, int gradCount,
        [MarshalAs(UnmanagedType.U1)] bool retain, [MarshalAs(UnmanagedType.U1)] bool create, nint[] inputs, int inputCount);

    [LibraryImport(Library)]
    internal static partial int ts_gradients(nint[] outputs, int count, nint[] inputs, int inputCount, nint[] grads, int gradCount,
        [MarshalAs(UnmanagedType.U1)] bool retain, [MarshalAs(UnmanagedType.U1)] bool create,
        [MarshalAs(UnmanagedType.U1)] bool allowUnused, nint* results);

    [LibraryImport(Library)] internal static partial nint ts_new_generator(long deviceType, long deviceIndex, ulong seed);

    [LibraryImport(Library)] internal static partial nint ts_default_generator();

    [LibraryImport(Library)] internal static partial void ts_free_generator(nint generator);

    [LibraryImport(Library)] internal static partial int ts_seed(nint generator, ulong seed);

    [LibraryImport(Library)] internal static partial ulong ts_current_seed(nint generator);

    [LibraryImport(Library)] internal static partial ulong ts_random_seed(nint generator);

    [LibraryImport(Library)] internal static partial nint ts_generator_state(nint generator);

    [LibraryImport(Library)] internal static partial int ts_set_generator_state(nint generator, nint state);

    [LibraryImport(Library)] internal static partial int ts_manual_seed(ulong seed);

    [LibraryImport(Library)] internal static partial int ts_threads();

    [LibraryImport(Library)] internal static partial int ts_set_threads(int count);

    [LibraryImport(Library)] internal static partial int ts_cuda_devices();

    [LibraryImport(Library)] internal static partial int ts_cuda_synchronize(long device);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial void ts_set_error(string text);

    [LibraryImport(Library)]
    internal static partial nint ts_new_node(
        nint context, delegate* unmanaged<nint, nint, nint*, int, nint*, int, int> backward, delegate* unmanaged<nint, void> release,
        [MarshalAs(UnmanagedType.U1)] bool materialize, nint[] inputs, int count);

    [LibraryImport(Library)] internal static partial void ts_free_node(nint node);

    [LibraryImport(Library)]
    internal static partial int ts_link_output(
        nint node, nint output, nint[] inputs, int count, [MarshalAs(UnmanagedType.U1)] bool differentiable, out nint replaced);

    [LibraryImport(Library)] internal static partial int ts_save(nint node, nint[] tensors, int count);

    [LibraryImport(Library)] internal static partial int ts_saved(nint node, nint* results, int capacity);
}
