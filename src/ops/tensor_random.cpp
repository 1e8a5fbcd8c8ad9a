#include "infomtl/ops/tensor_random.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <mutex>

#include "infomtl/ops/normal_noise.h"

namespace infomtl::ops {

TensorRandom::TensorRandom(std::uint64_t seed, torch::Device device)
    : generator_(at::detail::createCPUGenerator(seed)), device_(device) {}

std::uint64_t TensorRandom::random64() {
  const std::lock_guard<std::mutex> lock(generator_.mutex());
  return at::check_generator<at::CPUGeneratorImpl>(generator_)->random64();
}

torch::Tensor TensorRandom::normal(at::IntArrayRef shape) {
  const std::int64_t columns = shape.empty() ? 1 : shape.back();
  const std::int64_t rows = columns == 0 ? 0 : c10::multiply_integers(shape) / columns;
  return normal_noise({.seed = random64()}, rows, columns, device_).view(shape);
}

}  // namespace infomtl::ops
