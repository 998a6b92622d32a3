// The C entry points of the stand-in: any aten operator by name, the life of tensors, gradients, seeds, threads.
// Every entry catches what libtorch throws; ts_error() then gives the text.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/cuda.h>

#include <string>
#include <vector>

#include "guarded.h"

thread_local std::string last_error;

namespace {

enum Kind : int32_t { None, Whole, Real, Flag, TensorKind, Wholes, Tensors, Text, DeviceKind, GeneratorKind };

// One argument or result. `count` is the length of a list, and the index of a device (whose type is `whole`).
struct Value {
    int32_t kind;
    int32_t count;
    union {
        int64_t whole;
        double real;
        void* pointer;
    };
};

thread_local std::vector<Value> last_results;

at::Tensor optional_tensor(void* handle) { return handle ? tensor(handle) : at::Tensor(); }

std::vector<at::Tensor> tensors(void** handles, int32_t count) {
    std::vector<at::Tensor> all;
    for (int32_t i = 0; i < count; i++)
        all.push_back(optional_tensor(handles[i]));
    return all;
}

// 0, or −1 after an exception.
template <typename Action>
int32_t done(Action action) {
    return guarded<int32_t>(-1, [&] {
        action();
        return 0;
    });
}

c10::Device device_of(int64_t type, int64_t index) {
    return c10::Device(static_cast<c10::DeviceType>(type), static_cast<c10::DeviceIndex>(index));
}

bool takes_optional_elements(const c10::TypePtr& type) {
    auto inner = type->kind() == c10::TypeKind::OptionalType ? type->castRaw<c10::OptionalType>()->getElementType() : type;
    return inner->kind() == c10::TypeKind::ListType
        && inner->castRaw<c10::ListType>()->getElementType()->kind() == c10::TypeKind::OptionalType;
}

c10::IValue to_ivalue(const Value& value, const c10::Argument& argument) {
    switch (value.kind) {
        case None: return {};
        case Whole:
            if (argument.type()->kind() == c10::TypeKind::FloatType)
                return static_cast<double>(value.whole);
            return value.whole;
        case Real: return value.real;
        case Flag: return value.whole != 0;
        case TensorKind: return tensor(value.pointer);
        case Wholes: {
            auto* items = static_cast<int64_t*>(value.pointer);
            return std::vector<int64_t>(items, items + value.count);
        }
        case Tensors: {
            auto all = tensors(static_cast<void**>(value.pointer), value.count);
            if (!takes_optional_elements(argument.type()))
                return all;
            c10::impl::GenericList list(c10::OptionalType::create(c10::TensorType::get()));
            for (auto& t : all)
                list.push_back(t.defined() ? c10::IValue(t) : c10::IValue());
            return list;
        }
        case Text: return std::string(static_cast<const char*>(value.pointer), value.count);
        case DeviceKind: return device_of(value.whole, value.count);
        case GeneratorKind: return *static_cast<at::Generator*>(value.pointer);
    }
    throw std::invalid_argument("unknown kind of argument");
}

void add_result(const c10::IValue& result) {
    if (result.isTensor()) {
        Value v{TensorKind, 0, {}};
        v.pointer = give(result.toTensor());
        last_results.push_back(v);
    } else if (result.isTensorList()) {
        for (const at::Tensor& t : result.toTensorVector())
            add_result(t);
    } else if (result.isDouble()) {
        Value v{Real, 0, {}};
        v.real = result.toDouble();
        last_results.push_back(v);
    } else {
        Value v{result.isBool() ? Flag : Whole, 0, {}};
        v.whole = result.isBool() ? result.toBool() : result.isInt() ? result.toInt() : 0;
        last_results.push_back(v);
    }
}

}  // namespace

extern "C" {

const char* ts_error() { return last_error.c_str(); }

// The operator of that name and overload, or null. It lives as long as the process.
void* ts_operator(const char* name, const char* overload) {
    return guarded<void*>(nullptr, [&]() -> void* {
        auto found = c10::Dispatcher::singleton().findSchema({name, overload});
        if (!found)
            throw std::invalid_argument(std::string("libtorch has no operator ") + name + "." + overload);
        return new c10::OperatorHandle(*found);
    });
}

// Calls an operator; arguments not given take the schema's defaults. Returns how many results there are, −1 after an error.
int32_t ts_call(void* op, const Value* arguments, int32_t count, const Value** results) {
    return guarded<int32_t>(-1, [&] {
        auto& handle = *static_cast<c10::OperatorHandle*>(op);
        const auto& schema = handle.schema().arguments();
        if (count > static_cast<int32_t>(schema.size()))
            throw std::invalid_argument("too many arguments for " + handle.schema().name());
        torch::jit::Stack stack;
        stack.reserve(schema.size());
        for (size_t i = 0; i < schema.size(); i++) {
            if (static_cast<int32_t>(i) < count)
                stack.push_back(to_ivalue(arguments[i], schema[i]));
            else if (schema[i].default_value())
                stack.push_back(*schema[i].default_value());
            else
                throw std::invalid_argument("missing argument " + schema[i].name() + " for " + handle.schema().name());
        }
        handle.callBoxed(&stack);
        last_results.clear();
        for (const c10::IValue& result : stack)
            add_result(result);
        *results = last_results.data();
        return static_cast<int32_t>(last_results.size());
    });
}

void ts_free(void* t) { delete static_cast<at::Tensor*>(t); }
void* ts_alias(void* t) { return give(tensor(t)); }

// Fills: dimensions, elements, type, device type, device index, element size,
// flags (1 requires grad, 2 leaf, 4 contiguous, 8 sparse), then sizes, then strides.
int32_t ts_describe(void* handle, int64_t* out, int32_t capacity) {
    return done([&] {
        const at::Tensor& t = tensor(handle);
        bool sparse = t.layout() != at::kStrided;
        int64_t dimensions = t.dim();
        if (7 + 2 * dimensions > capacity)
            throw std::invalid_argument("too many dimensions");
        out[0] = dimensions, out[1] = t.numel(), out[2] = static_cast<int64_t>(t.scalar_type());
        out[3] = static_cast<int64_t>(t.device().type()), out[4] = t.device().index(), out[5] = static_cast<int64_t>(t.element_size());
        out[6] = t.requires_grad() | t.is_leaf() << 1 | (!sparse && t.is_contiguous()) << 2 | sparse << 3;
        for (int64_t i = 0; i < dimensions; i++)
            out[7 + i] = t.size(i), out[7 + dimensions + i] = sparse ? 0 : t.stride(i);
    });
}

void* ts_data(void* t) { return guarded<void*>(nullptr, [&] { return tensor(t).data_ptr(); }); }

int32_t ts_set_requires_grad(void* t, bool value) {
    return done([&] { tensor(t).set_requires_grad(value); });
}

int32_t ts_retain_grad(void* t) {
    return done([&] { tensor(t).retain_grad(); });
}

void* ts_grad(void* t) { return guarded<void*>(nullptr, [&] { return give(tensor(t).grad()); }); }

int32_t ts_set_grad(void* t, void* grad) {
    return done([&] { tensor(t).mutable_grad() = optional_tensor(grad); });
}

bool ts_grad_mode() { return at::GradMode::is_enabled(); }
void ts_set_grad_mode(bool enabled) { at::GradMode::set_enabled(enabled); }
void* ts_enter_inference_mode(bool enabled) { return new c10::InferenceMode(enabled); }
void ts_leave_inference_mode(void* guard) { delete static_cast<c10::InferenceMode*>(guard); }

int32_t ts_backward(void** roots, int32_t count, void** grads, int32_t grad_count, bool retain, bool create,
                    void** inputs, int32_t input_count) {
    return done([&] {
        torch::autograd::backward(tensors(roots, count), tensors(grads, grad_count), retain, create, tensors(inputs, input_count));
    });
}

// Writes one handle for each input, null for an input that was not reached.
int32_t ts_gradients(void** outputs, int32_t count, void** inputs, int32_t input_count, void** grads, int32_t grad_count,
                     bool retain, bool create, bool allow_unused, void** results) {
    return done([&] {
        auto found = torch::autograd::grad(
            tensors(outputs, count), tensors(inputs, input_count), tensors(grads, grad_count), retain, create, allow_unused);
        for (int32_t i = 0; i < input_count; i++)
            results[i] = give(found[i]);
    });
}

void* ts_new_generator(int64_t device_type, int64_t device_index, uint64_t seed) {
    return guarded<void*>(nullptr, [&] {
        c10::Device device = device_of(device_type, device_index);
        at::Generator generator = at::globalContext().defaultGenerator(device).clone();
        generator.set_current_seed(seed);
        return new at::Generator(generator);
    });
}

void* ts_default_generator() {
    return guarded<void*>(nullptr, [&] { return new at::Generator(at::globalContext().defaultGenerator(c10::Device(c10::kCPU))); });
}

void ts_free_generator(void* g) { delete static_cast<at::Generator*>(g); }

int32_t ts_seed(void* g, uint64_t seed) {
    return done([&] { static_cast<at::Generator*>(g)->set_current_seed(seed); });
}

uint64_t ts_current_seed(void* g) { return guarded<uint64_t>(0, [&] { return static_cast<at::Generator*>(g)->current_seed(); }); }
uint64_t ts_random_seed(void* g) { return guarded<uint64_t>(0, [&] { return static_cast<at::Generator*>(g)->seed(); }); }
void* ts_generator_state(void* g) { return guarded<void*>(nullptr, [&] { return give(static_cast<at::Generator*>(g)->get_state()); }); }

int32_t ts_set_generator_state(void* g, void* state) {
    return done([&] { static_cast<at::Generator*>(g)->set_state(tensor(state)); });
}

int32_t ts_manual_seed(uint64_t seed) {
    return done([&] { at::manual_seed(seed); });
}

int32_t ts_threads() { return at::get_num_threads(); }

int32_t ts_set_threads(int32_t count) {
    return done([&] { at::set_num_threads(count); });
}

int32_t ts_cuda_devices() { return guarded<int32_t>(0, [&] { return static_cast<int32_t>(torch::cuda::device_count()); }); }

int32_t ts_cuda_synchronize(int64_t device) {
    return done([&] { torch::cuda::synchronize(device); });
}

}  // extern "C"
