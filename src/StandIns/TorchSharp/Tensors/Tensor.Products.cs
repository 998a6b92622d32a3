// Products of matrices and vectors.
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor matmul(Tensor target) => Aten.One("matmul", this, target);

        public Tensor mm(Tensor target) => Aten.One("mm", this, target);

        public Tensor bmm(Tensor batch2) => Aten.One("bmm", this, batch2);

        public Tensor mv(Tensor target) => Aten.One("mv", this, target);

        public Tensor dot(Tensor target) => Aten.One("dot", this, target);

        public Tensor outer(Tensor vec2) => Aten.One("outer", this, vec2);

        public Tensor addmm(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) =>
            Aten.One("addmm", this, mat1, mat2, (double)beta, (double)alpha);

        public Tensor addmm_(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) =>
            Aten.Update("addmm_", this, mat1, mat2, (double)beta, (double)alpha);

        public Tensor baddbmm(Tensor batch1, Tensor batch2, float beta = 1, float alpha = 1) =>
            Aten.One("baddbmm", this, batch1, batch2, (double)beta, (double)alpha);
    }
}
