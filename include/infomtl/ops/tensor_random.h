#pragma once
// Random tensors of one purpose within one step: a function of its seed and of the order of draws, nothing else.
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

  at::Generator& generator() { return generator_; }
  /// One number, the same for the same seed on every device; drawn on the host, no device is waited for.
  std::uint64_t random64();
  /// Standard normal values of the given shape, float32 on the generator's device. (A test's own numbers may stand in.)
  virtual torch::Tensor normal(at::IntArrayRef shape);

 private:
  at::Generator generator_;  // of the device
  at::Generator host_;       // the same one on the CPU
  torch::Device device_;
};

}  // namespace infomtl::ops
