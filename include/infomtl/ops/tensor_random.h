#pragma once
// Random tensors of one purpose within one step: a function of its seed and of the order of draws, nothing else. A run has
// the same ones on every device: the generator is the CPU's, and what is large is a pattern of one of its numbers.
//
//   ops::TensorRandom dropout(derive_seed(run_seed, "dropout", step));
//   Tensor kept = at::bernoulli(at::full({n, h}, 0.9), dropout.generator());

#include <torch/types.h>

#include <cstdint>

#include "infomtl/core/export.h"

namespace infomtl::ops {

class INFOMTL_API TensorRandom {
 public:
  explicit TensorRandom(std::uint64_t seed, torch::Device device = torch::kCPU);
  virtual ~TensorRandom() = default;

  /// Of the CPU: what is drawn from it is moved to device() afterwards.
  at::Generator& generator() { return generator_; }
  torch::Device device() const { return device_; }
  /// One number, the same for the same seed on every device; drawn on the host, no device is waited for.
  std::uint64_t random64();
  /// Standard normal values of the given shape, float32, made on device() by normal_noise(). (A test's may stand in.)
  virtual torch::Tensor normal(at::IntArrayRef shape);

 private:
  at::Generator generator_;
  torch::Device device_;
};

}  // namespace infomtl::ops
