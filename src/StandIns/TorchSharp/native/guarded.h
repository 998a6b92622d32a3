// Handles and errors as both files of the shim see them.
#pragma once

#include <ATen/ATen.h>

#include <exception>
#include <string>

// The text of the last failure on this thread.
extern thread_local std::string last_error;

// What the action gives, or `failed` after an exception, whose text is then in last_error.
template <typename Result, typename Action>
Result guarded(Result failed, Action action) {
    try {
        return action();
    } catch (const c10::Error& e) {
        last_error = e.what_without_backtrace();
    } catch (const std::exception& e) {
        last_error = e.what();
    } catch (...) {
        last_error = "an exception of unknown type";
    }
    return failed;
}

// A handle is a pointer to a tensor of its own; null is an undefined tensor.
inline at::Tensor& tensor(void* handle) { return *static_cast<at::Tensor*>(handle); }
inline void* give(at::Tensor t) { return t.defined() ? new at::Tensor(std::move(t)) : nullptr; }
