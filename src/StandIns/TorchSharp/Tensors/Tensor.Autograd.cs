// What a tensor knows of gradients.
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public bool requires_grad
        {
            get => Flag(1);
            set => Shim.Check(Shim.ts_set_requires_grad(Handle, value));
        }

        /// <summary>What backward() left here, or null.</summary>
        public Tensor? grad
        {
            get => Shim.ts_grad(Handle) is var found and not 0 ? new Tensor(found) : null;
            set
            {
                Shim.Check(Shim.ts_set_grad(Handle, value is null ? 0 : value.Handle));
                GC.KeepAlive(value);
            }
        }

        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        public Tensor with_requires_grad(bool requires_grad = true) => requires_grad_(requires_grad);

        public void retain_grad() => Shim.Check(Shim.ts_retain_grad(Handle));

        public void backward() => autograd.backward(this);
    }
}
