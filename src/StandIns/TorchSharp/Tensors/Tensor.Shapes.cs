// Views, copies in another shape, and pieces of a tensor.
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor view(params long[] shape) => Aten.One("view", this, shape);

        public Tensor reshape(params long[] shape) => Aten.One("reshape", this, shape);

        public Tensor permute(params long[] permutation) => Aten.One("permute", this, permutation);

        public Tensor transpose(long dim0, long dim1) => Aten.One("transpose.int", this, dim0, dim1);

        public Tensor transpose_(long dim0, long dim1) => Aten.Update("transpose_", this, dim0, dim1);

        public Tensor t() => Aten.One("t", this);

        public Tensor flatten(long start_dim = 0, long end_dim = -1) => Aten.One("flatten.using_ints", this, start_dim, end_dim);

        public Tensor unflatten(long dim, params long[] sizes) => Aten.One("unflatten.int", this, dim, sizes);

        public Tensor unsqueeze(long dim) => Aten.One("unsqueeze", this, dim);

        public Tensor unsqueeze_(long dim) => Aten.Update("unsqueeze_", this, dim);

        public Tensor expand(params long[] sizes) => Aten.One("expand", this, sizes);

        public Tensor expand(long[] sizes, bool isImplicit = false) => Aten.One("expand", this, sizes, isImplicit);

        public Tensor expand_as(Tensor other) => Aten.One("expand_as", this, other);

        public Tensor repeat(params long[] sizes) => Aten.One("repeat", this, sizes);

        public Tensor tile(long[] reps) => Aten.One("tile", this, reps);

        public Tensor repeat_interleave(Tensor repeats, long? dim = null, long? output_size = null) =>
            Aten.One("repeat_interleave.self_Tensor", this, repeats, dim, output_size);

        public Tensor repeat_interleave(long repeats, long? dim = null, long? output_size = null) =>
            Aten.One("repeat_interleave.self_int", this, repeats, dim, output_size);

        public Tensor contiguous() => Aten.One("contiguous", this);

        public Tensor alias() => Aten.One("alias", this);

        public Tensor clone() => Aten.One("clone", this);

        public Tensor detach() => Aten.One("detach", this);

        public Tensor view_as(Tensor other) => Aten.One("view_as", this, other);

        public Tensor broadcast_to(params long[] shape) => Aten.One("broadcast_to", this, shape);

        public Tensor squeeze(long? dim = null) => dim is { } d ? Aten.One("squeeze.dim", this, d) : Aten.One("squeeze", this);

        public Tensor narrow(long dim, long start, long length) => Aten.One("narrow", this, dim, start, length);

        public Tensor slice(long dim, long start, long finish, long step) => Aten.One("slice.Tensor", this, dim, start, finish, step);

        public Tensor select(long dim, long index) => Aten.One("select.int", this, dim, index);

        public Tensor unfold(long dimension, long size, long step) => Aten.One("unfold", this, dimension, size, step);

        public Tensor diag(long diagonal = 0) => Aten.One("diag", this, diagonal);

        public Tensor flip(params long[] dims) => Aten.One("flip", this, dims);

        public Tensor roll(long[] shifts, long[] dims) => Aten.One("roll", this, shifts, dims);

        public Tensor movedim(long[] source, long[] destination) => Aten.One("movedim.intlist", this, source, destination);

        public Tensor as_strided(long[] size, long[] strides, long storageOffset = 0) =>
            Aten.One("as_strided", this, size, strides, storageOffset);

        public Tensor swapaxes(long dim0, long dim1) => Aten.One("swapaxes", this, dim0, dim1);

        public Tensor[] split(long size, int dim = 0) => Aten.List("split.Tensor", this, size, (long)dim);

        public Tensor[] split(long[] sizes, long dim = 0) => Aten.List("split_with_sizes", this, sizes, dim);

        public Tensor[] chunk(long chunks, long dim = 0) => Aten.List("chunk", this, chunks, dim);

        public Tensor[] unbind(long dimension = 0) => Aten.List("unbind.int", this, dimension);

        public Tensor tril(long diagonal = 0) => Aten.One("tril", this, diagonal);

        public Tensor triu(long diagonal = 0) => Aten.One("triu", this, diagonal);

        public Tensor tril_(long diagonal = 0) => Aten.Update("tril_", this, diagonal);

        public Tensor triu_(long diagonal = 0) => Aten.Update("triu_", this, diagonal);
    }
}
