// A tensor that is trained.
using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public enum Reduction
            {
                None = 0, Mean = 1, Sum = 2,
            }

            /// <summary>Takes <paramref name="data"/> over: that tensor is invalid afterwards.</summary>
            public static Parameter Parameter(Tensor data, bool requires_grad = true) => new(data, requires_grad);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>A leaf whose gradient is wanted.</summary>
    public class Parameter : torch.Tensor
    {
        internal Parameter(torch.Tensor data, bool requires_grad = true)
            : base(data.with_requires_grad(requires_grad).MoveHandle())
        {
        }
    }
}
