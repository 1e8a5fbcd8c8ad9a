#pragma once
// The memory of tensors as loops and kernels see it.

#include <torch/types.h>

#include <type_traits>

#include "ops/packed/kernel_arguments.h"

namespace infomtl::ops {

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
