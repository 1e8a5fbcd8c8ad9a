#include "infomtl/ops/tensor_random.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>

#include <mutex>

namespace infomtl::ops {

TensorRandom::TensorRandom(std::uint64_t seed, torch::Device device)
    : host_(at::detail::createCPUGenerator(seed)), device_(device) {
  if (device_.is_cpu()) {
    generator_ = host_;
    return;
  }
  generator_ = at::globalContext().defaultGenerator(device_).clone();
  generator_.set_current_seed(seed);
}

std::uint64_t TensorRandom::random64() {
  const std::lock_guard<std::mutex> lock(host_.mutex());
  return at::check_generator<at::CPUGeneratorImpl>(host_)->random64();
}

torch::Tensor TensorRandom::normal(at::IntArrayRef shape) {
  return at::randn(shape, generator_, at::TensorOptions().dtype(at::kFloat).device(device_));
}

}  // namespace infomtl::ops
