#pragma once
// The types that kernels of information theory read, as LibTorch names them, and how near their results are.

#include <torch/types.h>

#include <type_traits>

namespace infomtl::testing {

/// @tparam T  float or ops::kernels::BFloat16
template <class T>
constexpr torch::ScalarType kStored = std::is_same_v<T, float> ? torch::kFloat32 : torch::kBFloat16;

/// Of gradients, against the largest of them: 8 bits of a bfloat16.
template <class T>
constexpr double kRounding = std::is_same_v<T, float> ? 1e-5 : 1.0 / 128;

}  // namespace infomtl::testing
