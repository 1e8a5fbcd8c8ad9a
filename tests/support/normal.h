#pragma once
// Random inputs of tests: the same in every run and in any order of tests.

#include <ATen/ATen.h>

#include <cstdint>

#include "infomtl/ops/tensor_random.h"

namespace infomtl::testing {

/// Standard normal float32 values, a function of shape and seed.
inline torch::Tensor normal(at::IntArrayRef shape, std::uint64_t seed = 1) {
  return at::randn(shape, ops::TensorRandom(seed).generator(), torch::kFloat32);
}

}  // namespace infomtl::testing
