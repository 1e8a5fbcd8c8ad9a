#include "infomtl/ops/tensor_random.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <mutex>

#include "infomtl/ops/device_copy.h"

namespace infomtl::ops {

TensorRandom::TensorRandom(std::uint64_t seed, torch::Device device)
    : generator_(at::detail::createCPUGenerator(seed)), device_(device) {}

std::uint64_t TensorRandom::random64() {
  const std::lock_guard<std::mutex> lock(generator_.mutex());
  return at::check_generator<at::CPUGeneratorImpl>(generator_)->random64();
}

torch::Tensor TensorRandom::normal(at::IntArrayRef shape) {
  return copied_to(at::randn(shape, generator_, at::kFloat), device_);
}

}  // namespace infomtl::ops
