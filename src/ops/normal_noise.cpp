#include "infomtl/ops/normal_noise.h"

#include <ATen/ATen.h>

#include "infomtl/ops/device_copy.h"
#include "ops/noise_elements.h"
#ifdef INFOMTL_CUDA_KERNELS
#include <c10/core/DeviceGuard.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAStream.h>

#include "ops/information/cuda/kernels.h"
#endif

namespace infomtl::ops {

using torch::Tensor;

Tensor normal_noise(const NoisePattern& noise, std::int64_t rows, std::int64_t columns, torch::Device device) {
#ifdef INFOMTL_CUDA_KERNELS
  if (device.is_cuda()) {
    const c10::OptionalDeviceGuard guard(device);
    const Tensor numbers = at::empty({rows, columns}, at::TensorOptions(torch::kFloat32).device(device));
    C10_CUDA_CHECK(cuda::launch_noise({noise.seed, rows, columns, numbers.mutable_data_ptr<float>()},
                                      c10::cuda::getCurrentCUDAStream()));
    return numbers;
  }
#endif
  const Tensor numbers = at::empty({rows, columns}, torch::kFloat32);
  float* to = numbers.mutable_data_ptr<float>();
  for (std::int64_t row = 0; row < rows; ++row) {
    const kernels::RowKey key = kernels::noise_key(noise.seed, row);
    for (std::int64_t column = 0; column < columns; ++column) *to++ = kernels::normal_noise(key, column);
  }
  return copied_to(numbers, device);
}

}  // namespace infomtl::ops
