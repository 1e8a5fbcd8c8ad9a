#pragma once
// Host values: the whole numbers of a tensor where the program can read them. Of a tensor on another device this waits.

#include <cstdint>
#include <vector>

#include "infomtl/ops/tensor.h"

namespace infomtl::ops {

/// Of a tensor of any shape, device and integral type, in row-major order.
inline std::vector<std::int64_t> host_values(const Tensor& tensor) {
  const Tensor values = tensor.to(torch::kCPU, torch::kInt64).contiguous();
  return {values.const_data_ptr<std::int64_t>(), values.const_data_ptr<std::int64_t>() + values.numel()};
}

}  // namespace infomtl::ops
