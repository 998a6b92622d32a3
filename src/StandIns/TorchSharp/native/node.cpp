// A node of the autograd graph whose backward pass is a function of the caller's: what a custom function in C# becomes.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/saved_variable.h>
#include <torch/csrc/autograd/variable.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "guarded.h"

namespace {

using torch::autograd::Node;
using torch::autograd::SavedVariable;
using torch::autograd::variable_list;

// Takes over `grads`, and writes one handle or null for each input into `results`, which are taken over here.
// Gives not zero after an error, of which it told ts_set_error.
using Backward = int32_t (*)(void* context, void* node, void** grads, int32_t count, void** results, int32_t result_count);
using Release = void (*)(void* context);

struct CallbackNode : Node {
    CallbackNode(void* context, Backward backward, Release release, bool materialize)
        : context(context), backward(backward), release(release), materialize(materialize) {}

    ~CallbackNode() override { release(context); }

    variable_list apply(variable_list&& grads) override {
        std::vector<void*> given, results(num_outputs());
        for (size_t i = 0; i < grads.size(); i++)
            given.push_back(give(grads[i].defined() || !materialize ? grads[i] : input_metadata(i).zeros_like()));
        if (backward(context, this, given.data(), given.size(), results.data(), results.size()) != 0)
            throw std::runtime_error(last_error);
        variable_list found;
        for (void* handle : results) {
            found.push_back(handle ? tensor(handle) : at::Tensor());
            delete static_cast<at::Tensor*>(handle);
        }
        return found;
    }

    // Called after a backward pass that does not keep the graph.
    void release_variables() override {
        saved.clear();
        released = true;
    }

    void* context;
    Backward backward;
    Release release;
    bool materialize;
    bool released = false;
    std::vector<SavedVariable> saved;
};

}  // namespace

extern "C" {

void ts_set_error(const char* text) { last_error = text; }

// A node that passes gradients on to `inputs`; the reference that it gives is dropped with ts_free_node.
void* ts_new_node(void* context, Backward backward, Release release, bool materialize, void** inputs, int32_t count) {
    return guarded<void*>(nullptr, [&] {
        auto node = std::shared_ptr<CallbackNode>(new CallbackNode(context, backward, release, materialize), torch::autograd::deleteNode);
        torch::autograd::edge_list edges;
        for (int32_t i = 0; i < count; i++)
            edges.push_back(torch::autograd::impl::gradient_edge(tensor(inputs[i])));
        node->set_next_edges(std::move(edges));
        return new std::shared_ptr<CallbackNode>(std::move(node));
    });
}

void ts_free_node(void* node) { delete static_cast<std::shared_ptr<CallbackNode>*>(node); }

// Makes the node the source of an output, in the order of the calls.
// An output that is one of the inputs is replaced by a view of it, whose handle is written to `replaced`, otherwise null.
int32_t ts_link_output(void* node, void* output, void** inputs, int32_t count, bool differentiable, void** replaced) {
    return guarded<int32_t>(-1, [&] {
        auto& target = *static_cast<std::shared_ptr<CallbackNode>*>(node);
        at::Tensor result = tensor(output);
        *replaced = nullptr;
        if (!differentiable || !(c10::isFloatingType(result.scalar_type()) || c10::isComplexType(result.scalar_type()))) {
            target->add_input_metadata(Node::undefined_input());
            return 0;
        }
        for (int32_t i = 0; i < count; i++) {
            if (tensor(inputs[i]).is_same(result)) {
                at::AutoGradMode unrecorded(false);
                result = result.view_as(result);
                *replaced = give(result);
                break;
            }
        }
        torch::autograd::create_gradient_edge(result, target);
        return 0;
    });
}

// Keeps tensors for the backward pass, after the outputs were linked: an output that is kept must not keep its own node alive.
int32_t ts_save(void* node, void** handles, int32_t count) {
    return guarded<int32_t>(-1, [&] {
        auto& target = *static_cast<std::shared_ptr<CallbackNode>*>(node);
        for (int32_t i = 0; i < count; i++) {
            at::Tensor kept = handles[i] ? tensor(handles[i]) : at::Tensor();
            target->saved.emplace_back(kept, kept.defined() && kept.grad_fn() == target);
        }
        return 0;
    });
}

// Writes the handles of what was kept; `node` is what the backward function was given.
int32_t ts_saved(void* node, void** results, int32_t capacity) {
    return guarded<int32_t>(-1, [&] {
        auto* target = static_cast<CallbackNode*>(node);
        if (target->released)
            throw std::runtime_error(
                "the tensors kept for the backward pass were freed by an earlier one; pass retain_graph: true to that one");
        if (capacity < static_cast<int32_t>(target->saved.size()))
            throw std::invalid_argument("too little room for what was kept");
        for (size_t i = 0; i < target->saved.size(); i++)
            results[i] = give(target->saved[i].unpack(target->shared_from_this()));
        return static_cast<int32_t>(target->saved.size());
    });
}

}  // extern "C"
