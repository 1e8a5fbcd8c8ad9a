#pragma once
// The border between tensors and the loops of kernels/: which tensors the loops take, and their memory as the loops see
// it.

#include <torch/types.h>

#include <type_traits>

#include "ops/packed/cpu/kernels.h"

namespace infomtl::ops {

/// Whether the loops cover x: float32, float64 or bfloat16 on the CPU.
inline bool has_loops(const at::Tensor& x) {
  const at::ScalarType type = x.scalar_type();
  return x.device().is_cpu() && (type == at::kFloat || type == at::kDouble || type == at::kBFloat16);
}

/// The type that numbers stored as `type` are computed with: float32 for bfloat16, else the type itself.
inline at::ScalarType compute_type(at::ScalarType type) { return type == at::kBFloat16 ? at::kFloat : type; }

/// run.operator()<T>() with the loops' scalar type T of a tensor that has_loops().
template <class Run>
decltype(auto) with_loop_type(at::ScalarType type, Run&& run) {
  if (type == at::kDouble) return run.template operator()<double>();
  if (type == at::kBFloat16) return run.template operator()<kernels::BFloat16>();
  return run.template operator()<float>();
}

template <class T>
const T* read_data(const at::Tensor& x) {
  if constexpr (std::is_same_v<T, kernels::BFloat16>) {
    return reinterpret_cast<const T*>(x.const_data_ptr<at::BFloat16>());
  } else {
    return x.const_data_ptr<T>();
  }
}
template <class T>
T* write_data(const at::Tensor& x) {
  if constexpr (std::is_same_v<T, kernels::BFloat16>) {
    return reinterpret_cast<T*>(x.mutable_data_ptr<at::BFloat16>());
  } else {
    return x.mutable_data_ptr<T>();
  }
}

}  // namespace infomtl::ops
