// A tensor: a handle of libtorch's, what is known of it, and its life.
using System.Globalization;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Owns one reference to a tensor of libtorch's; several may refer to the same memory.</summary>
    public partial class Tensor : IDisposable
    {
        internal nint handle;

        internal Tensor(nint handle)
        {
            this.handle = handle;
            OwningDisposeScope = DisposeScopeManager.ThreadSingleton.Register(this);
        }

        ~Tensor() => Dispose(false);

        /// <summary>libtorch's handle; refuses a tensor that was disposed.</summary>
        public nint Handle => handle != 0
            ? handle
            : throw new InvalidOperationException(
                "The tensor was disposed, by its dispose scope or by a call; move it to an outer scope if it is still needed.");

        public bool IsInvalid => handle == 0;

        public DisposeScope? OwningDisposeScope { get; internal set; }

        public long Dimensions => Description.Of(this)[0];

        public long ndim => Dimensions;

        public long NumberOfElements => Description.Of(this)[1];

        public long ElementSize => Description.Of(this)[5];

        public ScalarType dtype => (ScalarType)Description.Of(this)[2];

        public DeviceType device_type => (DeviceType)Description.Of(this)[3];

        public int device_index => (int)Description.Of(this)[4];

        public Device device => new(device_type, device_index);

        public bool is_cuda => device_type == DeviceType.CUDA;

        public bool is_sparse => Flag(8);

        public bool is_leaf => Flag(2);

        public long[] shape
        {
            get
            {
                Description known = Description.Of(this);
                return known.Numbers(7, (int)known[0]);
            }
        }

        public Tensor T => Aten.One("numpy_T", this);

        public Tensor mT => Aten.One("mT", this);

        public long dim() => Dimensions;

        public long numel() => NumberOfElements;

        public long element_size() => ElementSize;

        public long[] size() => shape;

        public long size(int dim) => Aten.Number("size.int", this, (long)dim).AsInt64;

        public long[] stride()
        {
            Description known = Description.Of(this);
            return known.Numbers(7 + (int)known[0], (int)known[0]);
        }

        public long stride(int dim) => Aten.Number("stride.int", this, (long)dim).AsInt64;

        public bool is_contiguous() => Flag(4);

        public bool is_cpu() => device_type == DeviceType.CPU;

        public bool is_floating_point() => dtype.IsFloatingPoint();

        public bool is_integral() => dtype.IsIntegral();

        public bool is_complex() => dtype.IsComplex();

        /// <summary>"[2x3], type = Float32, device = cpu".</summary>
        public override string ToString() =>
            IsInvalid
                ? "disposed"
                : $"[{string.Join('x', shape.Select(s => s.ToString(CultureInfo.InvariantCulture)))}], type = {dtype}, device = {device}";

        /// <summary>Two tensors are equal objects where they are the same object: == compares elements.</summary>
        public override bool Equals(object? obj) => ReferenceEquals(this, obj);

        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

        public void Dispose()
        {
            OwningDisposeScope?.MarkAsDisposed(this);
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            nint freed = Interlocked.Exchange(ref handle, 0);
            if (freed != 0)
                Shim.ts_free(freed);
        }

        /// <summary>Leaves no dispose scope responsible for this tensor.</summary>
        public Tensor DetachFromDisposeScope()
        {
            OwningDisposeScope?.Detach(this);
            return this;
        }

        public Tensor MoveToOuterDisposeScope()
        {
            OwningDisposeScope?.MoveToOuter(this);
            return this;
        }

        public Tensor MoveToOtherDisposeScope(DisposeScope? other)
        {
            if (OwningDisposeScope is { } owner)
                owner.MoveToOther(other, this);
            else
                other?.Attach(this);
            return this;
        }

        public Tensor MoveToOtherDisposeScope(Tensor other) => MoveToOtherDisposeScope(other.OwningDisposeScope);

        /// <summary>Gives the handle away: this tensor is invalid from then on.</summary>
        internal nint MoveHandle()
        {
            nint moved = Handle;
            OwningDisposeScope?.Detach(this);
            handle = 0;
            GC.SuppressFinalize(this);
            return moved;
        }

        private bool Flag(long flag) => (Description.Of(this)[6] & flag) != 0;
    }
}
