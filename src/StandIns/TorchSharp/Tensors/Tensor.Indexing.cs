// Indexing as in Python: numbers, ranges, slices, new axes, tensors of indexes and masks.
using System.Runtime.CompilerServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        [IndexerName("TensorItems")]
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[params Tensor[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1]
        {
            get => Pick([i1]);
            set => Put([i1], value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2]
        {
            get => Pick([i1, i2]);
            set => Put([i1, i2], value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3]
        {
            get => Pick([i1, i2, i3]);
            set => Put([i1, i2, i3], value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4]
        {
            get => Pick([i1, i2, i3, i4]);
            set => Put([i1, i2, i3, i4], value);
        }

        public Tensor index(params TensorIndex[] indices)
        {
            (Tensor view, Tensor?[] picked) = View(indices);
            if (picked.Length == 0)
                return view;
            using (view)
                return Aten.One("index.Tensor", view, picked);
        }

        public Tensor index(params Tensor[] indices) => Aten.One("index.Tensor", this, indices);

        public Tensor index_put_(Tensor value, params TensorIndex[] indices)
        {
            (Tensor view, Tensor?[] picked) = View(indices);
            using (view)
            {
                if (picked.Length == 0)
                    view.copy_(value);
                else
                    Aten.Update("index_put_", view, picked, value);
            }
            return this;
        }

        public Tensor index_put_(Tensor value, params Tensor[] indices) => Aten.Update("index_put_", this, indices, value);

        public Tensor index_put_(Scalar value, params TensorIndex[] indices)
        {
            using Tensor number = value;
            return index_put_(number, indices);
        }

        private Tensor Pick(ReadOnlySpan<long> indices)
        {
            Tensor picked = select(0, indices[0]);
            foreach (long next in indices[1..])
            {
                using Tensor whole = picked;
                picked = whole.select(0, next);
            }
            return picked;
        }

        private void Put(ReadOnlySpan<long> indices, Tensor value)
        {
            using Tensor place = Pick(indices);
            place.copy_(value);
        }

        /// <summary>The view that numbers, slices and new axes give, and by dimension the tensors with which to index it then.</summary>
        private (Tensor View, Tensor?[] Picked) View(TensorIndex[] indices)
        {
            Tensor view = alias();
            var picked = new List<Tensor?>();
            long at = 0;
            long consumed = indices.Sum(i => i.Dimensions);
            foreach (TensorIndex item in indices)
            {
                switch (item.kind)
                {
                    case TensorIndex.Kind.None:
                        Step(view.unsqueeze(at++));
                        break;
                    case TensorIndex.Kind.Single:
                        Step(view.select(at, item.startIndexOrBoolOrSingle!.Value));
                        break;
                    case TensorIndex.Kind.Slice:
                        Step(Aten.One("slice.Tensor", view, at++, item.startIndexOrBoolOrSingle, item.stopIndex, item.step ?? 1));
                        break;
                    case TensorIndex.Kind.Ellipsis:
                        at += Dimensions - consumed;
                        break;
                    case TensorIndex.Kind.Tensor:
                        while (picked.Count < at)
                            picked.Add(null);
                        picked.Add(item.tensor);
                        at += item.Dimensions;
                        break;
                }
            }
            return (view, [.. picked]);

            void Step(Tensor next)
            {
                view.Dispose();
                view = next;
            }
        }
    }

    /// <summary>One step of an index: a number, a slice, everything, a new axis, or a tensor.</summary>
    public struct TensorIndex
    {
        public static TensorIndex Colon = Slice();
        public static TensorIndex Ellipsis = new() { kind = Kind.Ellipsis };
        public static TensorIndex None = new() { kind = Kind.None };

        internal Kind kind;
        internal long? startIndexOrBoolOrSingle;
        internal long? stopIndex;
        internal long? step;
        internal Tensor? tensor;

        internal enum Kind
        {
            None, Single, Ellipsis, Tensor, Slice,
        }

        /// <summary>How many dimensions of the tensor it takes up; a mask takes as many as it has.</summary>
        internal readonly long Dimensions => kind switch
        {
            Kind.None or Kind.Ellipsis => 0,
            Kind.Tensor when tensor!.dtype is ScalarType.Bool or ScalarType.Byte => tensor.Dimensions,
            _ => 1,
        };

        public static TensorIndex Slice(long? start = null, long? stop = null, long? step = null) =>
            new() { kind = Kind.Slice, startIndexOrBoolOrSingle = start, stopIndex = stop, step = step };

        public static TensorIndex Slice(Range range) => Slice(
            range.Start.IsFromEnd ? -range.Start.Value : range.Start.Value,
            !range.End.IsFromEnd ? range.End.Value : range.End.Value == 0 ? null : -range.End.Value);

        public static TensorIndex Single(long? index) => new() { kind = Kind.Single, startIndexOrBoolOrSingle = index };

        public static TensorIndex Tensor(Tensor tensor) => new() { kind = Kind.Tensor, tensor = tensor };

        public static implicit operator TensorIndex(long value) => Single(value);

        public static implicit operator TensorIndex(Range range) => Slice(range);

        public static implicit operator TensorIndex(Index index) => Single(index.IsFromEnd ? -index.Value : index.Value);
    }
}
