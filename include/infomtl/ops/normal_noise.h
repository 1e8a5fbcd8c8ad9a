#pragma once
// Standard normal numbers by a counter: that of a place is a function of a seed and of the place, whatever was drawn
// before, so a device can make its own. (Box-Muller on the hashes of dropout.h's pattern.)
//
//   Tensor noise = ops::normal_noise({.seed = 7}, mean.size(0), mean.size(1), mean.device());

#include <torch/types.h>

#include <cstdint>

#include "infomtl/core/export.h"

namespace infomtl::ops {

/// Standard normal numbers: that of (row, column) is a function of the seed and the two, up to rounding the same on every
/// device.
struct NoisePattern {
  std::uint64_t seed = 0;
};

/// @return [rows, columns] float32 on `device`: one kernel where that is a GPU and this a build with device code, else
///         made on the host and copied without waiting
INFOMTL_API torch::Tensor normal_noise(const NoisePattern& noise, std::int64_t rows, std::int64_t columns,
                                       torch::Device device = torch::kCPU);

}  // namespace infomtl::ops
