// A tensor's elements as .NET numbers, and its way between types and devices.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp.Native;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The memory itself, not a copy: valid while the tensor lives.</summary>
        public unsafe Span<byte> bytes
        {
            get
            {
                if (!is_contiguous())
                    throw new NotImplementedException("The bytes of a tensor that is not contiguous; call contiguous() first.");
                RequireCpu();
                return new((void*)Pointer(), checked((int)(NumberOfElements * ElementSize)));
            }
            set
            {
                if (value.Length != NumberOfElements * ElementSize)
                    throw new ArgumentException($"The tensor has {NumberOfElements * ElementSize} bytes, but {value.Length} were given.");
                value.CopyTo(bytes);
            }
        }

        public TensorAccessor<T> data<T>()
            where T : struct
        {
            ElementTypes.Check<T>(dtype);
            RequireCpu();
            return new(this);
        }

        /// <summary>The only element.</summary>
        public T item<T>()
            where T : struct
        {
            if (NumberOfElements != 1)
                throw new ArgumentException($"item() needs one element, but there are {NumberOfElements}.");
            ElementTypes.Check<T>(dtype);
            Scalar value = ToScalar();
            if (typeof(T) == typeof(float)) return As((float)value.AsDouble);
            if (typeof(T) == typeof(double)) return As(value.AsDouble);
            if (typeof(T) == typeof(long)) return As(value.AsInt64);
            if (typeof(T) == typeof(int)) return As((int)value.AsInt64);
            if (typeof(T) == typeof(short)) return As((short)value.AsInt64);
            if (typeof(T) == typeof(byte)) return As((byte)value.AsInt64);
            if (typeof(T) == typeof(sbyte)) return As((sbyte)value.AsInt64);
            if (typeof(T) == typeof(bool)) return As(value.AsInt64 != 0);
            return As((Half)value.AsDouble);

            static T As<TValue>(TValue number) => Unsafe.As<TValue, T>(ref number);
        }

        public Scalar ToScalar() => Aten.Number("item", this);

        public Tensor to(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            After(Aten.One("to.dtype", this, type, non_blocking, copy), disposeAfter);

        public Tensor to(Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            After(Aten.One("to.device", this, device, dtype, non_blocking, copy), disposeAfter);

        public Tensor to(ScalarType type, Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            After(Aten.One("to.device", this, device, type, non_blocking, copy), disposeAfter);

        public Tensor to(string device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            to(new Device(device), copy, disposeAfter, non_blocking);

        public Tensor to(DeviceType deviceType, int deviceIndex = -1, bool copy = false, bool disposeAfter = false,
            bool non_blocking = false) =>
            to(new Device(deviceType, deviceIndex), copy, disposeAfter, non_blocking);

        public Tensor to_type(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            to(type, copy, disposeAfter, non_blocking);

        public Tensor type(ScalarType dtype) => to(dtype);

        public Tensor type_as(Tensor tensor) => to(tensor.dtype);

        public Tensor cpu() => to(CPU);

        public Tensor cuda(Device? device = null, bool non_blocking = false) => to(device ?? CUDA, non_blocking: non_blocking);

        public Tensor @float() => to(ScalarType.Float32);

        public Tensor @double() => to(ScalarType.Float64);

        public Tensor @long() => to(ScalarType.Int64);

        public Tensor @int() => to(ScalarType.Int32);

        public Tensor @bool() => to(ScalarType.Bool);

        public Tensor half() => to(ScalarType.Float16);

        public Tensor bfloat16() => to(ScalarType.BFloat16);

        internal unsafe nint Pointer()
        {
            nint pointer = Shim.ts_data(Handle);
            return pointer != 0 || NumberOfElements == 0 ? pointer : throw Shim.Failure();
        }

        private Tensor After(Tensor result, bool disposeThis)
        {
            if (disposeThis)
                Dispose();
            return result;
        }

        private void RequireCpu()
        {
            if (!is_cpu())
                throw new InvalidOperationException($"The elements are on the device {device}; call cpu() before reading them.");
        }
    }

    /// <summary>A new tensor with a copy of the array's numbers.</summary>
    private static unsafe Tensor FromArray<T>(Array rawArray, long[]? dimensions, ScalarType? dtype, Device? device, bool requires_grad,
        string[]? names)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(rawArray);
        long[] shape = dimensions ?? Enumerable.Range(0, rawArray.Rank).Select(rawArray.GetLongLength).ToArray();
        if (shape.Aggregate(1L, (a, b) => a * b) != rawArray.LongLength)
            throw new ArgumentException($"{rawArray.LongLength} numbers do not fill a tensor of shape [{string.Join(", ", shape)}].",
                nameof(dimensions));
        Tensor made = Aten.One("empty.memory_format", shape, ElementTypes.Of(typeof(T)), default, Unnamed(CPU, names));
        long length = rawArray.LongLength * sizeof(T);
        fixed (byte* source = &MemoryMarshal.GetArrayDataReference(rawArray))
            Buffer.MemoryCopy(source, (void*)made.Pointer(), length, length);
        if (dtype is not null || device is not null)
            made = made.to(dtype ?? made.dtype, device ?? CPU, disposeAfter: true);
        return Made(made, requires_grad);
    }
}
