#include "infomtl/ops/tensor_random.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>

namespace infomtl::ops {

TensorRandom::TensorRandom(std::uint64_t seed, torch::Device device) : device_(device) {
  if (device_.is_cpu()) {
    generator_ = at::detail::createCPUGenerator(seed);
    return;
  }
  generator_ = at::globalContext().defaultGenerator(device_).clone();
  generator_.set_current_seed(seed);
}

torch::Tensor TensorRandom::normal(at::IntArrayRef shape) {
  return at::randn(shape, generator_, at::TensorOptions().dtype(at::kFloat).device(device_));
}

}  // namespace infomtl::ops
