// What is computed element by element, out of place and in place.
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        // One operand.
        public Tensor abs() => Aten.One("abs", this);

        public Tensor abs_() => Aten.Update("abs_", this);

        public Tensor exp() => Aten.One("exp", this);

        public Tensor exp_() => Aten.Update("exp_", this);

        public Tensor log() => Aten.One("log", this);

        public Tensor log_() => Aten.Update("log_", this);

        public Tensor log1p() => Aten.One("log1p", this);

        public Tensor sqrt() => Aten.One("sqrt", this);

        public Tensor sqrt_() => Aten.Update("sqrt_", this);

        public Tensor rsqrt() => Aten.One("rsqrt", this);

        public Tensor rsqrt_() => Aten.Update("rsqrt_", this);

        public Tensor square() => Aten.One("square", this);

        public Tensor neg() => Aten.One("neg", this);

        public Tensor neg_() => Aten.Update("neg_", this);

        public Tensor sin() => Aten.One("sin", this);

        public Tensor cos() => Aten.One("cos", this);

        public Tensor tanh() => Aten.One("tanh", this);

        public Tensor tanh_() => Aten.Update("tanh_", this);

        public Tensor sigmoid() => Aten.One("sigmoid", this);

        public Tensor sigmoid_() => Aten.Update("sigmoid_", this);

        public Tensor relu() => Aten.One("relu", this);

        public Tensor relu_() => Aten.Update("relu_", this);

        public Tensor erf() => Aten.One("erf", this);

        public Tensor erf_() => Aten.Update("erf_", this);

        public Tensor sign() => Aten.One("sign", this);

        public Tensor floor() => Aten.One("floor", this);

        public Tensor ceil() => Aten.One("ceil", this);

        public Tensor reciprocal() => Aten.One("reciprocal", this);

        public Tensor reciprocal_() => Aten.Update("reciprocal_", this);

        public Tensor silu() => Aten.One("silu", this);

        public Tensor silu_() => Aten.Update("silu_", this);

        public Tensor isnan() => Aten.One("isnan", this);

        public Tensor isinf() => Aten.One("isinf", this);

        public Tensor isfinite() => Aten.One("isfinite", this);

        public Tensor logical_not() => Aten.One("logical_not", this);

        public Tensor expm1() => Aten.One("expm1", this);

        public Tensor round(long decimals = 0) => Aten.One("round.decimals", this, decimals);

        public Tensor trunc() => Aten.One("trunc", this);

        public Tensor gelu() => Aten.One("gelu", this);

        public Tensor log_sigmoid() => Aten.One("log_sigmoid", this);

        public Tensor elu(Scalar alpha, Scalar scale, Scalar input_scale) => Aten.One("elu", this, alpha, scale, input_scale);

        public Tensor leaky_relu(Scalar negative_slope) => Aten.One("leaky_relu", this, negative_slope);

        // Two operands.
        public Tensor add(Tensor target) => Aten.One("add.Tensor", this, target);

        public Tensor add(Tensor target, Scalar alpha) => Aten.One("add.Tensor", this, target, alpha);

        public Tensor add(Scalar scalar) => Aten.One("add.Scalar", this, scalar);

        public Tensor add(Scalar scalar, Scalar alpha) => Aten.One("add.Scalar", this, scalar, alpha);

        public Tensor add_(Tensor target) => Aten.Update("add_.Tensor", this, target);

        public Tensor add_(Tensor target, Scalar alpha) => Aten.Update("add_.Tensor", this, target, alpha);

        public Tensor add_(Scalar scalar) => Aten.Update("add_.Scalar", this, scalar);

        public Tensor add_(Scalar scalar, Scalar alpha) => Aten.Update("add_.Scalar", this, scalar, alpha);

        public Tensor sub(Tensor target) => Aten.One("sub.Tensor", this, target);

        public Tensor sub(Scalar target) => Aten.One("sub.Scalar", this, target);

        public Tensor sub_(Tensor target) => Aten.Update("sub_.Tensor", this, target);

        public Tensor sub_(Scalar target) => Aten.Update("sub_.Scalar", this, target);

        public Tensor mul(Tensor target) => Aten.One("mul.Tensor", this, target);

        public Tensor mul(Scalar target) => Aten.One("mul.Scalar", this, target);

        public Tensor mul_(Tensor target) => Aten.Update("mul_.Tensor", this, target);

        public Tensor mul_(Scalar target) => Aten.Update("mul_.Scalar", this, target);

        public Tensor pow(Tensor exponent) => Aten.One("pow.Tensor_Tensor", this, exponent);

        public Tensor pow(Scalar exponent) => Aten.One("pow.Tensor_Scalar", this, exponent);

        public Tensor pow_(Scalar exponent) => Aten.Update("pow_.Scalar", this, exponent);

        public Tensor fmod(Scalar scalar) => Aten.One("fmod.Scalar", this, scalar);

        public Tensor remainder(Tensor target) => Aten.One("remainder.Tensor", this, target);

        public Tensor remainder(Scalar scalar) => Aten.One("remainder.Scalar", this, scalar);

        public Tensor floor_divide(Tensor other) => Aten.One("floor_divide", this, other);

        public Tensor floor_divide(Scalar other) => Aten.One("floor_divide.Scalar", this, other);

        public Tensor maximum(Tensor other) => Aten.One("maximum", this, other);

        public Tensor minimum(Tensor other) => Aten.One("minimum", this, other);

        public Tensor atan2(Tensor other) => Aten.One("atan2", this, other);

        public Tensor addcmul(Tensor tensor1, Tensor tensor2, Scalar value) => Aten.One("addcmul", this, tensor1, tensor2, value);

        public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar value) => Aten.Update("addcmul_", this, tensor1, tensor2, value);

        public Tensor addcdiv(Tensor tensor1, Tensor tensor2) => Aten.One("addcdiv", this, tensor1, tensor2);

        public Tensor addcdiv(Tensor tensor1, Tensor tensor2, Scalar value) => Aten.One("addcdiv", this, tensor1, tensor2, value);

        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2) => Aten.Update("addcdiv_", this, tensor1, tensor2);

        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar value) => Aten.Update("addcdiv_", this, tensor1, tensor2, value);

        public Tensor lerp(Tensor end, Tensor weight) => Aten.One("lerp.Tensor", this, end, weight);

        public Tensor lerp_(Tensor end, Tensor weight) => Aten.Update("lerp_.Tensor", this, end, weight);

        public Tensor clamp(Scalar? min = null, Scalar? max = null) => Aten.One("clamp", this, min, max);

        public Tensor clamp_(Scalar? min = null, Scalar? max = null) => Aten.Update("clamp_", this, min, max);

        public Tensor clamp_min(Scalar min) => Aten.One("clamp_min", this, min);

        public Tensor clamp_max(Scalar max) => Aten.One("clamp_max", this, max);

        public Tensor clamp_min_(Scalar min) => Aten.Update("clamp_min_", this, min);

        public Tensor clamp_max_(Scalar max) => Aten.Update("clamp_max_", this, max);

        public Tensor nan_to_num(double nan = 0, double? posinf = null, double? neginf = null) =>
            Aten.One("nan_to_num", this, nan, posinf, neginf);

        // Comparisons.
        public Tensor eq(Tensor target) => Aten.One("eq.Tensor", this, target);

        public Tensor eq(Scalar target) => Aten.One("eq.Scalar", this, target);

        public Tensor ne(Tensor target) => Aten.One("ne.Tensor", this, target);

        public Tensor ne(Scalar target) => Aten.One("ne.Scalar", this, target);

        public Tensor lt(Tensor target) => Aten.One("lt.Tensor", this, target);

        public Tensor lt(Scalar target) => Aten.One("lt.Scalar", this, target);

        public Tensor le(Tensor target) => Aten.One("le.Tensor", this, target);

        public Tensor le(Scalar target) => Aten.One("le.Scalar", this, target);

        public Tensor gt(Tensor target) => Aten.One("gt.Tensor", this, target);

        public Tensor gt(Scalar target) => Aten.One("gt.Scalar", this, target);

        public Tensor ge(Tensor target) => Aten.One("ge.Tensor", this, target);

        public Tensor ge(Scalar target) => Aten.One("ge.Scalar", this, target);

        public Tensor logical_and(Tensor other) => Aten.One("logical_and", this, other);

        public Tensor logical_or(Tensor other) => Aten.One("logical_or", this, other);

        public Tensor logical_xor(Tensor other) => Aten.One("logical_xor", this, other);

        public Tensor isclose(Tensor other, double rtol = 1e-5, double atol = 1e-8, bool nanEqual = false) =>
            Aten.One("isclose", this, other, rtol, atol, nanEqual);

        public Tensor bitwise_and(Tensor other) => Aten.One("bitwise_and.Tensor", this, other);

        public Tensor bitwise_or(Tensor other) => Aten.One("bitwise_or.Tensor", this, other);

        public Tensor bitwise_xor(Tensor other) => Aten.One("bitwise_xor.Tensor", this, other);

        public Tensor bitwise_not() => Aten.One("bitwise_not", this);
    }
}
